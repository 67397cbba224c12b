"""Pieces that pixel-domain JND models share: background luminance, largest gradient, luminance adaptation.

Operators as printed in Chou & Li 1995 (Figs 4-5) and Yang et al. 2005 (Fig 2). Luma is 0..255.
"""

from __future__ import annotations

import numpy as np

from datasets.errors import unknown_name

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


def correlate(plane: np.ndarray, kernel: np.ndarray, *, border: str) -> np.ndarray:
    """Filter a plane without flipping the kernel, in float64, same shape.

    :param border: `reflect` (without repeating the edge), or `zero` as MATLAB's filters have it.
    :raises UserError: for another border.
    """
    import cv2

    kinds = {"reflect": cv2.BORDER_REFLECT_101, "zero": cv2.BORDER_CONSTANT}
    if border not in kinds:
        raise unknown_name("border", border, kinds)
    return np.asarray(cv2.filter2D(plane, cv2.CV_64F, kernel, borderType=kinds[border]))


def background_luminance(plane: np.ndarray, *, border: str = "reflect") -> np.ndarray:
    """Weighted mean of the 5x5 neighbourhood without its centre (Chou & Li Fig 4), grey levels."""
    return correlate(plane, BACKGROUND / 32, border=border)


def largest_gradient(plane: np.ndarray, *, border: str = "reflect") -> np.ndarray:
    """Largest magnitude of four directional gradients (Chou & Li Eq 5), grey levels."""
    found = np.abs(correlate(plane, GRADIENTS[0] / 16, border=border))
    for kernel in GRADIENTS[1:]:
        np.maximum(found, np.abs(correlate(plane, kernel / 16, border=border)), out=found)
    return found


def luminance_adaptation(background: np.ndarray) -> np.ndarray:
    """Visibility threshold of a background luminance (Chou & Li Eq 3: T0 = 17, gamma = 3/128), grey levels."""
    dark = 17 * (1 - np.sqrt(np.minimum(background, 127) / 127)) + 3
    return np.where(background <= 127, dark, 3 / 128 * (background - 127) + 3)


def luminance_adaptation_32(background: np.ndarray) -> np.ndarray:
    """Luminance adaptation that never sees less than grey level 32, as in the code of Wu et al. 2013 and 2017.

    :param background: 0..255, grey levels; fractions are dropped.
    :returns: grey levels, 3 to 11.5.
    """
    levels = np.arange(256.0)
    lifted = np.where(levels <= 127, np.floor(32 + levels * 95 / 127 + 0.5), levels)
    return luminance_adaptation(lifted)[background.astype(np.uint8)]


def namm(first: np.ndarray, second: np.ndarray, *, overlap: float = 0.3) -> np.ndarray:
    """Two maskings added, less what they share (nonlinear additivity model of masking, Yang et al. 2005 Eq 2).

    :param overlap: share of the smaller one that is counted twice; 0.3 for luma.
    """
    return first + second - overlap * np.minimum(first, second)
