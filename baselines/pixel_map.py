"""From a map of just noticeable differences to a visibility per level: what all pixel-domain models share.

A map says how much each pixel may change unnoticed; the rule says how a level's error is held against it.
`noise-psnr` and `minkowski-4` are of degree 1 in error over map, so a threshold on them is a scaling of the map; on
the other two it is a share of pixels, or a number of grey levels.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import final

import numpy as np

from baselines.visibility import VisibilityPredictor
from datasets.errors import UserError, unknown_name
from datasets.picture import Picture

RULES = {
    "noise-psnr": "root of the error's energy over the map's: 1 where the level has the PSNR of noise of the map's "
    "amplitude, the test of the models' own papers",
    "minkowski-4": "fourth-power mean of error over map, probability summation over pixels",
    "exceedance": "share of pixels whose error is above the map",
    "pspnr": "root mean square of the error above the map, what PSPNR is made of (Chou & Li 1995 Eqs 22-23)",
}
MAP_FLOOR = 1.0
"""Grey levels below which no pixel's map falls where errors are divided by it: 8-bit pixels change by no less."""


class PixelMapPredictor(VisibilityPredictor):
    """A predictor that only draws the map; this class holds a level's error against it.

    :param threshold: multiple of the published map; None is fitted.
    :param rule: one of `RULES`.
    """

    published_threshold = 1.0

    def __init__(self, *, threshold: float | None = None, rule: str = "noise-psnr") -> None:
        super().__init__(threshold=threshold)
        self.rule = rule

    @abstractmethod
    def jnd_map(self, luma: np.ndarray) -> np.ndarray:
        """The largest change nobody notices at each pixel, in grey levels.

        :param luma: 0..255, uint8 or float, shape (height, width).
        :returns: positive and finite, same shape.
        """

    def map_energy(self, picture: Picture) -> float:
        """Mean square of the map, in grey levels squared: the energy of noise of the map's amplitude."""
        return float(np.mean(self._map_of(picture).astype(np.float64) ** 2))

    @final
    def visibility(self, picture: Picture, level: int) -> float:
        """One level's error against the map, by the rule."""
        if self._rule() == "noise-psnr":
            return float(np.sqrt(picture.ladder.mse(level) / self.map_energy(picture)))
        return self._pooled(picture, level, self._map_of(picture))

    @final
    def profile(self, picture: Picture) -> np.ndarray:
        """One map, and one pass over the ladder (for `noise-psnr` the one that all methods share)."""
        if self._rule() == "noise-psnr":
            return np.sqrt(picture.summary().mse / self.map_energy(picture))
        jnd = self._map_of(picture)
        return np.array([self._pooled(picture, int(level), jnd) for level in picture.codec.levels])

    def _map_of(self, picture: Picture) -> np.ndarray:
        return self.jnd_map(check_plane(picture.reference_luma))

    def _pooled(self, picture: Picture, level: int, jnd: np.ndarray) -> float:
        import cv2

        error = cv2.absdiff(picture.ladder.luma(level), picture.reference_luma).astype(np.float32)
        if self._rule() == "exceedance":
            return float(np.mean(error > jnd))
        if self._rule() == "pspnr":
            return float(np.sqrt(np.mean(np.maximum(error - jnd, 0) ** 2)))
        ratio = error / np.maximum(jnd, MAP_FLOOR)
        return float(np.mean(ratio**4) ** 0.25)

    def _rule(self) -> str:
        if self.rule not in RULES:
            raise unknown_name("rule", self.rule, RULES)
        return self.rule


def check_plane(luma: np.ndarray) -> np.ndarray:
    """A plane that 5x5 and 8x8 neighbourhoods can be taken of.

    :raises UserError: where it is not two-dimensional, or a side is under 8 pixels.
    """
    if luma.ndim != 2 or min(luma.shape) < 8:
        raise UserError(f"a JND map needs a picture of at least 8x8 pixels, not {'x'.join(map(str, luma.shape[::-1]))}")
    return luma
