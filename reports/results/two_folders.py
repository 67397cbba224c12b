"""What changed between two folders of stored runs, and whether a change of the errors is more than chance."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from datasets.common.errors import UserError
from protocols.scoring.bootstrap import ALPHA
from protocols.scoring.pairs import compare_pairs, holm, with_failures
from protocols.scoring.scores import SCORES, score
from protocols.store.store import Identity, Store, StoredRun
from reports.results.grid import Grid, grid_of
from reports.results.written import significant

_SAME_LEVEL = 1e-6
"""Levels that differ by less are the same: sums in another order."""


@final
@dataclass(frozen=True)
class Change:
    """One named thing that is not what it was; None where it was not there."""

    name: str
    before: Any
    after: Any


@final
@dataclass(frozen=True)
class PictureChange:
    """A picture's error before and after, predicted minus true level; None where it failed.

    :param change: of the absolute error, in levels; failed counts as the worst answer there is.
    """

    picture: str
    source: str
    before: float | None
    after: float | None
    change: float


@final
@dataclass(frozen=True)
class Noise:
    """Whether the change of the mean absolute error is more than chance, by a paired bootstrap over sources.

    :param difference: mean absolute error after minus before, in levels: below 0 is better; failed pictures count as
        the worst answer there is.
    :param low: lower end of its 95 % interval; `high` the upper.
    :param p: two-sided; `p_holm` corrected for all runs that were compared.
    """

    difference: float
    low: float
    high: float
    p: float
    p_holm: float

    @property
    def is_separable(self) -> bool:
        """Whether it is more than chance."""
        return self.p_holm < ALPHA


@final
@dataclass(frozen=True)
class RunChange:
    """A run that is in both folders and differs.

    :param settings: of what the predictions depend on, its card and the versions.
    :param scores: those that differ in the digits that are shown.
    :param pictures: the largest changes first; empty where none changed.
    :param other_truths: of those, how many have another true level.
    :param noise: None where errors are the same, or fewer than two sources are in both.
    """

    identity: Identity
    settings: tuple[Change, ...]
    scores: tuple[Change, ...]
    pictures: tuple[PictureChange, ...]
    common: int
    other_truths: int
    noise: Noise | None


@final
@dataclass(frozen=True)
class FolderChanges:
    """What differs between two folders.

    :param removed: runs of the first alone; `added` of the second alone.
    :param same: how many runs say the same in both.
    """

    removed: tuple[Identity, ...]
    added: tuple[Identity, ...]
    same: int
    changed: tuple[RunChange, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not (self.removed or self.added or self.changed)


def changes_between(before: Path, after: Path) -> FolderChanges:
    """Compare two results folders, run by run of the same identity.

    :raises UserError: where one holds no runs.
    :raises DataError: where a run's files are damaged.
    """
    old, new = _runs(before), _runs(after)
    same_codec = (name for name in old.keys() & new.keys() if _codec(old[name]) == _codec(new[name]))
    both = sorted(same_codec)  # older runs name the codecs of a set alike
    pairs = [(old[identity], new[identity]) for identity in both]
    changes = [change for pair in pairs if (change := _run_change(*pair)) is not None]
    return FolderChanges(
        tuple(sorted(old.keys() - set(both))),
        tuple(sorted(new.keys() - set(both))),
        len(both) - len(changes),
        _corrected(changes),
    )


def _runs(results: Path) -> dict[Identity, StoredRun]:
    runs = Store(results).current_runs()
    if not runs:
        raise UserError(
            f"{results}: {'holds no stored runs' if results.is_dir() else 'there is no such folder'}. "
            "Name a folder that 'python -m protocols.run --results DIR' wrote."
        )
    return {run.identity: run for run in runs}


def _codec(run: StoredRun) -> str:
    return run.record.dataset.codec


def _run_change(old: StoredRun, new: StoredRun) -> RunChange | None:
    settings = _settings(old, new)
    dataset, grid = new.record.dataset, grid_of([old, new]).in_all()
    true, predicted = grid.values["true_level"], grid.values["predicted_level"]
    errors = with_failures(predicted, true, dataset.level_lowest, dataset.level_highest)
    scores = tuple(
        change
        for change in _changes(score(old.predictions), score(new.predictions))
        if significant(change.before) != significant(change.after)
    )
    pictures = _picture_changes(grid, errors)
    timed = {record.name for record in SCORES if record.is_time}
    if not (settings or pictures or [change for change in scores if change.name not in timed]):
        return None
    other_truths = int((np.abs(true[1] - true[0]) > _SAME_LEVEL).sum())
    noise = _noise(errors, grid.sources) if pictures else None
    return RunChange(new.identity, settings, scores, pictures, len(grid.pictures), other_truths, noise)


def _settings(old: StoredRun, new: StoredRun) -> tuple[Change, ...]:
    before, after = (
        {
            **{f"card: {name}": value for name, value in dataclasses.asdict(run.record.card).items()},
            **{f"version: {name}": value for name, value in run.record.versions.items()},
            **{name: value for name, value in run.record.key_parts.items() if name != "parameters"},
            **{f"parameter: {name}": value for name, value in run.record.key_parts.get("parameters", {}).items()},
            "status": run.status,
        }
        for run in (old, new)
    )
    return _changes(before, after)


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    names = list(dict.fromkeys([*before, *after]))
    changes = (Change(name, before.get(name), after.get(name)) for name in names)
    return tuple(change for change in changes if change.before != change.after)


def _picture_changes(grid: Grid, errors: np.ndarray) -> tuple[PictureChange, ...]:
    signed, change = grid.errors, errors[1] - errors[0]
    failed = np.isnan(signed)
    differs = (np.abs(change) > _SAME_LEVEL) | (failed[0] != failed[1])
    differs |= ~failed.any(axis=0) & (np.abs(np.nan_to_num(signed[1] - signed[0])) > _SAME_LEVEL)
    order = np.argsort(-np.abs(change), kind="stable")
    return tuple(
        PictureChange(
            grid.pictures[place],
            grid.sources[place],
            None if failed[0, place] else float(signed[0, place]),
            None if failed[1, place] else float(signed[1, place]),
            float(change[place]),
        )
        for place in order
        if differs[place]
    )


def _noise(errors: np.ndarray, sources: Sequence[str]) -> Noise | None:
    pairs = compare_pairs(errors, sources)
    if pairs is None:
        return None
    p = float(pairs.p[0])
    return Noise(-float(pairs.difference[0]), -float(pairs.high[0]), -float(pairs.low[0]), p, p)


def _corrected(changes: Sequence[RunChange]) -> tuple[RunChange, ...]:
    tested = [change.noise for change in changes if change.noise is not None]
    corrected = iter(holm(np.array([noise.p for noise in tested])))
    return tuple(
        change
        if change.noise is None
        else dataclasses.replace(change, noise=dataclasses.replace(change.noise, p_holm=float(next(corrected))))
        for change in changes
    )
