"""JND next to JND: how far the first, second and third lie apart on the same pictures, and how methods do on each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from datasets.codecs import codecs
from protocols.scoring.bootstrap import mean_interval
from reports.results.row import Row
from reports.results.section import Section
from reports.results.written import decimal, ends, ordinal

_SAME_LEVEL = 1e-6


@final
@dataclass(frozen=True)
class JndLevels:
    """The true levels of one JND, over the pictures that have them all.

    :param sd: over pictures; `lowest` and `highest` of them.
    :param observers: the fewest and the most of a picture; None where they are not known.
    :param distance: mean of how far it lies from the JND before, in levels towards worse quality; `low` and `high` its
        95 % interval over sources. None for the first, and the interval for fewer than two sources.
    """

    jnd: int
    mean: float
    sd: float
    lowest: float
    highest: float
    observers: tuple[int, int] | None
    distance: float | None = None
    low: float | None = None
    high: float | None = None


@final
@dataclass(frozen=True)
class JndRow:
    """One predictor under several JNDs.

    :param rows: its row under each; None where it did not run.
    :param knows_one: whether it gives every picture the same level whichever JND is asked for.
    """

    predictor: str
    rows: tuple[Row | None, ...]
    knows_one: bool


@final
@dataclass(frozen=True)
class JndComparison:
    """Sections that differ in their JND alone.

    :param sections: by JND, two or more.
    :param pictures: those that all have, sorted; `sources` theirs.
    :param levels: true levels, shape (jnds, pictures).
    :param rows: predictors in the order of the first JND's table, then those that it lacks.
    """

    sections: tuple[Section, ...]
    pictures: tuple[str, ...]
    sources: tuple[str, ...]
    levels: np.ndarray
    rows: tuple[JndRow, ...]

    @property
    def reference(self) -> Section:
        """That of the first of the JNDs."""
        return self.sections[0]

    @property
    def names(self) -> list[str]:
        """The JNDs, e.g. `1st JND`."""
        return [f"{ordinal(section.identity.jnd)} JND" for section in self.sections]

    @property
    def title(self) -> str:
        """Data set and settings in one line."""
        first = self.reference
        limited = f"{first.limited}. " if first.limited else ""
        return f"{limited}{first.dataset.heading}: {', '.join(self.names)}, {self.settings}"

    @property
    def settings(self) -> str:
        """What the sections share besides their data set."""
        first = self.reference.identity
        counts = f"{len(self.pictures)} pictures of {len(set(self.sources))} sources"
        return f"truth {first.truth}, folds {first.folds}; {counts}"

    @cached_property
    def distances(self) -> np.ndarray:
        """How far each JND lies from the one before, in levels towards worse quality, shape (jnds - 1, pictures)."""
        codec = codecs().get(self.reference.dataset.codec)
        return -np.diff(self.levels, axis=0) * (1 if codec is None else codec.sign)

    @cached_property
    def by_jnd(self) -> tuple[JndLevels, ...]:
        """What is known of the levels of each JND."""
        return tuple(self._by_jnd())

    def _by_jnd(self) -> Iterator[JndLevels]:
        for place, (section, levels) in enumerate(zip(self.sections, self.levels, strict=True)):
            table = section.pictures_table
            counts = [] if table is None else sorted(len(samples) for samples in table["samples"])
            away = self.distances[place - 1] if place else None
            low, high = (None, None) if away is None else mean_interval(away, self.sources)
            yield JndLevels(
                section.identity.jnd,
                float(levels.mean()),
                float(levels.std()),
                float(levels.min()),
                float(levels.max()),
                (counts[0], counts[-1]) if counts and counts[0] else None,
                distance=None if away is None else float(away.mean()),
                low=low,
                high=high,
            )


def jnd_comparisons(sections: Sequence[Section]) -> list[JndComparison]:
    """One for every data set, codec, folds, truth and limit that ran under two JNDs or more."""
    groups: dict[tuple[object, ...], dict[int, Section]] = {}
    for section in sections:
        identity = section.identity
        key = (identity.dataset, section.dataset.codec, identity.folds, identity.truth, identity.limit)
        # Of several states of the data the first has most runs.
        groups.setdefault(key, {}).setdefault(identity.jnd, section)
    several = (by_jnd for by_jnd in groups.values() if len(by_jnd) > 1)
    compared = (_comparison([by_jnd[jnd] for jnd in sorted(by_jnd)]) for by_jnd in several)
    return [comparison for comparison in compared if comparison.pictures]


def _comparison(sections: Sequence[Section]) -> JndComparison:
    shared = set(sections[0].grid.pictures).intersection(*(section.grid.pictures for section in sections[1:]))
    pictures = tuple(sorted(shared))
    sources = dict(zip(sections[0].grid.pictures, sections[0].grid.sources, strict=True))
    levels = np.stack([section.grid.true[[section.grid.place[name] for name in pictures]] for section in sections])
    names = dict.fromkeys(row.predictor for section in sections for row in section.rows)
    rows = tuple(_row(name, sections, pictures) for name in names)
    return JndComparison(tuple(sections), pictures, tuple(sources[name] for name in pictures), levels, rows)


def _row(predictor: str, sections: Sequence[Section], pictures: Sequence[str]) -> JndRow:
    rows, levels = [], []
    for section in sections:
        row = next((row for row in section.rows if row.predictor == predictor and not row.has_failed), None)
        rows.append(row)
        if row is not None:
            predicted = section.grid.values["predicted_level"][section.grid.predictors.index(predictor)]
            levels.append(predicted[[section.grid.place[name] for name in pictures]])
    same = len(levels) > 1 and bool(np.nanmax(np.ptp(np.stack(levels), axis=0), initial=0.0) < _SAME_LEVEL)
    return JndRow(predictor, tuple(rows), same)


def jnd_notes(comparison: JndComparison) -> list[str]:
    """What stands under the table of levels, in sentences: distances, who knows one JND only, what not to compare."""
    unit, by_jnd = comparison.reference.unit, comparison.by_jnd
    notes = []
    for name, before, levels in zip(comparison.names[1:], comparison.names, by_jnd[1:], strict=False):
        assert levels.distance is not None, "it has one before"
        away = decimal(levels.distance, 1)
        interval = f" {text}" if (text := ends(levels.low, levels.high, 1, 1)) else ""
        notes.append(f"The {name} lies {away} {unit}{interval} from the {before} on average, towards worse quality.")
    if one := [row.predictor for row in comparison.rows if row.knows_one]:
        notes.append(
            f"The same level whichever JND is asked for, so they know one JND only, and their errors under the others "
            f"say nothing of them: {', '.join(one)}."
        )
    fewest = [levels.observers[0] for levels in by_jnd if levels.observers]
    if fewest and min(fewest) < fewest[0]:
        notes.append(
            "Observers without a JND are left out of it, so later JNDs are those of people who see more differences."
        )
    notes.append("An error is read against the constant's under the same JND.")
    return notes
