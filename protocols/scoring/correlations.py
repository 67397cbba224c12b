"""Correlations, signs kept, and what two quantities share beyond a third: partial correlations."""

from __future__ import annotations

import numpy as np

_NOTHING_LEFT = 1e-9


def varies_within(values: np.ndarray, folds: np.ndarray) -> bool:
    """Whether values differ within any fold; both of shape (pictures,)."""
    order = np.argsort(folds, kind="stable")
    steps = np.diff(values[order]) != 0
    return bool((steps & (folds[order][1:] == folds[order][:-1])).any())


def _pearson(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.corrcoef(x, y)[0, 1])


def _spearman(x: np.ndarray, y: np.ndarray) -> float:
    from scipy.stats import rankdata

    return _pearson(rankdata(x), rankdata(y))


def _kendall(x: np.ndarray, y: np.ndarray) -> float:
    from scipy.stats import kendalltau

    return float(kendalltau(x, y).statistic)


CORRELATIONS = {"pearson": _pearson, "spearman": _spearman, "kendall": _kendall}
"""By name."""


def partial_pearson(x: np.ndarray, y: np.ndarray, given: np.ndarray) -> float | None:
    """Pearson correlation of what a straight line through `given` leaves of x and of y.

    :param x: shape (n,); `y` and `given` likewise, all finite.
    :returns: within [-1, 1]; None with fewer than four values, or where one is constant or `given` explains it wholly.
    """
    if len(x) < 4:
        return None
    columns = np.stack([x, y, given]).astype(float)
    columns = columns - columns.mean(axis=1, keepdims=True)
    first, second, third = columns
    if not (columns.std(axis=1) > _NOTHING_LEFT * (1 + np.abs([x, y, given]).max(axis=1))).all():
        return None
    left_x, left_y = (values - third * (values @ third) / (third @ third) for values in (first, second))
    if min(left_x.std() / first.std(), left_y.std() / second.std()) < _NOTHING_LEFT:
        return None
    return float(np.clip(left_x @ left_y / np.sqrt((left_x @ left_x) * (left_y @ left_y)), -1, 1))


def partial_spearman(x: np.ndarray, y: np.ndarray, given: np.ndarray) -> float | None:
    """`partial_pearson` of the ranks, ties shared."""
    from scipy.stats import rankdata

    return partial_pearson(*(rankdata(values) for values in (x, y, given)))
