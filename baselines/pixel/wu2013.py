"""Wu et al. 2013: what the eye predicts of a picture masks as usual, and what it cannot predict hides as much again."""

from __future__ import annotations

import math
from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.pixel._base import LEVEL_OF_A_MAP, PixelMapPredictor, check_size
from baselines.pixel._canny import edge_weight
from baselines.pixel._masking import (
    background_luminance,
    border_kind,
    gradient_masking,
    largest_gradient,
    luminance_adaptation_32,
    namm,
    pointwise,
    whole_levels,
)
from baselines.pixel._nl_means import PATCH, PATCH_SIZE, REACH, SEARCH, neighbourhoods, nl_means
from datasets.core.reference import Reference

LEAST_SENSITIVITY = 8.0
"""Grey levels of noise that the prediction always allows for."""
SMOOTH = 10.0
"""Standard deviation, grey levels, below which lone unpredicted pixels count as little as what is around them."""
KNEE = 80.0
"""Gradient, grey levels, from about which contrast masking grows only with its logarithm."""
_TIE = 1e-8
"""Grey levels from the middle between two levels within which a mean is exactly there but for rounding errors."""
_WINDOW = 2 * SEARCH + 1


@final
class Wu2013(PixelMapPredictor):
    """Luminance adaptation and contrast masking of the predicted picture, and the prediction's error (free energy)."""

    edge_protection: bool = True
    """Whether the prediction's error counts for less near edges."""

    border: str = "reflect"
    """How filters see beyond the edge: `reflect`, or `zero` as in the authors' MATLAB, where the map is 0 in the outer
    2 or 3 pixels, and ties in the prediction fall as in a published run of it."""

    card = Card(
        name="wu2013",
        title="Wu et al. 2013 (free energy)",
        references=(
            Reference(
                authors=("J. Wu", "G. Shi", "W. Lin", "A. Liu", "F. Qi"),
                title="Just noticeable difference estimation for images with free-energy principle",
                venue="IEEE TMM 15(7):1705-1710",
                year=2013,
            ),
        ),
        deviations=(
            "Follows the authors' code, not the paper, whose text alone does not determine the model: the prediction "
            "is a non-local mean (search 21x21, patches 7x7) in the place of an autoregression weighted by mutual "
            "information, large gradients are compressed, the disorder has weight 1 instead of 1.125, is smoothed "
            "where the picture is, and is reduced near edges.",
            "The paper's Eq 7 has -12 where +12 makes it Chou & Li's masking, and its Eq 6 lacks their +3; both are as "
            "in the code.",
            "Means exactly between two grey levels, 0.2 to 0.5 % of the pixels, are rounded up; in the code "
            "rounding errors decide. With zero borders they fall as in the run that the reference maps come from.",
            "Where nothing in the window is alike and all weights vanish, the code divides 0 by 0 and predicts black; "
            "here weights are relative to the largest.",
            "Canny edges are thinned by OpenCV, see baselines.pixel._canny, and widened by a true disk of radius 2.",
            LEVEL_OF_A_MAP,
            "Borders are reflected and the whole map counts; the code has zeros beyond the picture, and none of the "
            "outer 2 or 3 pixels in its map.",
            "The map stands for the paper's viewing distance of four picture heights, whatever the study's.",
        ),
    )

    def jnd_map(self, luma: np.ndarray) -> np.ndarray:
        """Computed on whole grey levels; at least 3, but 0 in the outer pixels with zero borders."""
        check_size(luma)
        plane = whole_levels(luma)
        predicted = self.prediction(plane)
        jnd = pointwise(namm, self.orderly_jnd(predicted), self.disorder(plane, predicted))
        if self.border == "zero":
            jnd[:2] = jnd[-3:] = jnd[:, :2] = jnd[:, -3:] = 0
        return jnd

    def prediction(self, plane: np.ndarray) -> np.ndarray:
        """What the surroundings of each pixel let expect there: a non-local mean, rounded.

        :param plane: uint8, shape (height, width).
        :returns: uint8, same shape.
        """
        sensitivity = luminance_adaptation_32(background_luminance(plane, border=self.border))
        np.maximum(sensitivity, LEAST_SENSITIVITY, out=sensitivity)
        mean = nl_means(plane, pointwise(noise_energy, sensitivity, local_variance(plane, border=self.border)))
        if self.border == "zero":
            return round_as_published(mean, plane, sensitivity, self.border)
        return round_half_up(mean)

    def orderly_jnd(self, predicted: np.ndarray) -> np.ndarray:
        """What may change unnoticed in the predicted picture, grey levels; the paper's JND_p."""
        background = background_luminance(predicted, border=self.border)
        gradient = largest_gradient(predicted, border=self.border)
        return pointwise(_orderly_jnd, background, gradient)

    def disorder(self, plane: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """The prediction's error, less of it in smooth places and near edges, grey levels; the paper's JND_d."""
        import cv2

        error = cv2.absdiff(plane, predicted).astype(np.float32)
        size = 2 * PATCH + 1
        around = cv2.GaussianBlur(error, (size, size), size / 3, borderType=border_kind(self.border))
        smooth = local_variance(plane, border=self.border) < SMOOTH**2
        np.minimum(error, around, out=error, where=smooth)
        if self.edge_protection:
            error *= edge_weight(plane, 0.7, strength=0.8, radius=2, window=5, border=self.border)
        return error.astype(float)


def local_variance(plane: np.ndarray, *, border: str) -> np.ndarray:
    """Variance in the 7x7 neighbourhood, grey levels squared.

    :param plane: uint8, shape (height, width).
    :param border: `reflect` or `zero`.
    """
    import cv2

    size, kind = (2 * PATCH + 1, 2 * PATCH + 1), border_kind(border)
    total = np.asarray(cv2.boxFilter(plane, cv2.CV_32S, size, normalize=False, borderType=kind))
    squares = np.asarray(cv2.sqrBoxFilter(plane, cv2.CV_32S, size, normalize=False, borderType=kind))
    return (PATCH_SIZE * squares - total * total) / PATCH_SIZE**2


def noise_energy(sensitivity: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """What patches may differ by to count as alike: less than the sensitivity squared where there is much going on."""
    reduced = np.sqrt(np.maximum(variance, sensitivity**2))
    return np.asarray(sensitivity**3 / reduced)


def contrast_masking(gradient: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Chou & Li's gradient masking of compressed gradients on whole grey levels of background, its size alone."""
    compressed = np.log1p(gradient / KNEE) * (KNEE / np.log(4))
    return np.abs(gradient_masking(compressed, np.floor(background)))


def _orderly_jnd(background: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    return namm(luminance_adaptation_32(background), contrast_masking(gradient, background))


def round_half_up(mean: np.ndarray) -> np.ndarray:
    """Whole grey levels, uint8; ties go up whatever the rounding errors, so that pictures may be turned."""
    return np.floor(mean + (0.5 + _TIE)).astype(np.uint8)


def round_as_published(mean: np.ndarray, plane: np.ndarray, sensitivity: np.ndarray, border: str) -> np.ndarray:
    """Whole grey levels, uint8; ties fall as in the published run.

    Where one neighbour outweighs all others by far, the mean is that of two whole grey levels, and half of the time
    exactly between them. The published run rounds to the side on which its own rounding errors lie. This follows it
    operation by operation, in its order (GNU Octave's `filter2` runs up and to the left through the columns of a
    kernel, without fused products), to compare with its numbers.

    :param mean: of similar pixels, grey levels, float64, shape (height, width).
    :param plane: what it was made from, uint8, same shape.
    :param sensitivity: luminance adaptation of the plane, grey levels, same shape.
    :param border: of the standard deviation.
    """
    import cv2

    rounded = round_half_up(mean)
    rows, columns = np.nonzero(np.abs(mean % 1 - 0.5) < _TIE)
    edged = cv2.copyMakeBorder(plane, PATCH, PATCH, PATCH, PATCH, border_kind(border))
    patches = np.lib.stride_tricks.sliding_window_view(edged, (2 * PATCH + 1, 2 * PATCH + 1))
    for some, around in neighbourhoods(plane, rows, columns):
        places = rows[some], columns[some]
        patch = patches[places].astype(float).transpose(1, 2, 0)
        deviation = np.sqrt(np.maximum(_patch_means(patch**2) - _patch_means(patch) ** 2, 0))
        means = _published_means(around.astype(float), _published_energy(sensitivity[places], deviation))
        rounded[places] = np.where(np.isfinite(means), np.floor(means + 0.5), rounded[places])
    return rounded


def _published_energy(sensitivity: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    reduced = sensitivity * np.sqrt(sensitivity / np.maximum(deviation, sensitivity))
    return np.asarray(reduced**2)


def _published_means(around: np.ndarray, energy: np.ndarray) -> np.ndarray:
    own = around[REACH, REACH]
    weight = _exp(-_distances(around) / energy)
    weight[SEARCH, SEARCH] = 0
    total, weighted = np.zeros((2, len(own)))
    for down in range(_WINDOW):
        for across in range(_WINDOW):
            weighted += around[PATCH + down, PATCH + across] * weight[down, across]
            total += weight[down, across]
    largest = weight.max(axis=(0, 1))
    with np.errstate(invalid="ignore"):  # 0 by 0, where all weights vanish
        return np.asarray((weighted + largest * own) / (total + largest))


def _distances(around: np.ndarray) -> np.ndarray:
    """Mean squared difference of the patches, shape (21, 21, pixels)."""
    distances = np.zeros((_WINDOW, _WINDOW, around.shape[2]))
    for across in reversed(range(2 * PATCH + 1)):
        for down in reversed(range(2 * PATCH + 1)):
            shifted = around[down : down + _WINDOW, across : across + _WINDOW]
            distances += (shifted - around[SEARCH + down, SEARCH + across]) ** 2 * (1 / PATCH_SIZE)
    return distances


def _patch_means(planes: np.ndarray) -> np.ndarray:
    means = np.zeros(planes.shape[2])
    for across in reversed(range(2 * PATCH + 1)):
        for down in reversed(range(2 * PATCH + 1)):
            means += planes[down, across] * (1 / PATCH_SIZE)
    return means


def _exp(exponents: np.ndarray) -> np.ndarray:
    """The C library's, which rounds nearly always as the exact value would; numpy's own differs in the last bit."""
    return np.fromiter(map(math.exp, exponents.ravel()), float, exponents.size).reshape(exponents.shape)
