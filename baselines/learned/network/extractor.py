"""Features of pictures as settings say: through which backbone, of which patches, at which levels."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, final

import numpy as np

from baselines.learned.network.imagenet_weights import Chosen, build, choose
from baselines.learned.network.patches import Patches, patches_of
from baselines.learned.network.search.rules import evenly
from baselines.learned.network.settings import FeatureSettings
from datasets.common.errors import UserError
from datasets.common.threads import map_in_threads, one_torch_thread
from datasets.core.codec import Codec
from datasets.core.picture import Picture

if TYPE_CHECKING:
    from torch import Tensor

    from baselines.learned.network.nets.backbones import Backbone

Config = TypeVar("Config", bound=FeatureSettings)


@dataclass(frozen=True, eq=False)
class PictureFeatures:
    """Features of a picture, and how some of its levels differ from it, float16.

    :param reference: tokens, shape (patches, tokens, channels of all stages).
    :param difference: sizes of differences, shape (levels, patches, tokens, channels of all stages).
    :param distance: shape (levels, patches, tokens, stages).
    """

    reference: np.ndarray
    difference: np.ndarray
    distance: np.ndarray

    @staticmethod
    def of(measured: Mapping[str, np.ndarray]) -> PictureFeatures:
        """Those among what was measured; what is read from the disk has its time and a remark in it, too."""
        return PictureFeatures(*(measured[name] for name in ("reference", "difference", "distance")))


@dataclass(frozen=True, eq=False)
class ReferenceTokens:
    """Of a reference, for its levels to be compared with.

    :param tokens: float16, shape (patches, tokens, channels of all stages).
    :param maps: a tensor a stage.
    :param pixels: of the pixel stage, if there is one.
    """

    tokens: np.ndarray
    maps: list[Tensor]
    pixels: Tensor | None


@final
class Tokeniser:
    """A backbone and a grid of tokens.

    :param backbone: in evaluation mode.
    :param cells: tokens along a patch's side.
    :param pixels: whether the pixels are a stage.
    :param device: of torch.
    :param bf16: compute in bfloat16: differences between a level and its reference are 7 to 43 % off.
    """

    def __init__(
        self, backbone: Backbone, *, cells: int, pixels: bool, device: str = "cpu", bf16: bool = False
    ) -> None:
        import torch

        self._cells = cells
        self._pixels = pixels
        self._device = torch.device(device)
        self._bf16 = bf16
        self._backbone = backbone.to(self._device).to(memory_format=torch.channels_last)

    @property
    def levels_at_once(self) -> int:
        """How many levels several threads may compute: each takes memory, and a GPU is busy with one."""
        return 8 if self._device.type == "cpu" else 1

    def reference(self, rgb: np.ndarray, patches: Patches) -> ReferenceTokens:
        """Tokens and maps of a reference.

        :param rgb: uint8, shape (height, width, 3).
        """
        import torch

        from baselines.learned.network.nets.tokens import reference_tokens, ycbcr

        with torch.inference_mode():
            batch = self._batch(rgb, patches)
            maps, pixels = self._maps(batch), ycbcr(batch) if self._pixels else None
            return ReferenceTokens(_half(reference_tokens(maps, pixels, self._cells)), maps, pixels)

    def level(self, rgb: np.ndarray, patches: Patches, reference: ReferenceTokens) -> tuple[np.ndarray, np.ndarray]:
        """How one level differs: difference and distance, as `PictureFeatures` has them of several.

        :param rgb: the compressed picture, of the reference's shape.
        """
        import torch

        from baselines.learned.network.nets.tokens import difference_tokens, ycbcr

        with torch.inference_mode():
            batch = self._batch(rgb, patches)
            pixels = None if reference.pixels is None else (reference.pixels, ycbcr(batch))
            difference, distance = difference_tokens(reference.maps, self._maps(batch), pixels, self._cells)
            return _half(difference), _half(distance)

    def _batch(self, rgb: np.ndarray, patches: Patches) -> Tensor:
        import torch

        return torch.from_numpy(patches.cut(rgb)).to(self._device).permute(0, 3, 1, 2)

    def _maps(self, batch: Tensor) -> list[Tensor]:
        import torch

        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._bf16):
            return [stage.float() for stage in self._backbone(batch)]


def _half(tokens: Tensor) -> np.ndarray:
    return np.asarray(tokens.half().cpu().numpy())


@final
class FeatureExtractor(Generic[Config]):
    """Computes features of pictures.

    :param device: `auto`, `cpu` or `cuda`.
    :param backbone: one that was fine-tuned; None takes the pretrained one that the settings name.
    """

    def __init__(self, config: Config, *, device: str = "auto", backbone: Backbone | None = None) -> None:
        self.config = config
        self.device = device_of(device)
        self._backbone = backbone

    @property
    def chosen(self) -> Chosen:
        """The pretrained backbone and its weights.

        :raises UserError: where the weights cannot be had here.
        """
        return choose(self.config.backbone, self.config.weights)

    def positions(self, codec: Codec) -> np.ndarray:
        """The measured levels, counted from the worst, rising."""
        count = len(codec.levels)
        return evenly(min(self.config.grid_levels, count), count)

    def patches(self, picture: Picture) -> Patches:
        """Of a picture, those whose features are computed."""
        config = self.config
        return patches_of(picture.reference, config.patch_pixels, config.most_patches, config.places)

    def measure(self, picture: Picture) -> dict[str, np.ndarray]:
        """The picture's features at the measured levels, as arrays by name."""
        return vars(self.of(picture).extract(self.positions(picture.codec)))

    def of(self, picture: Picture) -> PictureExtractor:
        """Computes the reference's tokens now, and those of levels when they are asked for."""
        return PictureExtractor(self.tokeniser(), picture, self.patches(picture))

    def tokeniser(self) -> Tokeniser:
        """As the settings say."""
        backbone = _pretrained(self.chosen, self.device) if self._backbone is None else self._backbone
        config = self.config
        return Tokeniser(backbone, cells=config.token_cells, pixels=config.pixels, device=self.device, bf16=config.bf16)


