"""Axes that the rows of a section share, so that their figures can be compared at a glance."""

from __future__ import annotations

import numpy as np

from reports.sections import Section

WITHIN = 5
"""Levels: the histogram shows at least twice as far, and marks this."""

_BIN_WIDTHS = (1, 3, 5, 9)
_MOST_BINS = 30
_FARTHEST = 3


def mae_limit(section: Section) -> float:
    """Where the MAE axis ends, in levels: rows far worse than the best must not press the others into a corner."""
    highs = {row.predictor: float(row.scores["mae_high"] or row.scores["mae"] or 0) for row in section.rows}
    known = [highs[row.predictor] for row in section.rows if not row.has_failed]
    control = highs[section.control.predictor] if section.control is not None else 0.0
    return 1.08 * max(min(max(known), max(_FARTHEST * min(known), control)), 1e-6) if known else 1.0


def error_bins(section: Section) -> tuple[np.ndarray, int]:
    """Bins for every row of a section that has errors.

    :returns: edges in levels, with 0 in a bin's middle, that cover the errors of every row within `mae_limit`; and
        the fullest bin's count over all rows.
    """
    errors = [row.errors for row in section.rows if row.errors.size]
    near = [row.errors for row in section.rows if row.errors.size and (row.scores["mae"] or 0) <= mae_limit(section)]
    low = min(-2.0 * WITHIN, *(float(values.min()) for values in near))
    high = max(2.0 * WITHIN, *(float(values.max()) for values in near))
    width = next((w for w in _BIN_WIDTHS if (high - low) / w <= _MOST_BINS), _BIN_WIDTHS[-1])
    first, last = np.floor(low / width + 0.5), np.ceil(high / width - 0.5)
    edges = (np.arange(first, last + 2) - 0.5) * width
    return edges, max(int(np.histogram(values, edges)[0].max()) for values in errors)
