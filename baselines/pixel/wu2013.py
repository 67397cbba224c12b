"""Wu et al. 2013: what the eye predicts of a picture masks as usual, and what it cannot predict hides as much again."""

from __future__ import annotations

from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.pixel._base import PixelMapPredictor, check_size
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
from baselines.pixel._nl_means import PATCH, PATCH_SIZE, nl_means
from baselines.pixel._wu2013_ties import round_as_published, round_half_up
from datasets.core.reference import Reference

LEAST_SENSITIVITY = 8.0
"""Grey levels of noise that the prediction always allows for."""
SMOOTH = 10.0
"""Standard deviation, grey levels, below which lone unpredicted pixels count as little as what is around them."""
KNEE = 80.0
"""Gradient, grey levels, from about which contrast masking grows only with its logarithm."""


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
        needs_pictures=True,
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
            "The paper gives a map, not a picture's level: here the level whose error energy equals that of noise "
            "of the map's amplitude, times one factor fitted on the training pictures (none in -as-published).",
            "Borders are reflected and the whole map counts; the code has zeros beyond the picture, and none of the "
            "outer 2 or 3 pixels in its map.",
            "The map stands for the paper's viewing distance of four picture heights, whatever the study's.",
        ),
    )

    def jnd_map(self, luma: np.ndarray) -> np.ndarray:
        """The largest change nobody notices at each pixel.

        :param luma: 0..255, uint8 or float, shape (height, width); fractions are rounded.
        :returns: grey levels, at least 3, same shape; with zero borders 0 in the outer pixels.
        :raises UserError: for an unknown `border`, or where a side is shorter than 8 pixels.
        """
        check_size(luma)
        plane = whole_levels(luma)
        predicted = self.prediction(plane)
        found = pointwise(namm, self.orderly_jnd(predicted), self.disorder(plane, predicted))
        if self.border == "zero":
            found[:2] = found[-3:] = found[:, :2] = found[:, -3:] = 0
        return found

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
