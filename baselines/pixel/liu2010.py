"""Liu et al. 2010: texture masks more than edges do, so the picture is taken apart into structure and texture."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from baselines.interface.card import Card
from baselines.pixel._base import LEVEL_OF_A_MAP, PixelMapPredictor, check_size, mean_square
from baselines.pixel._masking import (
    background_luminance,
    gradient_masking,
    largest_gradient,
    luminance_adaptation,
    namm,
    pointwise,
    whole_levels,
)
from baselines.pixel._tv_l1 import tv_l1_structure
from datasets.common.errors import check_name
from datasets.core.picture import Picture
from datasets.core.reference import Reference

VARIANTS = {"paper": "Eqs 2-6 as printed", "code": "as in the authors' MATLAB code"}
WEIGHTS = {"paper": (1.0, 3.0), "code": (0.7, 1.4)}
"""How much the structure's edges (We) and the texture (Wt) mask."""
GAIN = 0.117
"""Masking per grey level of gradient in the paper (beta)."""
STRONGEST = 10.0
"""Grey levels at which the code ends the masking of either part, before it is weighted."""


@final
class Liu2010(PixelMapPredictor):
    """Luminance adaptation, and contrast masking in which texture weighs three times as much as edges."""

    variant: str = "paper"
    """One of `VARIANTS`."""

    border: str = "reflect"
    """How filters see beyond the edge: `reflect`, or `zero` as in the published MATLAB."""

    card = Card(
        name="liu2010",
        title="Liu et al. 2010 (structure and texture)",
        references=(
            Reference(
                authors=("A. Liu", "W. Lin", "M. Paul", "C. Deng", "F. Zhang"),
                title="Just noticeable difference for images with decomposition model for separating edge and "
                "textured regions",
                venue="IEEE TCSVT 20(11):1648-1652",
                year=2010,
            ),
        ),
        deviations=(
            "liu2010 follows the paper (We 1, Wt 3, beta 0.117). liu2010-code follows the authors' MATLAB code: We "
            "0.7, Wt 1.4, and Chou & Li's gradient masking, kept between 0 and 10 grey levels, in the place of beta "
            "times gradient.",
            "The structure is TV-L1's (lambda 0.8, four neighbours) by a primal-dual solver that ends within 0.1 % of "
            "the least energy; the code solves it exactly by a cut per grey level, one of several minimisers where "
            "there are ties.",
            "The paper's Eq 3 adds up with f(x,y) where the additivity model has the background's luminance "
            "adaptation; the latter is used, as in the code.",
            LEVEL_OF_A_MAP,
            "Borders are reflected; the code has zeros there.",
        ),
    )

    @classmethod
    def variants(cls) -> dict[str, dict[str, Any]]:
        return {**super().variants(), "liu2010-code": {"variant": "code"}}

    def jnd_map(self, luma: np.ndarray) -> np.ndarray:
        """Eqs 2-6, on whole grey levels; 3 grey levels or more everywhere."""
        check_size(luma)
        plane = whole_levels(luma)
        return self.map_of_parts(plane, tv_l1_structure(plane))

    def map_energy(self, picture: Picture) -> float:
        """As the base class. Both variants' energies are computed at once, since what they share costs most by far."""
        check_name("variant", self.variant, VARIANTS)
        key = f"{__name__} {self.border}"
        if key not in picture.measurements:
            picture.measurements[key] = self._energies(picture.reference_luma)
        return float(picture.measurements[key][self.variant])

    def _energies(self, luma: np.ndarray) -> dict[str, float]:
        check_size(luma)
        gradients = self._gradients(luma, tv_l1_structure(luma))
        maps = {variant: pointwise(formula, *gradients) for variant, formula in _FORMULAS.items()}
        return {variant: mean_square(jnd) for variant, jnd in maps.items()}

    def map_of_parts(self, plane: np.ndarray, structure: np.ndarray) -> np.ndarray:
        """The map where the structure is known; the texture is what it leaves of the plane.

        :param plane: uint8, shape (height, width).
        :param structure: of the same type and shape.
        :returns: as `jnd_map`.
        """
        check_name("variant", self.variant, VARIANTS)
        return pointwise(_FORMULAS[self.variant], *self._gradients(plane, structure))

    def _gradients(self, plane: np.ndarray, structure: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What masking depends on: the background, and the largest gradients of structure and texture."""
        texture = plane.astype(np.int16) - structure
        return (
            background_luminance(plane, border=self.border),
            largest_gradient(structure, border=self.border),
            largest_gradient(texture, border=self.border),
        )


def _jnd_of_paper(background: np.ndarray, edges: np.ndarray, texture: np.ndarray) -> np.ndarray:
    for_edges, for_texture = WEIGHTS["paper"]
    return namm(luminance_adaptation(background), GAIN * (for_edges * edges + for_texture * texture))


def _jnd_of_code(background: np.ndarray, edges: np.ndarray, texture: np.ndarray) -> np.ndarray:
    weighted = [
        weight * np.clip(gradient_masking(gradient, background), 0, STRONGEST)
        for weight, gradient in zip(WEIGHTS["code"], (edges, texture), strict=True)
    ]
    return namm(luminance_adaptation(background), weighted[0] + weighted[1])


_FORMULAS = {"paper": _jnd_of_paper, "code": _jnd_of_code}
