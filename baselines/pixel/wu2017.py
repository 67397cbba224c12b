"""Wu et al. 2017: masking by the complexity of the pattern around a pixel, or by contrast, whichever is larger.

A pattern's complexity is how many orientations meet around a pixel. Orientations come from whole Prewitt sums, of which
there are few enough to keep every pair's bin in a table. So a pair falls into the same bin on every machine, and no
arctangent is taken per pixel.
"""

from __future__ import annotations

import functools
from typing import Any, final

import numpy as np

from baselines.interface.card import Card
from baselines.pixel._base import LEVEL_OF_A_MAP, PixelMapPredictor, check_size
from baselines.pixel._canny import unprotected
from baselines.pixel._masking import (
    background_luminance,
    border_kind,
    luminance_adaptation,
    luminance_adaptation_32,
    namm,
    pointwise,
)
from datasets.common.errors import check_name
from datasets.core.reference import Reference

VARIANTS = {"code": "as in the authors' MATLAB code", "paper": "Eqs 3-14 as printed"}
LARGEST_SUM = 3 * 255
"""Of a 3x3 Prewitt operator on grey levels 0..255."""
SMOOTH_SUM = 3 * 5
"""A pixel counts as smooth where its Prewitt sums are shorter than this: 5 grey levels."""
BIN_DEGREES = 12
_RADIX = 4 * 9 + 1
"""Four counts of at most 9 are less than this, so sums over sides and corners fit into one number."""
SMOOTH_BIN = 16
"""The bin of smooth pixels; orientations have 0..15."""


@final
class Wu2017(PixelMapPredictor):
    """Pattern masking against contrast masking, and luminance adaptation."""

    variant: str = "code"
    """One of `VARIANTS`."""

    edge_protection: bool = True
    """Whether pattern masking ends near edges; only the code has it."""

    border: str = "reflect"
    """How filters see beyond the edge: `reflect`, or `zero` as in the authors' MATLAB, where neither contrast nor
    complexity is taken at the border."""

    card = Card(
        name="wu2017",
        title="Wu et al. 2017 (pattern complexity)",
        references=(
            Reference(
                authors=("J. Wu", "L. Li", "W. Dong", "G. Shi", "W. Lin", "C.-C. J. Kuo"),
                title="Enhanced just noticeable difference model for images with pattern complexity",
                venue="IEEE TIP 26(6):2682-2695",
                year=2017,
                doi="10.1109/TIP.2017.2685682",
            ),
        ),
        deviations=(
            "wu2017 follows the authors' code, which differs from the paper: contrast is the 5x5 standard deviation "
            "without logarithm, smooth pixels are a kind of their own, complexity is blurred, pattern masking is "
            "0.3 C^2.7/(C^2+1) and ends near edges, luminance adaptation starts at grey level 32 and is scaled by 0.7.",
            "wu2017-paper follows the printed equations, but keeps Chou & Li's '+3' in luminance adaptation, whose "
            "absence from Eq 13 looks like a misprint (it would allow no change at all at grey level 127).",
            "Gradients are compared as whole numbers and halves are rounded away from zero, so that ties fall "
            "alike everywhere; in MATLAB under 1 % of the pixels depend on the platform.",
            "Canny edges are thinned by OpenCV, see baselines.pixel._canny, and widened by a true disk of radius 3; "
            "MATLAB takes a 5x5 square for it.",
            LEVEL_OF_A_MAP,
            "Borders are reflected; the code leaves them without masking.",
        ),
    )

    @classmethod
    def variants(cls) -> dict[str, dict[str, Any]]:
        return {**super().variants(), "wu2017-paper": {"variant": "paper"}}

    def jnd_map(self, luma: np.ndarray) -> np.ndarray:
        """The larger of pattern and contrast masking, added to luminance adaptation (Eqs 12 and 14)."""
        check_name("variant", self.variant, VARIANTS)
        check_size(luma)
        return self._map_of_paper(luma) if self.variant == "paper" else self._map_of_code(luma)

    def _map_of_code(self, luma: np.ndarray) -> np.ndarray:
        background = background_luminance(luma, border=self.border)
        count = count_orientations(*prewitt(luma, border=self.border), smooth_apart=True, border=self.border)
        which = which_blurred_count(count, border=self.border)
        of_complexity = complexity_masking(blurred_counts(), gain=0.3, knee=1.0)

        def formula(
            background: np.ndarray, variance: np.ndarray, which: np.ndarray, *weights: np.ndarray
        ) -> np.ndarray:
            pattern = np.sqrt(variance) * of_complexity.take(which)
            for weight in weights:
                pattern *= weight
            adaptation = 0.7 * luminance_adaptation_32(background)
            return namm(adaptation, np.maximum(pattern, contrast_masking(variance)))

        weights = [unprotected(luma, border=self.border)] if self.edge_protection else []
        return pointwise(formula, background, local_variance(luma, border=self.border), which, *weights)

    def _map_of_paper(self, luma: np.ndarray) -> np.ndarray:
        background = background_luminance(luma, border=self.border)
        across, down = prewitt(luma, border=self.border)
        count = count_orientations(across, down, smooth_apart=False, border=self.border)
        of_complexity = complexity_masking(np.arange(10.0), gain=0.8, knee=0.1)

        def formula(background: np.ndarray, across: np.ndarray, down: np.ndarray, count: np.ndarray) -> np.ndarray:
            contrast = np.hypot(across, down, dtype=float) / 3
            pattern = np.log2(1 + contrast) * of_complexity.take(count)
            return namm(luminance_adaptation(background), np.maximum(pattern, contrast_masking(contrast**2)))

        return pointwise(formula, background, across, down, count)


