"""Pieces that pixel-domain JND models share: background luminance, gradients, luminance adaptation, additivity.

Operators as printed in Chou & Li 1995 (Figs 4-5) and Yang et al. 2005 (Fig 2). Luma is 0..255. Filters run in
float32 on planes of whole grey levels, which loses nothing under these kernels of whole 16ths and 32nds, and in
float64 on others.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np

from datasets.common.errors import check_name

BACKGROUND = np.array(
    [[1, 1, 1, 1, 1], [1, 2, 2, 2, 1], [1, 2, 0, 2, 1], [1, 2, 2, 2, 1], [1, 1, 1, 1, 1]], dtype=float
)
_HORIZONTAL = np.array(
    [[0, 0, 0, 0, 0], [1, 3, 8, 3, 1], [0, 0, 0, 0, 0], [-1, -3, -8, -3, -1], [0, 0, 0, 0, 0]], dtype=float
)
_DIAGONAL = np.array(
    [[0, 0, 1, 0, 0], [0, 8, 3, 0, 0], [1, 3, 0, -3, -1], [0, 0, -3, -8, 0], [0, 0, -1, 0, 0]], dtype=float
)
GRADIENTS = (_HORIZONTAL, _DIAGONAL, np.fliplr(_DIAGONAL), _HORIZONTAL.T.copy())


_STRIP = 2**16
"""Pixels whose intermediate results fit into a core's cache; a picture of 1080p is 32 strips."""


def pointwise(formula: Callable[..., np.ndarray], *planes: np.ndarray, dtype: type = float) -> np.ndarray:
    """`formula(*planes)` for a formula of each pixel alone, strip by strip, in half the time of whole planes.

    :param planes: of one shape, (height, width).
    :param dtype: of what the formula gives.
    """
    height, width = planes[0].shape
    result: np.ndarray = np.empty((height, width), dtype)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        strip = slice(top, top + rows)
        result[strip] = formula(*(plane[strip] for plane in planes))
    return result


def border_kind(border: str) -> int:
    """OpenCV's number for a border: `reflect` (without repeating the edge), or `zero` as MATLAB's filters have it.

    :raises UserError: for another border.
    """
    import cv2

    kinds = {"reflect": cv2.BORDER_REFLECT_101, "zero": cv2.BORDER_CONSTANT}
    check_name("border", border, kinds)
    return int(kinds[border])


def filterable(plane: np.ndarray) -> np.ndarray:
    """A plane in the type that filters run in: float32 for uint8 and int16, where that is exact, float64 for others."""
    return plane.astype(np.float32 if plane.dtype in (np.uint8, np.int16) else np.float64, copy=False)


def whole_levels(luma: np.ndarray) -> np.ndarray:
    """A plane rounded to whole grey levels, uint8, for models that are defined on those alone."""
    return luma if luma.dtype == np.uint8 else np.clip(np.rint(luma), 0, 255).astype(np.uint8)


def correlate(plane: np.ndarray, kernel: np.ndarray, *, border: str) -> np.ndarray:
    """Filter a plane of floats without flipping the kernel, same type and shape.

    :param border: see `border_kind`.
    :raises UserError: for another border.
    """
    import cv2

    return np.asarray(cv2.filter2D(plane, -1, kernel, borderType=border_kind(border)))


def background_luminance(plane: np.ndarray, *, border: str = "reflect") -> np.ndarray:
    """Weighted mean of the 5x5 neighbourhood without its centre (Chou & Li Fig 4), grey levels."""
    return correlate(filterable(plane), BACKGROUND / 32, border=border).astype(float, copy=False)


def directional_gradients(plane: np.ndarray, *, border: str) -> Iterator[np.ndarray]:
    """Four gradients, signed, grey levels: down, along both diagonals, across (Chou & Li Fig 5)."""
    plane = filterable(plane)
    for kernel in GRADIENTS:
        yield correlate(plane, kernel / 16, border=border)


def largest_gradient(plane: np.ndarray, *, border: str = "reflect") -> np.ndarray:
    """Largest magnitude of four directional gradients (Chou & Li Eq 5), grey levels."""
    largest = np.zeros_like(filterable(plane))
    for gradient in directional_gradients(plane, border=border):
        np.maximum(largest, np.abs(gradient, out=gradient), out=largest)
    return largest.astype(float, copy=False)


def gradient_masking(gradient: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Visibility threshold of a gradient on a background (Chou & Li Eqs 2 and 4, lambda = 1/2), grey levels.

    :returns: may fall below 0 where a bright background has no gradient.
    """
    masking = 0.0001 * background
    masking += 0.115
    masking *= gradient
    masking += 0.5
    masking -= 0.01 * background
    return masking


def luminance_adaptation(background: np.ndarray) -> np.ndarray:
    """Visibility threshold of a background luminance (Chou & Li Eq 3: T0 = 17, gamma = 3/128), grey levels."""
    # The two branches meet at 127 with 3, so each may go on at its end value there. In place: this is the costly part.
    adaptation = np.minimum(background, 127.0)
    np.sqrt(adaptation, out=adaptation)
    adaptation *= -17 / np.sqrt(127)
    adaptation += 17 + 3
    bright = np.maximum(background, 127.0)
    bright -= 127
    bright *= 3 / 128
    adaptation += bright
    return adaptation


def luminance_adaptation_32(background: np.ndarray) -> np.ndarray:
    """Luminance adaptation of backgrounds of grey level 32 and more, as in the code of Wu et al. 2013 and 2017.

    :param background: 0..255, grey levels; fractions are dropped.
    :returns: grey levels, 3 to 11.5.
    """
    import cv2

    return np.asarray(cv2.LUT(background.astype(np.uint8), _adaptation_table()))


def namm(first: np.ndarray, second: np.ndarray, *, overlap: float = 0.3) -> np.ndarray:
    """Two maskings added, less what they share (nonlinear additivity model of masking, Yang et al. 2005 Eq 2).

    :param overlap: share of the smaller one that is counted twice; 0.3 for luma.
    """
    total = np.minimum(first, second)
    total *= -overlap
    total += first
    total += second
    return total


@functools.cache
def _adaptation_table() -> np.ndarray:
    levels = np.arange(256.0)
    return luminance_adaptation(np.where(levels <= 127, np.floor(32 + levels * 95 / 127 + 0.5), levels))
