"""Repeated cross-validation: how much a score moves with the shuffle into folds, apart from what sources make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from datasets.core.dataset import Dataset
from datasets.core.folds import Folds, dealt_folds
from protocols.plan import Protocol
from protocols.scoring.bootstrap import mean_interval
from protocols.scoring.pairs import with_failures
from protocols.store.store import StoredRun

FOLDS = 5


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
            columns = "| predictor | MAE | 95 % over sources | sd between shuffles | best and worst shuffle |\n"
            body = "\n".join(text for _, text in sorted(rows))
            tables.append(f"{head}\n\n{columns}|---|---|---|---|---|\n{body}")
        return "\n\n".join(tables)


def shuffled_folds(dataset: Dataset, count: int) -> list[Folds]:
    """So many shuffles of a data set's sources into folds."""
    sources = [picture.source for picture in dataset.pictures]
    return [dealt_folds(sources, FOLDS, seed=seed) for seed in range(count)]


def errors_of_shuffles(runs: Sequence[StoredRun]) -> tuple[dict[str, dict[str, np.ndarray]], list[str]]:
    """Absolute errors by truth and predictor, each of shape (shuffles, pictures), and the pictures' sources."""
    errors: dict[str, dict[str, list[np.ndarray]]] = {}
    for run in runs:
        frame, dataset = run.predictions.sort_values("picture"), run.record.dataset
        predicted, true = (frame[name].to_numpy(dtype=float) for name in ("predicted_level", "true_level"))
        of_pictures = with_failures(predicted, true, dataset.level_lowest, dataset.level_highest)
        errors.setdefault(run.identity.truth, {}).setdefault(run.identity.predictor, []).append(of_pictures)
        sources = frame["source"].astype(str).tolist()
    stacked = {truth: {name: np.array(rows) for name, rows in of_truth.items()} for truth, of_truth in errors.items()}
    return stacked, sources if errors else []


def interval_text(low: float | None, high: float | None, sign: str = "") -> str:
    """An interval over sources as tables write it."""
    return "one source" if low is None or high is None else f"{low:{sign}.2f} to {high:{sign}.2f}"


def _row(name: str, errors: np.ndarray, sources: Sequence[str]) -> tuple[float, str]:
    """A predictor's MAE and its line.

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
    return float(of_shuffles.mean()), f"| {' | '.join(cells)} |"
