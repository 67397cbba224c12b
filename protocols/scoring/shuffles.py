"""Errors of the same pictures under several shuffles, with intervals over sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from protocols.scoring.bootstrap import mean_interval
from protocols.scoring.pairs import with_failures

if TYPE_CHECKING:
    from protocols.store.store import StoredRun


def errors_of_shuffles(runs: Sequence[StoredRun]) -> tuple[dict[str, dict[str, np.ndarray]], list[str]]:
    """Absolute errors by truth and predictor, each of shape (shuffles, pictures), and the pictures' sources.

    :returns: truths are named with their JND where it is not the first.
    """
    errors: dict[str, dict[str, list[np.ndarray]]] = {}
    for run in runs:
        frame, dataset = run.predictions.sort_values("picture"), run.record.dataset
        predicted, true = (frame[name].to_numpy(dtype=float) for name in ("predicted_level", "true_level"))
        of_pictures = with_failures(predicted, true, dataset.level_lowest, dataset.level_highest)
        errors.setdefault(run.identity.asked, {}).setdefault(run.identity.predictor, []).append(of_pictures)
        sources = frame["source"].astype(str).tolist()
    stacked = {truth: {name: np.array(rows) for name, rows in of_truth.items()} for truth, of_truth in errors.items()}
    return stacked, sources if errors else []


def mae_text(errors: np.ndarray, sources: Sequence[str]) -> str:
    """An MAE over all shuffles with its interval over sources.

    :param errors: absolute, shape (shuffles, pictures).
    """
    return f"{errors.mean():.2f} ({interval_text(*mean_interval(errors.mean(axis=0), sources))})"


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells as a table in Markdown."""
    first, *others = (f"| {' | '.join(cells)} |" for cells in (head, *rows))
    return "\n".join([first, f"|{'---|' * len(head)}", *others])


def interval_text(low: float | None, high: float | None, sign: str = "") -> str:
    """An interval over sources as tables write it."""
    return "one source" if low is None or high is None else f"{low:{sign}.2f} to {high:{sign}.2f}"
