"""Canny edges as MATLAB's `edge` has them, and the weight with which pixel-domain models spare edges.

The derivatives and the normalised magnitude are MATLAB's. Thinning is OpenCV's: it compares a pixel with its two
neighbours along the nearest of four directions, where MATLAB interpolates between eight. The edges are the same
lines, here and there a pixel aside, at a tenth of the time; no map's mean moves by more than 0.2 %.
"""

from __future__ import annotations

import numpy as np

from baselines.pixel._masking import border_kind, directional_gradients, filterable

SIGMA = 2**0.5
_WIDTH = 17
"""Pixels that MATLAB's filters span at this sigma."""
_LARGEST = 16000
"""The largest magnitude in OpenCV's integers; from 27000 on its direction test overflows 32 bits."""

_FLAT = 1e-3
"""Grey levels of derivative that are rounding alone; a single pixel that is 1 level off has 100 times as much."""


def matlab_canny(plane: np.ndarray, high: float) -> np.ndarray:
    """Edges of a plane; sigma is the root of 2, the lower threshold 0.4 of the upper one.

    :param plane: grey levels, uint8 or float, shape (height, width).
    :param high: upper threshold as a share of the picture's largest gradient, 0..1.
    :returns: bool, same shape; no edge anywhere where the plane is constant.
    """
    return edges(*smooth_derivatives(plane), high)


def smooth_derivatives(plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Derivative across and down of the Gaussian-smoothed plane, grey levels a pixel; edges are replicated."""
    import cv2

    smooth = cv2.GaussianBlur(filterable(plane), (_WIDTH, _WIDTH), SIGMA, borderType=cv2.BORDER_REPLICATE)
    step, here = np.array([-0.5, 0, 0.5]), np.ones(1)
    across = cv2.sepFilter2D(smooth, -1, step, here, borderType=cv2.BORDER_REPLICATE)
    down = cv2.sepFilter2D(smooth, -1, here, step, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(across), np.asarray(down)


def edges(horizontal: np.ndarray, vertical: np.ndarray, high: float) -> np.ndarray:
    """Thin lines of large gradient, followed from above the upper threshold down to the lower one (8-connected).

    :param horizontal: derivative along rows, float.
    :param vertical: derivative along columns, float.
    :param high: as `matlab_canny`.
    """
    import cv2

    largest = float(cv2.magnitude(horizontal, vertical).max())
    if largest < _FLAT:
        return np.zeros(horizontal.shape, dtype=bool)
    scale = _LARGEST / largest
    across, down = (
        cv2.addWeighted(derivative, scale, derivative, 0, 0, dtype=cv2.CV_16S) for derivative in (horizontal, vertical)
    )
    lines = cv2.Canny(across, down, 0.4 * high * _LARGEST, high * _LARGEST, L2gradient=True)
    return np.asarray(lines != 0)


def edge_weight(
    plane: np.ndarray, high: float, *, strength: float, radius: int, window: int, border: str
) -> np.ndarray:
    """How much masking is left near edges: 1 far from them, 1 - strength on them, blurred (sigma 0.8).

    :param high: as `matlab_canny`.
    :param radius: of the disk by which edges are widened, pixels; 0 for none.
    :param window: width of the blur, pixels, odd.
    :param border: `reflect` or `zero`; with `zero` the weight falls towards the picture's edge as in MATLAB.
    :returns: 0..1, float32, same shape.
    """
    lines = matlab_canny(plane, high)
    return weight_around(lines, strength=strength, radius=radius, window=window, border=border)


def weight_around(lines: np.ndarray, *, strength: float, radius: int, window: int, border: str) -> np.ndarray:
    """The weight of `edge_weight` around edges that have been found.

    :param lines: bool, shape (height, width).
    """
    import cv2

    mask = lines.view(np.uint8)
    if radius:
        mask = np.asarray(cv2.dilate(mask, _disk(radius)), dtype=np.uint8)
    table = np.ones(256, dtype=np.float32)
    table[1:] = 1 - strength
    return np.asarray(cv2.GaussianBlur(cv2.LUT(mask, table), (window, window), 0.8, borderType=border_kind(border)))


def unprotected(plane: np.ndarray, *, border: str) -> np.ndarray:
    """The edge weight of Wu et al. 2017, which Jiang et al. 2022 took over: nothing is left within 3 pixels of edges.

    Edges are sought above 60 grey levels of the steepest 5x5 gradient, but never above 0.8 of the largest magnitude.

    :param border: as `edge_weight`, and of the 5x5 gradients.
    :returns: 0..1, float32, same shape.
    """
    steepest = max(
        np.abs([gradient.min(), gradient.max()]).max() for gradient in directional_gradients(plane, border=border)
    )
    high = min(60 / max(float(steepest), 60), 0.8)
    return edge_weight(plane, high, strength=1, radius=3, window=5, border=border)


def _disk(radius: int) -> np.ndarray:
    down, across = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return (down**2 + across**2 <= radius**2).astype(np.uint8)