def local_variance(luma: np.ndarray, *, border: str) -> np.ndarray:
    """Variance in the 5x5 neighbourhood, grey levels squared; with the border `zero` 0 in the two outer pixels."""
    import cv2

    kind = border_kind(border)
    plane, depth = (luma, cv2.CV_32S) if luma.dtype == np.uint8 else (luma.astype(float, copy=False), cv2.CV_64F)
    total = np.asarray(cv2.boxFilter(plane, depth, (5, 5), normalize=False, borderType=kind))
    squares = np.asarray(cv2.sqrBoxFilter(plane, depth, (5, 5), normalize=False, borderType=kind))
    variance = pointwise(_variance, total, squares)
    if border == "zero":
        variance[:2] = variance[-2:] = variance[:, :2] = variance[:, -2:] = 0
    return variance


def _variance(total: np.ndarray, squares: np.ndarray) -> np.ndarray:
    variance = squares.astype(float)
    variance *= 25
    variance -= np.square(total.astype(float))
    return np.maximum(variance, 0) / 25**2


def complexity_masking(complexity: np.ndarray, *, gain: float, knee: float) -> np.ndarray:
    """Masking by a pattern's complexity (Eq 10): gain C^2.7 / (C^2 + knee^2)."""
    return gain * complexity**2.7 / (complexity**2 + knee**2)


def contrast_masking(variance: np.ndarray) -> np.ndarray:
    """Masking by luminance contrast (Eq 11): 0.115 * 16 C^2.4 / (C^2 + 26^2), with C^2 the variance."""
    import cv2

    masking = np.asarray(cv2.pow(variance, 1.2), dtype=float)
    masking *= 0.115 * 16
    masking /= variance + 26**2
    return masking


def prewitt(plane: np.ndarray, *, border: str) -> tuple[np.ndarray, np.ndarray]:
    """Prewitt sums across and down, int16, same shape; 3 to a grey level. Planes are rounded to whole grey levels.

    :param border: see `baselines.pixel._masking.border_kind`.
    """
    import cv2

    whole = plane if plane.dtype == np.uint8 else np.rint(plane).astype(np.float32)
    step, mean, kind = np.array([-1.0, 0, 1]), np.ones(3), border_kind(border)
    across = cv2.sepFilter2D(whole, cv2.CV_16S, step, mean, borderType=kind)
    down = cv2.sepFilter2D(whole, cv2.CV_16S, mean, step, borderType=kind)
    return np.asarray(across), np.asarray(down)


