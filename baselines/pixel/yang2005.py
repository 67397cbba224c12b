"""Yang et al. 2005: luminance adaptation and texture masking added, less what they share; edges masked less."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, final

import numpy as np

from baselines.interface.card import Card
from baselines.pixel._base import LEVEL_OF_A_MAP, PixelMapPredictor, check_size, mean_square
from baselines.pixel._canny import edge_weight
from baselines.pixel._masking import (
    background_luminance,
    gradient_masking,
    largest_gradient,
    luminance_adaptation,
    namm,
    pointwise,
)
from datasets.common.errors import UserError, check_name
from datasets.core.picture import Picture
from datasets.core.reference import Reference

VARIANTS = {"paper": "Eqs 2-9 as printed", "code": "as in the MATLAB code that circulates under the paper's name"}
COLORS = {"luma": "luma alone", "full": "luma, Cb and Cr, each with its own masking"}
GAINS = (0.117, 0.65, 0.45)
"""Texture masking per grey level of gradient in Y, Cb, Cr (beta)."""
OVERLAPS = (0.3, 0.25, 0.2)
"""Share of the smaller masking that is counted twice in Y, Cb, Cr (C)."""


@final
class Yang2005(PixelMapPredictor):
    """Nonlinear additivity of luminance adaptation and texture masking, with edges protected."""

    variant: str = "paper"
    """One of `VARIANTS`."""

    color: str = "luma"
    """One of `COLORS`; `full` holds the errors of all three planes together against the three maps."""

    edge_protection: bool = True
    """Whether masking is reduced on edges."""

    border: str = "reflect"
    """How filters see beyond the edge: `reflect`, or `zero` as in the published MATLAB."""

    card = Card(
        name="yang2005",
        title="Yang et al. 2005 (NAMM)",
        references=(
            Reference(
                authors=("X. Yang", "W. Lin", "Z. Lu", "E. Ong", "S. Yao"),
                title="Just noticeable distortion model and its applications in video coding",
                venue="Signal Processing: Image Communication 20(7):662-680",
                year=2005,
            ),
        ),
        deviations=(
            "yang2005 follows the paper. yang2005-code follows the MATLAB code in wide use: Chou & Li's gradient "
            "masking in the place of beta times gradient, edges widened by 6 pixels and kept at 0.05 instead of 0.1.",
            "That code shrinks pictures of 768 pixels and more before it filters them; here none is shrunk.",
            LEVEL_OF_A_MAP,
            "Luma alone unless the name ends in -color. There the three planes' error energies are added up, and so "
            "are their maps'; chroma keeps the luma's adaptation, and each plane's edges are its own. The pooling "
            "is ours.",
            "Canny edges are thinned by OpenCV, see baselines.pixel._canny; the paper names Canny with threshold 0.5.",
            "Borders are reflected; the paper does not say.",
            "The map stands for the paper's viewing distance of six picture heights, whatever the study's.",
        ),
    )

    @classmethod
    def variants(cls) -> dict[str, dict[str, Any]]:
        return {**super().variants(), "yang2005-code": {"variant": "code"}, "yang2005-color": {"color": "full"}}

    def planes(self, rgb: np.ndarray) -> np.ndarray:
        check_name("color", self.color, COLORS)
        return super().planes(rgb) if self.color == "luma" else _ycbcr(rgb)

    def compared(self, rgb: np.ndarray) -> np.ndarray:
        return super().compared(rgb) if self.color == "luma" else _ycrcb(rgb)

    def jnd_map(self, luma: np.ndarray) -> np.ndarray:
        """Of luma, shape (height, width), or of Y, Cb and Cr, shape (height, width, 3); `code` knows no chroma."""
        maps = list(self._maps(luma))
        return maps[0] if luma.ndim == 2 else np.stack(maps).transpose(1, 2, 0)

    def map_energy(self, picture: Picture) -> float:
        """As the base class, plane by plane, so that three maps are never in memory at once."""
        energies = [mean_square(jnd) for jnd in self._maps(self.planes(picture.reference))]
        return sum(energies) / len(energies)

    def _maps(self, planes: np.ndarray) -> Iterator[np.ndarray]:
        """Each plane's map; parameters and errors are those of `jnd_map`."""
        check_name("variant", self.variant, VARIANTS)
        check_size(planes)
        first, *others = [planes] if planes.ndim == 2 else map(np.ascontiguousarray, np.moveaxis(planes, 2, 0))
        background = background_luminance(first, border=self.border)
        if self.variant == "code":
            if others:
                raise UserError("yang2005: the variant 'code' knows no chroma. Take color='luma' or variant='paper'.")
            yield pointwise(_jnd_of_code, self._gradient(first), background)
            return
        for index, plane in enumerate((first, *others)):
            yield self._jnd_of_paper(index, plane, background)

    def _jnd_of_paper(self, index: int, plane: np.ndarray, background: np.ndarray) -> np.ndarray:
        def formula(gradient: np.ndarray, background: np.ndarray) -> np.ndarray:
            return namm(luminance_adaptation(background), GAINS[index] * gradient, overlap=OVERLAPS[index])

        return pointwise(formula, self._gradient(plane), background)

    def _gradient(self, plane: np.ndarray) -> np.ndarray:
        """The largest gradient, less of it on edges."""
        gradient = largest_gradient(plane, border=self.border)
        if self.edge_protection:
            strength, radius = (0.9, 0) if self.variant == "paper" else (0.95, 6)
            gradient *= edge_weight(plane, 0.5, strength=strength, radius=radius, window=7, border=self.border)
        return gradient


def _jnd_of_code(gradient: np.ndarray, background: np.ndarray) -> np.ndarray:
    return namm(luminance_adaptation(background), gradient_masking(gradient, background))


def _ycbcr(rgb: np.ndarray) -> np.ndarray:
    """Y, Cb and Cr, uint8, shape (height, width, 3); each plane lies together in memory, as filters want it."""
    import cv2

    planes = np.empty((3, *rgb.shape[:2]), np.uint8)
    luma, blue, red = planes
    cv2.split(_ycrcb(rgb), [luma, red, blue])
    return planes.transpose(1, 2, 0)


def _ycrcb(rgb: np.ndarray) -> np.ndarray:
    import cv2

    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb))
