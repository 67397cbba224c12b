"""Looking at pictures through a backbone: features of the measured levels from disk or computed, others on demand."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, final

import numpy as np

from baselines.learned.network.features import Extractor, LevelTokens
from baselines.learned.network.patches import Patches, cover
from baselines.learned.network.search.rules import evenly
from baselines.learned.network.settings import Looking
from baselines.learned.network.weights import Chosen, build, choose
from datasets.common.errors import UserError
from datasets.core.codec import Codec
from datasets.core.picture import Picture

if TYPE_CHECKING:
    from baselines.learned.network.nets.backbone import Backbone

Config = TypeVar("Config", bound=Looking)


@dataclass(frozen=True, eq=False)
class Features:
    """What was seen of a picture at the measured levels.

    :param reference: tokens, float16, shape (patches, tokens, channels).
    :param levels: how each measured level differs.
    """

    reference: np.ndarray
    levels: LevelTokens

    @staticmethod
    def of(measurement: Mapping[str, np.ndarray]) -> Features:
        """From what `measure` gave."""
        return Features(measurement["reference"], LevelTokens(measurement["difference"], measurement["distance"]))


@final
class Looker(Generic[Config]):
    """Looks at pictures as settings say.

    :param device: `auto`, `cpu` or `cuda`.
    """

    def __init__(self, config: Config, *, device: str = "auto") -> None:
        self.config = config
        self.chosen = choose(config.backbone, config.weights)
        self.device = device_of(device)

    @property
    def channels(self) -> tuple[int, ...]:
        """Of the backbone's stages, from fine to semantic."""
        return self._extractor().channels

    def positions(self, codec: Codec) -> np.ndarray:
        """The measured levels, counted from the worst, rising."""
        count = len(codec.levels)
        return evenly(min(self.config.grid_levels, count), count)

    def patches(self, picture: Picture) -> Patches:
        """Where a picture is looked at."""
        height, width = picture.reference.shape[:2]
        return cover(height, width, self.config.patch_pixels, self.config.most_patches)

    def measure(self, picture: Picture) -> dict[str, np.ndarray]:
        """The picture's features at the measured levels, as arrays by name."""
        features = self.look(picture, self.positions(picture.codec))
        levels = features.levels
        return {"reference": features.reference, "difference": levels.difference, "distance": levels.distance}

    def gaze(self, picture: Picture, extractor: Extractor | None = None) -> Gaze:
        """Begin to look at a picture, at whichever levels are asked for.

        :param extractor: of a fine-tuned backbone; None takes the pretrained one.
        """
        return Gaze(extractor or self._extractor(), picture, self.patches(picture))

    def look(self, picture: Picture, positions: np.ndarray, extractor: Extractor | None = None) -> Features:
        """Features at any levels, computed.

        :param positions: counted from the worst level, shape (levels,).
        :param extractor: as in `gaze`.
        """
        gaze = self.gaze(picture, extractor)
        return Features(gaze.reference, gaze.levels(positions))

    def extractor_of(self, backbone: Backbone) -> Extractor:
        """An extractor that looks as this one does, through another backbone."""
        config, bf16 = self.config, has_fast_bf16(self.device)
        return Extractor(backbone, cells=config.token_cells, pixels=config.pixels, device=self.device, bf16=bf16)

    def _extractor(self) -> Extractor:
        config = self.config
        return _extractor(self.chosen, config.token_cells, config.pixels, self.device, has_fast_bf16(self.device))


@final
class Gaze:
    """One picture being looked at: its reference once, its levels as they are asked for."""

    def __init__(self, extractor: Extractor, picture: Picture, patches: Patches) -> None:
        self._extractor, self._picture, self.patches = extractor, picture, patches
        self._seen = extractor.reference(picture.reference, patches)

    @property
    def reference(self) -> np.ndarray:
        """The reference's tokens, float16, shape (patches, tokens, channels)."""
        return self._seen.tokens

    def levels(self, positions: np.ndarray) -> LevelTokens:
        """How levels differ from the reference.

        :param positions: counted from the worst level, shape (levels,).
        """
        picture = self._picture
        levels = [int(level) for level in np.asarray(picture.codec.level_at(np.asarray(positions)))]
        seen = [self._extractor.level(picture.ladder.rgb(level), self.patches, self._seen) for level in levels]
        return LevelTokens.joined(seen) if seen else LevelTokens.none()


@functools.lru_cache(maxsize=2)
def _extractor(chosen: Chosen, cells: int, pixels: bool, device: str, bf16: bool) -> Extractor:
    """One network a process: every copy of a predictor shares it."""
    return Extractor(build(chosen), cells=cells, pixels=pixels, device=device, bf16=bf16)


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


@functools.cache
def has_fast_bf16(device: str) -> bool:
    """Whether bfloat16 is faster than float32 there; processors without it emulate it slowly."""
    import torch

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    tests = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")  # absent from older releases of torch
    return any(bool(getattr(torch.cpu, test)()) for test in tests if hasattr(torch.cpu, test))
