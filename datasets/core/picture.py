"""A picture as predictors see it: an id, a codec, a ladder, the viewing geometry, and its subjects' samples."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from datasets.common.errors import DataError
from datasets.core.codec import Codec
from datasets.core.ladder import Ladder, LadderSummary

PIXELS_PER_DEGREE = 24.3
"""Viewing geometry where nothing else is known of the viewers, as KonJND-1k calibrated it for its crowd workers: 640
pixels shown 13.8 cm wide at 30 cm."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture of a data set.

    :param name: unique in its data set, e.g. `SRC01` or `astronaut-2`.
    :param source: the reference picture's id that folds and bootstraps group by; several crops share one.
    :param pixels_per_degree: viewing geometry of the study, in pixels per degree of visual angle.
    :param samples: the subjects' JNDs as levels of the codec, shape (subjects,), float; empty where unknown.
    :param tabulated: truths that the data set itself tabulates, by name, e.g. `{'sqf': 36.0}`.
    :param ladder_or_none: pixels and bytes at every level; None where the root holds labels only.
    :param measurements: what predictors measured of it, by a text that names all that this depends on besides the
        picture. Copies made by `without_samples` share it; it does not travel to other processes.
    """

    name: str
    source: str
    codec: Codec
    pixels_per_degree: float
    samples: np.ndarray = field(default_factory=lambda: np.empty(0))
    tabulated: Mapping[str, float] = field(default_factory=dict)
    ladder_or_none: Ladder | None = None
    measurements: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def has_pixels(self) -> bool:
        """Whether there are pixels, or labels alone."""
        return self.ladder_or_none is not None

    @property
    def ladder(self) -> Ladder:
        """The picture at every level.

        :raises DataError: where the root holds labels only.
        """
        if self.ladder_or_none is None:
            raise DataError(
                f"{self.name} has labels but no pixels: its root holds no pictures. "
                "Give a root that has them, or run predictors that need none (constant, constant-sur, fixed-*)."
            )
        return self.ladder_or_none

    @property
    def reference(self) -> np.ndarray:
        """The reference's pixels, uint8 RGB, shape (height, width, 3), read-only, loaded when first asked for."""
        return self.ladder.reference

    @property
    def reference_luma(self) -> np.ndarray:
        """The reference's BT.601 luma, uint8, shape (height, width), read-only."""
        return self.ladder.reference_luma

    def fingerprint(self) -> str:
        """Names what there is to see of it, whatever its name and its ratings: the reference, the levels."""
        return f"{self.codec.name} {self.ladder.whole_fingerprint}"

    def summary(self) -> LadderSummary:
        """Error and size at every level, measured once (see `Ladder.summary`)."""
        return self.ladder.summary()

    def without_samples(self) -> Picture:
        """The same picture with nothing that tells its truth: what a predictor is asked about."""
        return dataclasses.replace(self, samples=np.empty(0), tabulated={})

    def unmeasured(self) -> Picture:
        """The same picture, of which nothing has been measured yet."""
        return dataclasses.replace(self, measurements={})

    def afresh(self) -> Picture:
        """The same picture, of whose files nothing is known yet, and of which nothing has been measured."""
        ladder = self.ladder_or_none
        return dataclasses.replace(self, measurements={}, ladder_or_none=None if ladder is None else ladder.afresh())

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "measurements": {}}
