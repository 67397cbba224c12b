"""Axes that the rows of a section share, so that their figures can be compared at a glance."""

from __future__ import annotations

import numpy as np

from reports.results.rows import Row
from reports.results.sections import Section

WITHIN = 5
"""Levels: the histogram shows at least twice as far, and marks this."""

_BIN_WIDTHS = (1, 3, 5, 9)
_MOST_BINS = 30
_FARTHEST = 3


def mae_limit(section: Section) -> float:
    """Where the MAE axis ends, in levels: rows far worse than the best must not press the others into a corner."""
    known = [_high(row) for row in section.rows if not row.has_failed]
    control = _high(section.control) if section.control is not None else 0.0
    return 1.08 * max(min(max(known), max(_FARTHEST * min(known), control)), 1e-6) if known else 1.0


def _high(row: Row) -> float:
    return float(row.scores["mae_high"] or row.scores["mae"] or 0)


def near_rows(section: Section) -> list[Row]:
    """Rows with errors that lie within `mae_limit`: those that decide how far an axis reaches."""
    limit = mae_limit(section)
    return [row for row in section.rows if not row.has_failed and (row.scores["mae"] or 0) <= limit]


def error_bins(section: Section) -> tuple[np.ndarray, int]:
    """Bins for every row of a section that has errors.

    :returns: edges in levels, with 0 in a bin's middle, that cover the errors of every row within `mae_limit`; and
        the fullest bin's count over all rows.
    """
    errors = [section.grid.errors_of(row.predictor) for row in section.rows if not row.has_failed]
    near = [section.grid.errors_of(row.predictor) for row in near_rows(section)]
    low = min(-2.0 * WITHIN, *(float(values.min()) for values in near))
    high = max(2.0 * WITHIN, *(float(values.max()) for values in near))
    width = next((w for w in _BIN_WIDTHS if (high - low) / w <= _MOST_BINS), _BIN_WIDTHS[-1])
    first, last = np.floor(low / width + 0.5), np.ceil(high / width - 0.5)
    edges = (np.arange(first, last + 2) - 0.5) * width
    return edges, max(int(np.histogram(values, edges)[0].max()) for values in errors)


def bin_counts(errors: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, int, int]:
    """Errors in each bin, shape (bins,), and how many lie below the first and above the last edge."""
    counts, _ = np.histogram(errors, edges)
    return counts, int((errors < edges[0]).sum()), int((errors > edges[-1]).sum())


def level_range(section: Section) -> tuple[float, float]:
    """Low and high of a level axis: the codec's range, with a little room."""
    low, high = section.dataset.level_lowest, section.dataset.level_highest
    room = 0.02 * (high - low)
    return low - room, high + room


def psnr_pairs(row: Row) -> tuple[np.ndarray, np.ndarray]:
    """PSNR at the true and at the predicted level of the pictures where both are known, each shape (pictures,), dB."""
    pairs = row.run.predictions[["true_psnr_db", "predicted_psnr_db"]].to_numpy(dtype=float)
    true, predicted = pairs[np.isfinite(pairs).all(axis=1)].T
    return true, predicted


def psnr_range(section: Section) -> tuple[float, float] | None:
    """Low and high in dB that hold the truth and the near rows' predictions; None where no PSNR is known."""
    known = [pair for row in near_rows(section) if (pair := np.concatenate(psnr_pairs(row))).size]
    if not known:
        return None
    values = np.concatenate(known)
    room = max(0.5, 0.04 * float(np.ptp(values)))
    return float(values.min()) - room, float(values.max()) + room
