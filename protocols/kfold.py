"""Cross-validation of three kinds: over given folds, leaving out one source at a time, and over several shuffles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from datasets.core.dataset import Dataset
from datasets.core.folds import Folds, dealt_folds
from protocols.plan import Protocol
from protocols.scoring.bootstrap import mean_interval
from protocols.scoring.shuffles import errors_of_shuffles, interval_text, markdown_table
from protocols.store.store import StoredRun

FOLDS = 5
"""Of each shuffle."""
_COLUMNS = ("predictor", "MAE", "95 % over sources", "sd between shuffles", "best and worst shuffle")


@final
@dataclass(frozen=True)
class KFold(Protocol):
    """The protocol of the leaderboard.

    :param fold_file: name of shipped folds, or a CSV file (source,fold); empty for the data set's own.
    """

    name = "kfold"
    meaning = "fitted on all folds but one, tested on that one"

    fold_file: str = ""

    def folds(self, dataset: Dataset) -> list[Folds]:
        return [dataset.folds(self.fold_file or dataset.card.default_folds)]


@final
@dataclass(frozen=True)
class LeaveOneSourceOut(Protocol):
    """As many folds as there are sources: the most training pictures, for sets of few sources."""

    name = "leave-one-source-out"
    meaning = "fitted on all sources but one, tested on that one; as many fits as there are sources"

    def folds(self, dataset: Dataset) -> list[Folds]:
        sources = sorted({picture.source for picture in dataset.pictures})
        return [dealt_folds(sources, len(sources), seed=0)]


@final
@dataclass(frozen=True)
class RepeatedKFold(Protocol):
    """Cross-validation over several shuffles of the sources into five folds.

    :param fold_seeds: how many shuffles.
    """

    name = "repeated-kfold"
    meaning = "cross-validation over several shuffles into five folds (--fold-seeds)"

    fold_seeds: int = 5

    def folds(self, dataset: Dataset) -> list[Folds]:
        return shuffled_folds(dataset, self.fold_seeds)

    def summary(self, runs: Sequence[StoredRun]) -> str:
        """By truth: MAE over all shuffles with its interval over sources, and how it spreads between shuffles."""
        errors, sources = errors_of_shuffles(runs)
        tables = []
        for truth, of_truth in errors.items():
            rows = [_row(name, shuffles, sources) for name, shuffles in of_truth.items()]
            head = f"{runs[0].record.dataset.samples}; truth {truth}; {self.fold_seeds} shuffles into {FOLDS} folds"
            tables.append(f"{head}\n\n{markdown_table(_COLUMNS, (cells for _, cells in sorted(rows)))}")
        return "\n\n".join(tables)


def shuffled_folds(dataset: Dataset, count: int) -> list[Folds]:
    """So many shuffles of a data set's sources into folds."""
    sources = [picture.source for picture in dataset.pictures]
    return [dealt_folds(sources, FOLDS, seed=seed) for seed in range(count)]


def _row(name: str, errors: np.ndarray, sources: Sequence[str]) -> tuple[float, tuple[str, ...]]:
    """A predictor's MAE, and its cells under `_COLUMNS`.

    :param errors: absolute, shape (shuffles, pictures).
    """
    of_shuffles = errors.mean(axis=1)
    low, high = mean_interval(errors.mean(axis=0), sources)
    spread = f"{of_shuffles.std(ddof=1):.2f}" if len(of_shuffles) > 1 else ""
    cells = (
        name,
        f"{of_shuffles.mean():.2f}",
        interval_text(low, high),
        spread,
        f"{of_shuffles.min():.2f}, {of_shuffles.max():.2f}",
    )
    return float(of_shuffles.mean()), cells