@final
class PictureExtractor:
    """Features of one picture: the reference's are computed once, its levels' as they are asked for."""

    def __init__(self, tokeniser: Tokeniser, picture: Picture, patches: Patches) -> None:
        self._tokeniser, self._picture, self._patches = tokeniser, picture, patches
        with one_torch_thread():
            self.reference = tokeniser.reference(picture.reference, patches)

    def extract(self, positions: np.ndarray) -> PictureFeatures:
        """Features at any levels.

        :param positions: counted from the worst level, one or more, shape (levels,).
        """
        levels = np.asarray(self._picture.codec.level_at(np.asarray(positions))).tolist()
        tokens = map_in_threads(self._level, levels, most=self._tokeniser.levels_at_once)
        difference, distance = map(np.stack, zip(*tokens, strict=True))
        return PictureFeatures(self.reference.tokens, difference, distance)

    def _level(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        return self._tokeniser.level(self._picture.ladder.rgb(round(level)), self._patches, self.reference)


@functools.lru_cache(maxsize=2)
def _pretrained(chosen: Chosen, device: str) -> Backbone:
    """One network a process and device: every copy of a predictor shares it."""
    from baselines.learned.network.nets.backbones import fold_norms

    backbone = build(chosen)
    fold_norms(backbone)
    return backbone.to(device)


def device_of(device: str) -> str:
    """`cpu` or `cuda`, where `auto` takes a CUDA device if there is one.

    :raises UserError: where CUDA is asked for and absent.
    """
    import torch

    if device == "cpu":
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    if device == "cuda":
        raise UserError("device 'cuda': torch sees no CUDA device here; use 'auto' or 'cpu'")
    return "cpu"
