"""Sections of a report: the runs that may stand in one table, scored and sorted.

Runs share a section only where their data set, folds, truth, JND and limit are the same, and where they were tested
on the same pictures with the same true levels. Tables, figures and the page all start from here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np
import pandas as pd

from datasets.codecs import codecs
from datasets.sets._simulated_samples import OBSERVERS_METRICS
from protocols.scoring.scores import score
from protocols.store.picture_facts import read_pictures
from protocols.store.record import DatasetRecord
from protocols.store.store import Identity, StoredRun
from reports.results.ceiling import ceiling_rows
from reports.results.comparison import Comparison, compare_rows
from reports.results.grid import Grid, grid_of
from reports.results.level_curves import curves_of, observed
from reports.results.row import CONTROL, CeilingRow, Row, with_control
from reports.results.section_scores import with_section_scores
from reports.results.written import ordinal

_MIXED: Mapping[str, Callable[[Row], str]] = {
    "Decoded by different libraries, whose pixels may differ slightly": lambda row: row.record.decoder,
    "Of different seeds, so that what is random differs by more than the method": lambda row: str(row.record.seed),
    "Computed on different devices, whose digits may differ": lambda row: row.record.device,
}
"""What a table says where its rows differ in it: `none` and an empty text do not count."""

_SAME_LEVEL = 0.01
"""Levels that differ by less are the same truth: fits of other library versions differ by 1e-5."""


@final
@dataclass(frozen=True)
class Section:
    """One table of the leaderboard, best row first.

    :param identity: of any of its runs; all but the predictor is shared.
    :param rows: whole runs by MAE, then partly failed ones by MAE, then failed ones.
    :param grid: what each row says of each picture.
    :param state: 1, 2, ... where runs of the same identity were made from different data; 0 where they were not.
    :param pictures_table: what is known of its pictures, columns `protocols.store.picture_facts.COLUMNS`, sorted by
        name; None where no run names a table that is there and has them all.
    :param ceilings: how well people do, for the foot of the table; none where that is not known.
    :param comparison: which rows differ by more than chance; None where none has a prediction.
    """

    identity: Identity
    dataset: DatasetRecord
    rows: tuple[Row, ...]
    grid: Grid = field(compare=False, repr=False)
    state: int = 0
    pictures_table: pd.DataFrame | None = field(default=None, compare=False, repr=False)
    ceilings: tuple[CeilingRow, ...] = field(default=(), compare=False)
    comparison: Comparison | None = field(default=None, compare=False, repr=False)

    @property
    def unit(self) -> str:
        """Of the levels."""
        return self.dataset.unit

    @property
    def facts(self) -> list[str]:
        """What the table holds besides its data set and truth, piece by piece."""
        parts = [f"{ordinal(self.identity.jnd)} JND", f"folds {self.identity.folds}"]
        return [*parts, f"data state {self.state}"] if self.state else parts

    @property
    def settings(self) -> str:
        """What the table holds besides its data set."""
        return ", ".join([f"truth {self.identity.truth}", *self.facts])

    @property
    def limited(self) -> str:
        """The warning of a limited run; empty for a whole one."""
        return f"LIMITED to {self.identity.limit} pictures: not comparable" if self.identity.limit else ""

    @property
    def scale(self) -> str:
        """Of the levels, e.g. `WebP quality`."""
        codec = codecs().get(self.dataset.codec)
        return self.unit if codec is None else codec.label

    @property
    def title(self) -> str:
        """Data set, samples and settings in one line."""
        return f"{self.limited + '. ' if self.limited else ''}{self.dataset.heading}: {self.settings}"

    @property
    def truth_meaning(self) -> str:
        """Which level counts as a picture's JND, in words; simulated observers are not called subjects."""
        meaning = self.rows[0].record.truth_meaning
        return meaning.replace("subjects", "simulated observers") if self.dataset.is_simulated else meaning

    @property
    def caption(self) -> str:
        """What a reader must know of the numbers, in sentences."""
        truth = self.truth_meaning
        return (
            f"Samples: {self.dataset.samples}. Truth {self.identity.truth}{': ' + truth if truth else ''}. "
            f"{self.pictures} pictures of {self.sources} sources, levels in {self.scale} "
            f"{self.dataset.level_lowest:g} to {self.dataset.level_highest:g}. "
            "Brackets hold the 95 % bootstrap interval over sources."
        )

    @property
    def notes(self) -> list[str]:
        """What the loader found out about the data, and what is wrong with the section; each once."""
        notes = [note for row in self.rows for note in row.record.dataset.notes]
        if self.state:
            notes.insert(
                0,
                "Runs of this data set, folds and truth were made from different pictures, folds, true levels, codecs "
                "or anchors, so they stand in separate tables. Run the protocol again for all of them to join them.",
            )
        for what, of_row in _MIXED.items():
            values = Counter(text for row in self.rows if (text := of_row(row)) not in ("", "none"))
            if len(values) > 1:
                most, *others = (value for value, _ in values.most_common())
                rest = (
                    f"{value}: {', '.join(r.predictor for r in self.rows if of_row(r) == value)}" for value in others
                )
                notes.append(f"{what}: {most} for most of them; {'; '.join(rest)}.")
        notes += self.row_notes
        if self.control is None:
            notes.append(f"The control '{CONTROL}' is not among these runs: nothing here can be read against it.")
        elif self.control.predictor != CONTROL:
            notes.append(f"The control is {self.control.predictor}: which has seen no picture of this set.")
        return list(dict.fromkeys(notes))

    @property
    def row_notes(self) -> list[str]:
        """Which rows are no fair comparison here, and why."""
        notes = []
        knowing = [row.predictor for row in self.rows if row.record.labels_of == self.dataset.name]
        if knowing:
            notes.append(
                f"{', '.join(knowing)}: threshold from this set's labels, so the method has seen the truth here."
            )
        seen_with = {metric.samples: metric.name for metric in OBSERVERS_METRICS}.get(self.dataset.samples)
        if itself := [row.predictor for row in self.rows if row.card.name == seen_with]:
            notes.append(
                f"{', '.join(itself)}: the metric that the simulated observers see with; its scores say nothing here."
            )
        return notes

    @property
    def pictures(self) -> int:
        """How many pictures its runs were tested on."""
        return max(int(row.scores["n"] or 0) for row in self.rows)

    @property
    def sources(self) -> int:
        """How many sources those pictures come from."""
        return len(set(self.grid.sources))

    @property
    def table_rows(self) -> tuple[Row | CeilingRow, ...]:
        """What a table shows: the runs, then people."""
        return (*self.rows, *self.ceilings)

    @property
    def control(self) -> Row | None:
        """The constant's row, where it has scores."""
        return next((row for row in self.rows if row.is_control and not row.has_failed), None)

    @cached_property
    def best_mae(self) -> float | None:
        """The smallest MAE of the runs in which no picture failed."""
        return min((float(row.scores["mae"] or 0) for row in self.rows if row.is_whole), default=None)

    def is_best(self, row: Row | CeilingRow) -> bool:
        """Whether a row is a run with the smallest MAE, alone or with others."""
        return not row.is_ceiling and row.is_whole and row.scores["mae"] == self.best_mae


