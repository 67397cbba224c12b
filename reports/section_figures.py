"""Figures of a whole section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.axes import mae_limit
from reports.columns import decimal, interval, mark
from reports.drawing import ACCENT, HOLLOW, INK, letters_across, new_figure, shortened
from reports.rows import Row
from reports.sections import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH_IN = 7.2


def mae_dots(section: Section) -> Figure:
    """MAE with its interval for each predictor, best on top, the constant's as a dashed line."""
    names = [shortened(f"{row.predictor} ({mark(row)})" if mark(row) else row.predictor, 40) for row in section.rows]
    left = 0.25 + 0.076 * max(map(len, names))
    heading = section.dataset.heading_within(int(0.7 * letters_across(_WIDTH_IN)) - 7)
    counts = f"{section.pictures} pictures of {section.sources} sources; bars: 95 % bootstrap interval over sources"
    title = [f"MAE on {heading}", section.settings, counts, *([section.limited] if section.limited else [])]
    figure, axes = new_figure(_WIDTH_IN, 0.6 + 0.24 * len(names), title=title, left_in=left, right_in=1.35)
    limit = mae_limit(section)
    if section.control is not None:
        axes.axvline(float(section.control.scores["mae"] or 0), color=INK, linewidth=1.0, linestyle="--", zorder=1)
    beside = axes.get_yaxis_transform()
    for place, row in enumerate(section.rows):
        _dot(axes, place, row, limit)
        text = "no score" if row.has_failed else f"{decimal(float(row.scores['mae'] or 0), 2)} {interval(row)}"
        weight = "bold" if section.is_best(row) else "normal"
        axes.text(1.02, place, text, color=INK, fontweight=weight, fontsize=7.6, va="center", transform=beside)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlim=(0, limit), ylim=(len(names) - 0.4, -0.6))
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False, axis="y")
    arrows = "; arrow: beyond the axis" if any((row.scores["mae"] or 0) > limit for row in section.rows) else ""
    axes.set_xlabel(f"MAE in {section.unit}, lower is better{arrows}")
    return figure


def _dot(axes: Axes, place: int, row: Row, limit: float) -> None:
    mae, low, high = (row.scores[name] for name in ("mae", "mae_low", "mae_high"))
    if mae is None:
        return
    if low is not None and high is not None:
        axes.hlines(place, low, min(high, limit), color=ACCENT, linewidth=2.2, zorder=2)
    if mae > limit:
        axes.plot(limit, place, ">", color=ACCENT, markersize=6, clip_on=False, zorder=3)
        return
    shape, face = "D" if row.is_control else "o", ACCENT if row.is_whole and not row.is_control else HOLLOW
    axes.plot(mae, place, shape, markerfacecolor=face, markeredgecolor=INK, markersize=6, zorder=3)


def describe_mae(section: Section) -> str:
    """The dots in words."""
    best = next((row for row in section.rows if section.is_best(row)), None)
    told = f" Best: {best.predictor} with {decimal(float(best.scores['mae'] or 0), 2)} {section.unit}." if best else ""
    return f"Mean absolute error of {len(section.rows)} predictors on {section.title}.{told} The table has the numbers."
