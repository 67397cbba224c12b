"""cjpegli's distance: its default of 1.0 is meant to be visually lossless, but no picture is examined for it."""

from __future__ import annotations

from typing import final

import numpy as np

from baselines.constant._open_loop import OTHER_CODEC, OpenLoop
from baselines.interface.card import Card
from datasets.core.reference import Reference

_BEST, _FINE, _COARSE = 0.01, 0.1, 6.4
"""Distances at quality 100, just below it, and at 30, where a parabola takes over from a line."""


@final
class Jpegli(OpenLoop):
    """The quality that cjpegli treats as equal to a distance."""

    distance: float = 1.0
    """Butteraugli distance, .01..25."""

    scales = ("jpeg", "jpegli", "jxl")

    card = Card(
        name="jpegli-1.0",
        title="cjpegli's default distance",
        references=(
            Reference(
                authors=("M. Bruse", "L. Versari", "Z. Szabadka", "J. Alakuijala"),
                title="Users prefer Jpegli over same-sized libjpeg-turbo or MozJPEG",
                venue="arXiv:2403.18589",
                year=2024,
            ),
        ),
        needs_pictures=False,
        deviations=(
            "The rule is that of the software, cjpegli; the paper compares its files.",
            "cjpegli encodes by quantisation tables of its own; here its quality is a level of the ladder, whose "
            "encoder is another one.",
            "jpegli and JPEG XL are asked for by the same distances, so there the quality is a level of their own.",
            OTHER_CODEC,
        ),
    )

    def quality(self) -> float:
        """The inverse of cjpegli's distance of a quality: .01 at 100, a line down to 30, below it a parabola up to 25.

        Between .01 and .1, which no quality has, it is 100.
        """
        if self.distance <= _FINE:
            return 100.0 if self.distance >= _BEST else float("inf")
        if self.distance <= _COARSE:
            return 100 - (self.distance - _FINE) / 0.09
        square, linear, rest = 53 / 3000, -23 / 20, 25 - self.distance
        return (-linear - float(np.sqrt(linear**2 - 4 * square * rest))) / (2 * square)
