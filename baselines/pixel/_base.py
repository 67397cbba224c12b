"""From a map of just noticeable differences to a visibility per level: what all pixel-domain models share.

A map says how much each pixel may change unnoticed; the rule says how a level's error is held against it.
`noise-psnr` and `minkowski-4` are of degree 1 in error over map, so a threshold on them is a scaling of the map; on
the other two it is a share of pixels, or a number of grey levels.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import final

import numpy as np

from baselines.interface.predictor import Meter
from baselines.interface.visibility import VisibilityPredictor
from datasets.common.errors import UserError, check_name
from datasets.core.imaging import MSE_FLOOR, luma, mse
from datasets.core.picture import Picture

RULES = {
    "noise-psnr": "root of the error's energy over the map's: 1 where the level has the PSNR of noise of the map's "
    "amplitude, the test of the models' own papers",
    "minkowski-4": "fourth-power mean of error over map, probability summation over pixels",
    "exceedance": "share of pixels whose error is above the map",
    "pspnr": "root mean square of the error above the map, what PSPNR is made of (Chou & Li 1995 Eqs 22-23)",
}
LEVEL_OF_A_MAP = (
    "The paper gives a map, not a picture's level: here the level whose error energy equals that of noise of the map's "
    "amplitude, times one factor fitted on the training pictures (none in -as-published)."
)
"""What cards of models that draw a map say of the default rule."""
MAP_FLOOR = 1.0
"""Grey levels below which no pixel's map falls where errors are divided by it: 8-bit pixels change by no less."""
SMALLEST_SIDE = 8
"""Pixels a picture needs on either side: the models use neighbourhoods of 5x5 and blocks of 8x8."""


class PixelMapPredictor(VisibilityPredictor):
    """A predictor that only draws the map; this class holds a level's error against it."""

    rule: str = "noise-psnr"
    """One of `RULES`."""

    published_threshold = 1.0

    @abstractmethod
    def jnd_map(self, luma: np.ndarray) -> np.ndarray:
        """The largest change nobody notices at each pixel, in grey levels.

        :param luma: 0..255, uint8 or float, shape (height, width); or what `planes` gives where that is overridden.
        :returns: positive and finite, same shape.
        :raises UserError: for a parameter out of its choices, or where a side is shorter than `SMALLEST_SIDE`.
        """

    def planes(self, rgb: np.ndarray) -> np.ndarray:
        """The planes that the model uses: BT.601 luma, unless overridden by a model of colour.

        :param rgb: uint8, shape (height, width, 3).
        :returns: uint8, shape (height, width) for luma, (height, width, planes) for anything else.
        """
        return luma(rgb)

    def compared(self, rgb: np.ndarray) -> np.ndarray:
        """What a level's squared error is taken of: `planes`, or the same numbers in an order that costs less."""
        return self.planes(rgb)

    @final
    def map_of(self, rgb: np.ndarray) -> np.ndarray:
        """The map of a picture.

        :param rgb: uint8, shape (height, width, 3).
        :returns: grey levels, positive, of the shape that `planes` gives.
        :raises UserError: where a side is shorter than `SMALLEST_SIDE`.
        """
        check_size(rgb)
        return self.jnd_map(self.planes(rgb))

    def map_energy(self, picture: Picture) -> float:
        """Mean square of the map, in grey levels squared: the energy of noise of the map's amplitude."""
        return mean_square(self.map_of(picture.reference))

    @final
    def visibility(self, picture: Picture, level: int) -> float:
        return self._meter(picture)(level)

    @final
    def meter(self, picture: Picture) -> Meter | None:
        """One map for all levels; None where the errors that all methods share are enough."""
        return None if self.needs_summary(picture) else self._meter(picture)

    @final
    def needs_summary(self, picture: Picture) -> bool:
        """Whether the rule needs no more than each level's mean squared luma error."""
        return self._rule() == "noise-psnr" and self.planes(picture.reference).ndim == 2

    @final
    def profile(self, picture: Picture) -> np.ndarray:
        """One map, and one pass over the ladder (for `noise-psnr` on luma the one that all methods share)."""
        if self.needs_summary(picture):
            return np.sqrt(picture.summary().mse / self._noise_energy(picture))
        return super().profile(picture)

    def _meter(self, picture: Picture) -> Meter:
        rule, ladder = self._rule(), picture.ladder
        if rule == "noise-psnr":
            compared, energy = self.compared(picture.reference), self._noise_energy(picture)
            return lambda level: float(np.sqrt(mse(self.compared(ladder.rgb(level)), compared) / energy))
        reference = self.planes(picture.reference)
        jnd = self.map_of(picture.reference).astype(np.float32, copy=False)
        return lambda level: _pooled(rule, self.planes(ladder.rgb(level)), reference, jnd)

    def _noise_energy(self, picture: Picture) -> float:
        # A flat picture's map may vanish; an 8-bit picture comes no closer than rounding.
        return max(self.map_energy(picture), MSE_FLOOR)

    def _rule(self) -> str:
        check_name("rule", self.rule, RULES)
        return self.rule


def mean_square(jnd: np.ndarray) -> float:
    """Mean square of a map, in grey levels squared."""
    jnd = jnd.astype(np.float64, copy=False)
    return float(np.vdot(jnd, jnd)) / jnd.size


def check_size(picture: np.ndarray) -> None:
    """That a map can be drawn of a picture of shape (height, width, ...).

    :raises UserError: where a side is shorter than `SMALLEST_SIDE`.
    """
    if min(picture.shape[:2]) < SMALLEST_SIDE:
        size = f"{picture.shape[1]}x{picture.shape[0]}"
        raise UserError(f"a JND map needs a picture of at least {SMALLEST_SIDE}x{SMALLEST_SIDE} pixels, not {size}")


def _pooled(rule: str, compressed: np.ndarray, reference: np.ndarray, jnd: np.ndarray) -> float:
    import cv2

    error = cv2.absdiff(compressed, reference).astype(np.float32)
    if rule == "exceedance":
        return float(np.mean(error > jnd))
    if rule == "pspnr":
        error -= jnd
        return float(np.sqrt(np.square(np.maximum(error, 0, out=error), out=error).mean(dtype=float)))
    error /= np.maximum(jnd, MAP_FLOOR)
    np.square(error, out=error)
    return float(np.square(error, out=error).mean(dtype=float) ** 0.25)
