"""The error histogram of a run: how far off each picture was, with bins that all runs of a section share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reports.figures.layout import near_rows
from reports.figures.row_frame import new_row_figure, row_title, use_few_ticks
from reports.figures.style import BAND, FILL, INK
from reports.results.row import Row
from reports.results.section import Section
from reports.results.written import decimal

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WITHIN = 5
"""Levels: the histogram shows at least twice as far, and marks this."""

_BIN_WIDTHS = (1, 3, 5, 9)
_MOST_BINS = 30


def error_bins(section: Section) -> tuple[np.ndarray, int]:
    """Bins for every row of a section that has errors.

    :returns: edges in levels, with 0 in a bin's middle, that cover the errors of every row within `mae_limit`; and
        the fullest bin's count over all rows.
    """
    near_errors = [section.grid.errors_of(row.predictor) for row in near_rows(section)]
    low = min(-2.0 * WITHIN, *(float(errors.min()) for errors in near_errors))
    high = max(2.0 * WITHIN, *(float(errors.max()) for errors in near_errors))
    width = next((w for w in _BIN_WIDTHS if (high - low) / w <= _MOST_BINS), _BIN_WIDTHS[-1])
    first, last = np.floor(low / width + 0.5), np.ceil(high / width - 0.5)
    edges = (np.arange(first, last + 2) - 0.5) * width
    all_errors = [section.grid.errors_of(row.predictor) for row in section.rows if not row.has_failed]
    return edges, max(int(np.histogram(errors, edges)[0].max()) for errors in all_errors)


def error_axes(section: Section) -> Figure:
    """Axes of predicted minus true level."""
    edges, fullest = error_bins(section)
    figure, axes = new_row_figure(section, 2.3)
    axes.axvspan(-WITHIN, WITHIN, color=BAND, linewidth=0, zorder=0)
    room = (edges[1] - edges[0]) / 4
    axes.set(xlim=(edges[0] - room, edges[-1] + room), ylim=(0, fullest * 1.05))
    axes.set_xlabel(f"predicted minus true level ({section.unit})")
    axes.set_ylabel("pictures")
    axes.grid(visible=False, axis="x")
    use_few_ticks(axes, integer=True)
    return figure


def add_errors(section: Section, row: Row, axes: Axes) -> tuple[list[Artist], str]:
    """A row's histogram, with the shares within 3, 5 and 10 levels."""
    edges, _ = error_bins(section)
    errors = section.grid.errors_of(row.predictor)
    counts, _ = np.histogram(errors, edges)
    shares = "/".join(decimal(100 * float(row.scores[f"within_{k}"] or 0), 0) for k in (3, 5, 10))
    shares_text = f"{shares} % within 3/5/10 {section.unit}"
    walls = np.maximum(np.append(counts, 0), np.append(0, counts))
    whole_height = axes.get_xaxis_transform()
    artists = [
        *row_title(row, axes, shares_text, errors.size),
        axes.stairs(counts, edges, fill=True, facecolor=FILL, edgecolor=INK, linewidth=0.6, zorder=2),
        axes.vlines(edges, 0, walls, color=INK, linewidth=0.6, zorder=2.1),
        axes.vlines(0, 0, 1, INK, "solid", transform=whole_height, linewidth=1.0, zorder=3),
        axes.vlines((-WITHIN, WITHIN), 0, 1, INK, "dashed", transform=whole_height, linewidth=1.0, zorder=3),
    ]
    below, above = int((errors < edges[0]).sum()), int((errors > edges[-1]).sum())
    if below:
        artists.append(axes.text(0.02, 0.5, f"← {below} farther", transform=axes.transAxes, ha="left", color=INK))
    if above:
        artists.append(axes.text(0.98, 0.5, f"{above} farther →", transform=axes.transAxes, ha="right", color=INK))
    alt = (
        f"Histogram of predicted minus true level for {row.predictor} on {section.title}: "
        f"{shares_text}, mean error {decimal(float(row.scores['bias'] or 0), 1)} {section.unit}."
    )
    return artists, alt
