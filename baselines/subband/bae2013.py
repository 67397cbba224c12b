"""Bae & Kim 2013: DCT thresholds whose luminance adaptation depends on frequency; contrast masking of 2016."""

from __future__ import annotations

import functools
from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.subband._base import DctPredictor
from baselines.subband._dct_blocks import SIDE, Blocks, cycles_per_degree, obliqueness
from datasets.core.reference import Reference

_MIDDLE_LUMA = 0.3
"""Block mean, as a share of white, at which luminance raises no threshold."""


@functools.lru_cache(maxsize=64)
def base_thresholds(pixels_per_degree: float) -> np.ndarray:
    """Thresholds at the least luminance elevation: one parabola for upright, one for diagonal gratings, (8, 8)."""
    frequency, oblique = cycles_per_degree(pixels_per_degree), obliqueness()
    upright = 0.0238 * frequency**2 - 0.1771 * frequency + 1.75
    diagonal = 0.0293 * frequency**2 - 0.1382 * frequency + 1.75
    thresholds = SIDE * (upright + (diagonal - upright) * oblique)
    thresholds.setflags(write=False)
    return np.asarray(thresholds)


@functools.lru_cache(maxsize=64)
def _elevations(pixels_per_degree: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By frequency, shape (8, 8) each: luminance elevation less 1 at luma 0.1 and 0.9, and the gain of edges."""
    frequency = cycles_per_degree(pixels_per_degree)
    dark = 2.468e-4 * frequency**2 + 4.466e-3 * frequency + 0.14
    bright = 1.230e-3 * frequency**2 + 1.433e-2 * frequency + 0.34
    edges = 1.558 * np.exp(-(((frequency - 4.12) / 7.16) ** 2)) + 2.817
    return dark, bright, edges


def luminance_elevation(mean_luma: np.ndarray, pixels_per_degree: float) -> np.ndarray:
    """How much darkness and brightness raise each frequency's threshold.

    :param mean_luma: of blocks, 0..255, shape (rows, columns).
    :returns: 1 or more, of the same type, shape (8, 8, rows, columns).
    """
    dark, bright, _ = (gain.astype(mean_luma.dtype)[:, :, None, None] for gain in _elevations(pixels_per_degree))
    away = mean_luma / 255 - _MIDDLE_LUMA
    below = (np.maximum(-away, 0) / 0.2) ** 0.8
    above = (np.maximum(away, 0) / 0.6) ** 0.6
    return np.asarray(1 + dark * below + bright * above)


def edge_elevation(edge_share: np.ndarray, pixels_per_degree: float) -> np.ndarray:
    """How much edges raise each frequency's threshold.

    :param edge_share: of each block's pixels, 0..1, shape (rows, columns).
    :returns: 1 or more, of the same type, shape (8, 8, rows, columns).
    """
    gain = _elevations(pixels_per_degree)[2].astype(edge_share.dtype)[:, :, None, None]
    return np.asarray(1 + gain * np.where(edge_share <= 0.2, edge_share / 2, edge_share))


@final
class Bae2013(DctPredictor):
    """Frequency-dependent luminance adaptation, with the contrast masking of a later paper."""

    canny_low: float = 50.0
    """The lower threshold of OpenCV's edge detector, grey levels of Sobel gradient."""

    canny_high: float = 150.0
    """Its upper threshold."""

    card = Card(
        name="bae2013",
        title="Bae & Kim 2013 (one code source)",
        references=(
            Reference(
                authors=("S.-H. Bae", "M. Kim"),
                title="A novel DCT-based JND model for luminance adaptation effect in DCT frequency",
                venue="IEEE Signal Processing Letters 20(9):893-896",
                year=2013,
            ),
            Reference(
                authors=("S.-H. Bae", "J. Kim", "M. Kim"),
                title="",
                venue="IEEE Transactions on Image Processing 25(7):3343-3357",
                year=2016,
                note="contrast masking",
            ),
        ),
        deviations=(
            "Neither paper's body was at hand: everything is known from one public port (FJNDF-Pytorch) alone.",
            "The scale of the thresholds (s = 1 times 8) is that port's and not verified, so -as-published tests the "
            "port's scale and not the paper's. A fitted threshold is not touched by it.",
            "Edges are OpenCV's Canny with thresholds 50 and 150, as in the port; the paper's detector is not known.",
            "The structural contrast index of Bae & Kim 2014 is not part of it: its formulas were not available.",
            "The papers give thresholds, not a picture's level: here their Minkowski mean over blocks and "
            "frequencies with exponent 4, and a limit of 1 in -as-published.",
        ),
    )

    def thresholds(self, blocks: Blocks, pixels_per_degree: float) -> np.ndarray:
        thresholds = luminance_elevation(blocks.mean_luma, pixels_per_degree)
        thresholds *= edge_elevation(self._edge_share(blocks), pixels_per_degree)
        thresholds *= base_thresholds(pixels_per_degree).astype(thresholds.dtype)[:, :, None, None]
        return thresholds

    def _edge_share(self, blocks: Blocks) -> np.ndarray:
        import cv2

        plane = blocks.plane if blocks.plane.dtype == np.uint8 else np.rint(blocks.plane).astype(np.uint8)
        share = blocks.count(cv2.Canny(plane, self.canny_low, self.canny_high) > 0) / (SIDE * SIDE)
        return share.astype(blocks.coefficients.dtype)
