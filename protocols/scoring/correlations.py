"""What two quantities share beyond a third: partial correlations, signs kept."""

from __future__ import annotations

import numpy as np

_NOTHING_LEFT = 1e-9


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
    left_x, left_y = (one - third * (one @ third) / (third @ third) for one in (first, second))
    if min(left_x.std() / first.std(), left_y.std() / second.std()) < _NOTHING_LEFT:
        return None
    return float(np.clip(left_x @ left_y / np.sqrt((left_x @ left_x) * (left_y @ left_y)), -1, 1))


def partial_spearman(x: np.ndarray, y: np.ndarray, given: np.ndarray) -> float | None:
    """`partial_pearson` of the ranks, ties shared."""
    from scipy.stats import rankdata

    return partial_pearson(*(rankdata(values) for values in (x, y, given)))
