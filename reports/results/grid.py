"""What every row of a section says of every picture, as arrays: predictors' and pictures' pages start from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from reports.results.rows import Row
from reports.results.sections import Section

_NUMBERS = ("true_level", "predicted_level", "true_psnr_db", "predicted_psnr_db", "ms")


@dataclass(frozen=True, eq=False)
class Grid:
    """A section's pictures against its rows.

    :param pictures: names, sorted.
    :param values: for each of `true_level`, `predicted_level`, `true_psnr_db`, `predicted_psnr_db` and `ms` the
        rows' numbers, shape (rows, pictures); NaN where there is none.
    :param sources: of the pictures, in their order.
    """

    section: Section
    pictures: tuple[str, ...]
    sources: tuple[str, ...]
    values: Mapping[str, np.ndarray]

    @cached_property
    def true(self) -> np.ndarray:
        """The true levels, shape (pictures,)."""
        return _first_known(self.values["true_level"])

    @cached_property
    def errors(self) -> np.ndarray:
        """Predicted minus true level, shape (rows, pictures); NaN where a picture failed."""
        return self.values["predicted_level"] - self.true

    @cached_property
    def place(self) -> dict[str, int]:
        """Where a picture stands in the arrays."""
        return {name: index for index, name in enumerate(self.pictures)}

    @cached_property
    def worst_order(self) -> np.ndarray:
        """For each row the pictures from the worst error to the best, failed ones first, shape (rows, pictures)."""
        size = np.where(np.isnan(self.errors), np.inf, np.abs(self.errors))
        return np.argsort(-size, axis=1, kind="stable")

    def record(self, row: int, picture: str) -> dict[str, Any]:
        """One row's line of a picture as stored; empty where it has none."""
        frame = self._records[row]
        return frame.get(picture, {})

    @cached_property
    def _records(self) -> list[_Records]:
        return [_Records(row) for row in self.section.rows]


class _Records:
    """Lines of a run's table by picture, made when they are asked for."""

    def __init__(self, row: Row) -> None:
        self._frame = row.run.predictions
        self._place = {str(name): index for index, name in enumerate(self._frame["picture"])}

    def get(self, picture: str, default: dict[str, Any]) -> dict[str, Any]:
        place = self._place.get(picture)
        if place is None:
            return default
        return {str(name): value for name, value in self._frame.iloc[place].items()}


def grid_of(section: Section) -> Grid:
    """The grid of a section; pictures that only some rows have are in it, too."""
    sources: dict[str, str] = {}
    for row in section.rows:
        frame = row.run.predictions
        sources.update(zip(frame["picture"].astype(str), frame["source"].astype(str), strict=True))
    names = sorted(sources)
    stacked: dict[str, list[np.ndarray]] = {name: [] for name in _NUMBERS}
    for row in section.rows:
        frame = row.run.predictions.set_index("picture")
        frame = frame[~frame.index.duplicated()].reindex(names)
        for name in _NUMBERS:
            stacked[name].append(frame[name].to_numpy(dtype=float))
    shape = (len(section.rows), len(names))
    values = {name: np.array(found, dtype=float).reshape(shape) for name, found in stacked.items()}
    return Grid(section, tuple(names), tuple(sources[name] for name in names), values)


def chosen_pictures(grids: Sequence[Grid], count: int | None) -> list[str]:
    """Pictures that are worth a page: in turn the worst of every row, the second worst, ..., until there are enough.

    Of those equally deep in the rows' lists, the one that stands there in most rows comes first.

    :param grids: of one data set.
    :param count: at most so many; None for all.
    :returns: names, sorted.
    """
    depth: dict[str, tuple[int, int]] = {}
    for grid in grids:
        for order in grid.worst_order:
            for rank, index in enumerate(order):
                name = grid.pictures[index]
                best, rows = depth.get(name, (rank + 1, 0))
                if rank < best:
                    depth[name] = (rank, 1)
                elif rank == best:
                    depth[name] = (best, rows + 1)
    ranked = sorted(depth, key=lambda name: (depth[name][0], -depth[name][1], name))
    return sorted(ranked[:count])


def _first_known(values: np.ndarray) -> np.ndarray:
    """In each column the first number that is one, shape (columns,)."""
    if not len(values):
        return np.empty(0)
    found = np.argmax(~np.isnan(values), axis=0)
    return np.asarray(values[found, np.arange(values.shape[1])])
