"""Where a level's error comes from: its decoded picture, or the reference's own DCT coefficients, quantised.

Either source gives it twice: as 8x8 DCT coefficients, and as a plane of luma for other transforms.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import final

import numpy as np

from baselines.subband._dct_blocks import MID_GREY, SIDE, Blocks, block_dct, inverse_block_dct
from datasets.codecs.jpeg import Jpeg, luma_table
from datasets.common.errors import UserError, check_name
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture

ERRORS = {
    "auto": "quantised where the project itself makes the JPEGs, decoded where a data set ships its files",
    "decoded": "reference minus decoded luma: clipping, rounding to 8 bits and what colour leaks are in it",
    "quantised": "what JPEG's luma table takes from the reference's own coefficients: no encoder, and none of those",
}
SOURCES = {
    "decoded": "coefficient errors come from the decoded lumas of the picture's files (errors: decoded)",
    "quantised": "coefficient errors come from quantising the reference's own DCT with the standard JPEG luma tables, "
    "nothing was encoded (errors: quantised)",
}
"""What a run says of the source it used."""
_STRIP = 2**12
"""Blocks whose errors fit into a core's cache."""


class ErrorSource(ABC):
    """A picture's errors, level by level."""

    @abstractmethod
    def errors(self, level: int) -> np.ndarray:
        """What each coefficient loses at a level; a new array, shape (8, 8, block rows, block columns)."""

    @abstractmethod
    def plane(self, level: int) -> np.ndarray:
        """The same as pixels: what each loses at a level, in grey levels; float, a new array of the picture's shape."""


@final
class DecodedErrors(ErrorSource):
    """Errors of the ladder's decoded lumas.

    Partial blocks at the right and lower edge count like whole ones: their error is continued by its last pixels.
    """

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._reference = picture.reference_luma.astype(np.int16)

    def errors(self, level: int) -> np.ndarray:
        return block_dct(self._reference - self._picture.ladder.luma(level))

    def plane(self, level: int) -> np.ndarray:
        return np.subtract(self._reference, self._picture.ladder.luma(level), dtype=np.float32)


@final
class QuantisedErrors(ErrorSource):
    """Errors of quantising the reference's own coefficients with the standard luma table of each quality factor.

    :param blocks: of the reference, padded as JPEG pads; every block counts.
    """

    def __init__(self, blocks: Blocks) -> None:
        self._shape = blocks.shape
        self.shifted = blocks.coefficients.copy()
        """What JPEG quantises: the coefficients after its level shift by 128."""
        self.shifted[0, 0] -= MID_GREY

    def errors(self, level: int) -> np.ndarray:
        return self._errors(self.shifted, level)

    def plane(self, level: int) -> np.ndarray:
        height, width = self._shape
        rows, columns = self.shifted.shape[2:]
        lost = np.empty((SIDE * rows, SIDE * columns), self.shifted.dtype)
        strip = max(_STRIP // columns, 1)
        for top in range(0, rows, strip):
            errors = self._errors(self.shifted[:, :, top : top + strip], level)
            inverse_block_dct(errors, out=lost[SIDE * top : SIDE * (top + strip)])
        return lost[:height, :width]

    @staticmethod
    def _errors(shifted: np.ndarray, level: int) -> np.ndarray:
        step = luma_table(level).astype(shifted.dtype)[:, :, None, None]
        # JPEG rounds halves away from zero, numpy to even: the error has the same size.
        quantised = shifted / step
        np.rint(quantised, out=quantised)
        quantised *= step
        return np.subtract(shifted, quantised, out=quantised)


def kind_of_errors(errors: str, picture: Picture) -> str:
    """`decoded` or `quantised`: what `errors` means for this picture.

    :raises UserError: for an unknown name, or `quantised` where the codec is not JPEG.
    """
    check_name("error source", errors, ERRORS)
    is_jpeg = isinstance(picture.codec, Jpeg)
    if errors == "auto":
        return "quantised" if is_jpeg and isinstance(picture.ladder_or_none, CompressedLadder) else "decoded"
    if errors == "quantised" and not is_jpeg:
        raise UserError(
            f"errors='quantised' quantises as JPEG does, but {picture.name} is compressed by {picture.codec.name}. "
            "Take errors='decoded', or 'auto', which chooses."
        )
    return errors


def error_source(errors: str, picture: Picture, blocks: Blocks) -> ErrorSource:
    """The source that `errors`, one of `ERRORS`, means for a picture.

    :param blocks: of the picture's reference luma.
    :raises UserError: as `kind_of_errors`.
    """
    return QuantisedErrors(blocks) if kind_of_errors(errors, picture) == "quantised" else DecodedErrors(picture)
