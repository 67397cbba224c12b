"""The one bootstrap: sources are drawn with all their pictures, the same draws for every interval and every p-value.

Pictures of one source resemble each other, so *sources* are drawn. The draws depend on the sources' names alone, so
every predictor, every truth and every table sees the same ones.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import numpy as np

from datasets.common.hashing import seed_of_text

DRAWS = 10_000
"""Of an interval; a p-value of many pairs takes these and more."""
ALPHA = 0.05
"""What an interval leaves out, and below which a p-value counts."""
ENDS = (ALPHA / 2, 1 - ALPHA / 2)
"""The quantiles at which an interval begins and ends."""
_CELLS = 2_000_000
"""Of the matrix of draws held at once: 16 MB."""


def resamples(sources: Sequence[str], draws: int) -> Iterator[np.ndarray]:
    """How often each source is drawn in each resample, block by block.

    :param sources: different names, in order.
    :returns: blocks of shape (some draws, sources), float; `draws` rows in all, each summing to the number of sources.
    """
    generator = np.random.default_rng(seed_of_text("\n".join(sources)))
    count = len(sources)
    block = max(1, _CELLS // count)
    for start in range(0, draws, block):
        rows = min(block, draws - start)
        drawn = generator.integers(0, count, size=(rows, count), dtype=np.int32)
        drawn += np.arange(rows, dtype=np.int32)[:, None] * count
        yield np.bincount(drawn.ravel(), minlength=rows * count).reshape(rows, count).astype(float)


def resampled_means(values: np.ndarray, sources: Sequence[str], draws: int = DRAWS) -> np.ndarray:
    """Means over pictures in each resample of the sources.

    :param values: shape (rows, pictures), no NaN; a row is e.g. a predictor's errors.
    :returns: shape (draws, rows).
    """
    names, place = np.unique(np.asarray(sources, dtype=str), return_inverse=True)
    totals = np.stack([np.bincount(place, weights=row, minlength=len(names)) for row in values], axis=1)
    counts = np.bincount(place, minlength=len(names)).astype(float)
    blocks = _first_resamples(tuple(names.tolist())) if draws == DRAWS else resamples(names.tolist(), draws)
    return np.concatenate([(block @ totals) / (block @ counts)[:, None] for block in blocks])


def mean_interval(values: np.ndarray, sources: Sequence[str] | np.ndarray) -> tuple[float | None, float | None]:
    """95 % percentile interval of a mean over pictures.

    :param values: of each picture, shape (pictures,), no NaN.
    :returns: low and high in the values' unit; None where there are fewer than two sources.
    """
    if len(set(sources)) < 2:
        return None, None
    low, high = np.quantile(resampled_means(values[None], list(sources))[:, 0], ENDS)
    return float(low), float(high)


@functools.lru_cache(maxsize=2)
def _first_resamples(sources: tuple[str, ...]) -> list[np.ndarray]:
    """Kept in memory, since a table asks for those of the same sources once for every row."""
    return list(resamples(sources, DRAWS))