def sections_of(runs: Iterable[StoredRun], results: Path | None = None) -> list[Section]:
    """Group runs into sections, in order of data set, folds, truth, JND and limit.

    :param results: the folder of the runs, where the tables of their pictures stand.
    :raises DataError: where a run's files lack what a report needs.
    """
    groups: dict[tuple[object, ...], list[list[StoredRun]]] = {}
    # Runs without a row can join any table, so they come after those that can tell what they were tested on.
    for run in sorted(runs, key=lambda run: (run.predictions.empty, run.identity)):
        identity = run.identity
        key = (identity.dataset, identity.folds, identity.truth, identity.jnd, identity.limit)
        states = groups.setdefault(key, [])
        for state in states:
            if _same_data(state[0], run):
                state.append(run)
                break
        else:
            states.append([run])
    sections = []
    for _, states in sorted(groups.items()):
        states.sort(key=len, reverse=True)
        numbered = enumerate(states, 1)
        sections += [_section(state, number if len(states) > 1 else 0, results) for number, state in numbered]
    return sections


def _section(runs: Sequence[StoredRun], state: int, results: Path | None) -> Section:
    rows = with_control(sorted((Row(run, score(run.predictions)) for run in runs), key=_rank))
    identity, dataset, grid = runs[0].identity, rows[0].record.dataset, grid_of([row.run for row in rows])
    table = None if results is None else _pictures_table(results, rows)
    curves = curves_of(table, dataset)
    ceilings = ceiling_rows(identity.truth, table, curves, dataset)
    comparison = compare_rows(rows, grid, dataset, table)
    scored = with_section_scores(rows, grid, comparison, ceilings, curves, observed(table, dataset))
    return Section(identity, dataset, tuple(scored), grid, state, table, ceilings, comparison)


def _pictures_table(results: Path, rows: Sequence[Row]) -> pd.DataFrame | None:
    names: set[str] = set().union(*(row.run.predictions["picture"] for row in rows))
    for row in rows:
        table = read_pictures(results, row.run)
        if table is not None and names and names <= set(table["picture"]):
            return table[table["picture"].isin(names)].sort_values("picture", ignore_index=True)
    return None


def _rank(row: Row) -> tuple[bool, bool, float, str]:
    # A method must not climb by failing on what is difficult.
    mae = row.scores["mae"]
    return row.has_failed, not row.is_whole, float(mae) if mae is not None else 0.0, row.predictor


def _same_data(first: StoredRun, second: StoredRun) -> bool:
    if first.record.key_parts.get("anchor") != second.record.key_parts.get("anchor"):
        return False
    if first.record.dataset.codec != second.record.dataset.codec:  # older runs name the codecs of a set alike
        return False
    if second.predictions.empty:
        return True
    (pictures, levels), (others, other_levels) = (_tested(run) for run in (first, second))
    return pictures == others and bool(np.allclose(levels, other_levels, atol=_SAME_LEVEL))


def _tested(run: StoredRun) -> tuple[list[tuple[object, ...]], np.ndarray]:
    """Picture, source and fold of each row, and the true levels, in order of the pictures' names."""
    frame = run.predictions
    rows = list(zip(*(frame[name].tolist() for name in ("picture", "source", "fold")), strict=True))
    order = sorted(range(len(rows)), key=lambda index: str(rows[index][0]))
    return [rows[index] for index in order], frame["true_level"].to_numpy(dtype=float)[order]
