"""Every predictor's answer for every picture of a section, as arrays: tables, figures and pages start from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
import pandas as pd

from protocols.store.store import StoredRun

_NUMBERS = (
    *("fold", "true_level", "predicted_level", "true_psnr_db", "predicted_psnr_db", "true_bytes", "predicted_bytes"),
    "ms",
)


@final
@dataclass(frozen=True, eq=False)
class Grid:
    """Predictions by predictor and picture.

    :param predictors: names, in the order of the section's rows.
    :param pictures: names, sorted.
    :param sources: of the pictures, in their order.
    :param values: for each of `fold`, `true_level`, `predicted_level`, `true_psnr_db`, `predicted_psnr_db`,
        `true_bytes`, `predicted_bytes` and `ms` the numbers, shape (predictors, pictures); NaN where there is none.
    :param tables: the predictors' stored predictions, see `protocols.store.store.COLUMNS`.
    """

    predictors: tuple[str, ...]
    pictures: tuple[str, ...]
    sources: tuple[str, ...]
    values: Mapping[str, np.ndarray]
    tables: tuple[pd.DataFrame, ...]

    @cached_property
    def true(self) -> np.ndarray:
        """The true levels, shape (pictures,)."""
        return self.of_any("true_level")

    def of_any(self, name: str) -> np.ndarray:
        """What the first predictor that knows it says of each picture, shape (pictures,); NaN where none does."""
        numbers = self.values[name]
        if not len(numbers):
            return np.empty(0)
        first_known = np.argmax(~np.isnan(numbers), axis=0)
        return np.asarray(numbers[first_known, np.arange(numbers.shape[1])])

    @cached_property
    def errors(self) -> np.ndarray:
        """Predicted minus true level, shape (predictors, pictures); NaN where a picture failed."""
        return np.asarray(self.values["predicted_level"] - self.values["true_level"])

    def errors_of(self, predictor: str) -> np.ndarray:
        """A predictor's errors for the pictures that did not fail, shape (pictures that did not fail,)."""
        errors = self.errors[self.predictors.index(predictor)]
        return np.asarray(errors[~np.isnan(errors)])

    @cached_property
    def place(self) -> dict[str, int]:
        """Where a picture stands in the arrays."""
        return {name: index for index, name in enumerate(self.pictures)}

    @cached_property
    def worst_order(self) -> np.ndarray:
        """For each predictor the pictures from the worst error to the best, failed ones first, shape as `errors`."""
        size = np.where(np.isnan(self.errors), np.inf, np.abs(self.errors))
        return np.argsort(-size, axis=1, kind="stable")

    def in_all(self) -> Grid:
        """The same with the pictures alone that every predictor has."""
        known = np.flatnonzero(~np.isnan(self.values["true_level"]).any(axis=0))
        pictures, sources = (tuple(names[place] for place in known) for names in (self.pictures, self.sources))
        values = {name: numbers[:, known] for name, numbers in self.values.items()}
        return Grid(self.predictors, pictures, sources, values, self.tables)

    def record(self, row: int, picture: str) -> dict[str, Any]:
        """A predictor's stored line about a picture; empty where it has none."""
        line = self._lines[row].get(picture)
        return {} if line is None else {str(name): value for name, value in self.tables[row].iloc[line].items()}

    @cached_property
    def _lines(self) -> list[dict[str, int]]:
        return [{str(name): line for line, name in enumerate(table["picture"])} for table in self.tables]


def grid_of(runs: Sequence[StoredRun]) -> Grid:
    """The grid of some runs; pictures that only some of them have are in it, too."""
    tables = tuple(run.predictions for run in runs)
    sources: dict[str, str] = {}
    for table in tables:
        sources.update(zip(table["picture"].astype(str), table["source"].astype(str), strict=True))
    names = sorted(sources)
    aligned = []
    for table in tables:
        by_picture = table.set_index("picture")
        aligned.append(by_picture[~by_picture.index.duplicated()].reindex(names))
    shape = (len(runs), len(names))
    values = {
        name: np.array([table[name].to_numpy(dtype=float) for table in aligned], dtype=float).reshape(shape)
        for name in _NUMBERS
    }
    predictors = tuple(run.identity.predictor for run in runs)
    return Grid(predictors, tuple(names), tuple(sources[name] for name in names), values, tables)


def chosen_pictures(grids: Sequence[Grid], count: int | None) -> list[str]:
    """Pictures that are worth a page: in turn the worst of every row, the second worst, ..., until there are enough.

    Of those equally deep in the rows' lists, the one that stands there in most rows comes first.

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
