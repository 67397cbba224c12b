"""Features that a backbone gives: tokens of the reference's patches, and of how each level differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from baselines.learned.network.patches import Patches

if TYPE_CHECKING:
    from torch import Tensor

    from baselines.learned.network.nets.backbone import Backbone


@dataclass(frozen=True, eq=False)
class LevelTokens:
    """How one or more levels differ from the reference, float16.

    :param difference: sizes of differences, shape (levels, patches, tokens, channels of all stages).
    :param distance: shape (levels, patches, tokens, stages).
    """

    difference: np.ndarray
    distance: np.ndarray

    @classmethod
    def none(cls) -> LevelTokens:
        """Of no level."""
        return cls(np.empty((0, 0, 0, 0), np.float16), np.empty((0, 0, 0, 0), np.float16))

    @classmethod
    def joined(cls, parts: Sequence[LevelTokens]) -> LevelTokens:
        """Levels one after another."""
        return cls(
            np.concatenate([part.difference for part in parts]), np.concatenate([part.distance for part in parts])
        )


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
    :param bf16: compute in bfloat16, as processors that have it do fast, to about 1 %.
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
    def channels(self) -> tuple[int, ...]:
        """Of the backbone's stages."""
        return self._backbone.channels

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

    def level(self, rgb: np.ndarray, patches: Patches, reference: ReferenceTokens) -> LevelTokens:
        """How one level differs.

        :param rgb: the compressed picture, of the reference's shape.
        """
        import torch

        from baselines.learned.network.nets.tokens import difference_tokens, ycbcr

        with torch.inference_mode():
            batch = self._batch(rgb, patches)
            pixels = None if reference.pixels is None else (reference.pixels, ycbcr(batch))
            tokens = difference_tokens(reference.maps, self._maps(batch), pixels, self._cells)
            return LevelTokens(*(_half(values)[None] for values in tokens))

    def _batch(self, rgb: np.ndarray, patches: Patches) -> Tensor:
        import torch

        return torch.from_numpy(patches.cut(rgb)).to(self._device).permute(0, 3, 1, 2)

    def _maps(self, batch: Tensor) -> list[Tensor]:
        import torch

        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._bf16):
            return [stage.float() for stage in self._backbone(batch)]


def _half(tokens: Tensor) -> np.ndarray:
    return np.asarray(tokens.half().cpu().numpy())