def count_orientations(across: np.ndarray, down: np.ndarray, *, smooth_apart: bool, border: str) -> np.ndarray:
    """Number of different orientation bins in each pixel's 3x3 neighbourhood (Eqs 4-6).

    :param across: Prewitt sums, as `prewitt` gives them.
    :param down: the same, downwards.
    :param smooth_apart: whether smooth pixels have a bin of their own, and count 1 where they are the centre, as in
        the authors' code; where not, a pixel without gradient has orientation 0.
    :param border: beyond the edge stands `reflect` the picture, `zero` nothing; with `zero` the outermost pixels
        count 1, as in the code.
    :returns: 1..9, uint8, same shape.
    """
    import cv2

    table = _orientation_bits(smooth_apart)
    bits = pointwise(lambda down, across: table.take(_place(down, across)), down, across, dtype=np.int32)
    bits = np.asarray(cv2.copyMakeBorder(bits, 1, 1, 1, 1, border_kind(border), value=0))
    rows = bits[:-2] | bits[1:-1]
    rows |= bits[2:]
    met = rows[:, :-2] | rows[:, 1:-1]
    met |= rows[:, 2:]
    count = pointwise(_bit_counts().take, met, dtype=np.uint8)
    if smooth_apart:
        np.copyto(count, 1, where=bits[1:-1, 1:-1] == 1 << SMOOTH_BIN)
    if border == "zero":
        count[[0, -1]] = count[:, [0, -1]] = 1
    return count


def blurred_counts() -> np.ndarray:
    """Every value that a count can have after the code's 3x3 Gaussian of sigma 1, float, 0..9; see below for which."""
    import cv2

    side, centre, _ = cv2.getGaussianKernel(3, 1).ravel()[[0, 1, 2]]
    middle, rest = np.divmod(np.arange(10 * _RADIX**2), _RADIX**2)
    sides, corners = np.divmod(rest, _RADIX)
    return centre**2 * middle + centre * side * sides + side**2 * corners


def which_blurred_count(count: np.ndarray, *, border: str) -> np.ndarray:
    """Each pixel's place in `blurred_counts`, int16: powers of the masking are then taken of thousands, not millions.

    :param count: as `count_orientations` gives it.
    """
    import cv2

    kernel = np.array([[1, _RADIX, 1], [_RADIX, _RADIX**2, _RADIX], [1, _RADIX, 1]], dtype=float)
    return np.asarray(cv2.filter2D(count, cv2.CV_16S, kernel, borderType=border_kind(border)))


def _place(down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Where a pair of Prewitt sums stands in `_orientation_bits`."""
    place = down.astype(np.intp)
    place += LARGEST_SUM
    place *= 2 * LARGEST_SUM + 1
    place += across
    place += LARGEST_SUM
    return place


@functools.cache
def _orientation_bits(smooth_apart: bool) -> np.ndarray:
    """One bit, that of the orientation's bin, for every pair (down, across) of Prewitt sums, rows first; int32."""
    sums = np.arange(-LARGEST_SUM, LARGEST_SUM + 1)
    across, down = sums[None, :], sums[:, None]
    degrees = np.degrees(np.arctan2(across, -down))  # along the edge, not across it
    whole = _round_half_away(degrees)
    whole[whole < 0] += 180
    bins = _round_half_away(whole / BIN_DEGREES).astype(np.int32)
    if smooth_apart:
        bins[across**2 + down**2 < SMOOTH_SUM**2] = SMOOTH_BIN
    return np.left_shift(1, bins, dtype=np.int32).ravel()


@functools.cache
def _bit_counts() -> np.ndarray:
    """How many bits are set in each number of `SMOOTH_BIN` + 1 bits, uint8."""
    return np.array([number.bit_count() for number in range(2 << SMOOTH_BIN)], dtype=np.uint8)


def _round_half_away(values: np.ndarray) -> np.ndarray:
    return np.copysign(np.floor(np.abs(values) + 0.5), values)
