"""What the subjects said, and curves of satisfied people over the levels: as stored, at a level, at a share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from datasets.sets import codec_named
from reports.results.row import Row
from reports.results.section import Section


@final
@dataclass(frozen=True)
class Observed:
    """Subjects' samples of a section's pictures.

    :param samples: shape (pictures, most subjects), in levels, NaN where a picture has fewer.
    :param place: a picture's row in `samples`, by its name.
    :param levels: of the codec from worst to best, shape (levels,).
    :param sign: +1 where a higher level is better quality.
    """

    samples: np.ndarray
    place: dict[str, int]
    levels: np.ndarray
    sign: int

    def of(self, pictures: list[str]) -> np.ndarray:
        """Their samples, shape (pictures, most subjects)."""
        return self.samples[[self.place[name] for name in pictures]]

    def noticing(self, pictures: list[str], levels: np.ndarray) -> np.ndarray:
        """Share of a picture's subjects who notice its compression, in [0, 1].

        A subject notices at every level no better than that subject's JND.

        :param levels: one for each picture, shape (pictures,).
        :returns: shape (pictures,).
        """
        samples = self.of(pictures)
        return np.asarray(((samples - levels[:, None]) * self.sign >= 0).sum(axis=1) / np.isfinite(samples).sum(axis=1))

    def satisfied(self, pictures: list[str]) -> np.ndarray:
        """Share of a picture's subjects who see nothing, shape (pictures, levels), from the worst to the best level."""
        # Level by level: all at once would be a large array of booleans.
        return 1 - np.stack([self.noticing(pictures, np.full(len(pictures), level)) for level in self.levels], axis=1)


def observed(section: Section) -> Observed | None:
    """What is known of the subjects; None without a table of the pictures, or where one of them has no sample."""
    table, codec = section.pictures_table, codec_named(section.dataset.codec)
    if table is None or codec is None or table.empty:
        return None
    lists = [np.asarray(values, dtype=float) for values in table["samples"]]
    if min(len(values) for values in lists) == 0:
        return None
    samples = np.full((len(lists), max(map(len, lists))), np.nan)
    for place, values in enumerate(lists):
        samples[place, : len(values)] = values
    return Observed(samples, {name: at for at, name in enumerate(table["picture"])}, codec.levels, codec.sign)


def predicted_curves(row: Row) -> tuple[list[str], np.ndarray]:
    """The pictures of a run that have a predicted SUR curve, and the curves, shape (pictures, levels)."""
    frame = row.run.predictions
    known = frame[frame["sur"].notna()]
    curves = np.stack([np.asarray(curve, dtype=float) for curve in known["sur"]]) if len(known) else np.empty((0, 0))
    return known["picture"].tolist(), curves


def has_curves(row: Row) -> bool:
    """Whether a run gave any SUR curve."""
    return row.scores["sur_mae"] is not None


def reaches(levels: np.ndarray, curve: np.ndarray, share: float) -> float | None:
    """The worst level at which so large a share of people is satisfied.

    :param levels: from the worst to the best.
    :param curve: share of satisfied people at each, 0..1.
    :returns: None where it is never reached.
    """
    places = np.flatnonzero(curve >= share)
    return float(levels[places[0]]) if places.size else None


def curve_of(value: Any, levels: np.ndarray | None) -> np.ndarray | None:
    """A stored curve as numbers, shape (levels,); None where there is none, or it fits no codec known here."""
    if value is None or levels is None or np.ndim(value) != 1 or np.size(value) != len(levels):
        return None
    return np.asarray(value, dtype=float)


def share_at(levels: np.ndarray, curve: np.ndarray, level: float) -> float:
    """The share of satisfied people at a level, between levels in a straight line, 0..1."""
    position = np.abs(level - levels[0])
    return float(np.interp(position, np.arange(len(levels)), curve))
