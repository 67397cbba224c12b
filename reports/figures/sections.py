"""Figures of a whole section."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reports.figures.axes import mae_limit
from reports.figures.style import ACCENT, HOLLOW, INK, letters_across, new_figure, shortened
from reports.results.columns import decimal, interval, mark
from reports.results.rows import Row
from reports.results.sections import Section

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
    lines = ["dashed: the constant"] if section.control is not None else []
    if section.ceilings:
        ceiling = section.ceilings[0]
        mae = decimal(float(ceiling.scores["mae"] or 0), 2)
        lines.append(f"dotted: the human ceiling ({ceiling.predictor}), {mae} {section.unit}")
    told = ["; ".join(lines)] if lines else []
    title = [f"MAE on {heading}", section.settings, counts, *told, *([section.limited] if section.limited else [])]
    figure, axes = new_figure(_WIDTH_IN, 0.6 + 0.24 * len(names), title=title, left_in=left, right_in=1.35)
    limit = mae_limit(section)
    if section.control is not None:
        axes.axvline(float(section.control.scores["mae"] or 0), color=INK, linewidth=1.0, linestyle="--", zorder=1)
    if section.ceilings:
        axes.axvline(float(section.ceilings[0].scores["mae"] or 0), color=INK, linewidth=1.4, linestyle=":", zorder=1)
    _dots(axes, section.rows, limit)
    beside = axes.get_yaxis_transform()
    for place, row in enumerate(section.rows):
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


def _dots(axes: Axes, rows: Sequence[Row], limit: float) -> None:
    known = [(place, row) for place, row in enumerate(rows) if row.scores["mae"] is not None]
    bars = [
        (place, float(row.scores["mae_low"]), min(float(row.scores["mae_high"]), limit))
        for place, row in known
        if row.scores["mae_low"] is not None and row.scores["mae_high"] is not None
    ]
    if bars:
        axes.hlines(*np.array(bars).T, color=ACCENT, linewidth=2.2, zorder=2)
    alike: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for place, row in known:
        mae = float(row.scores["mae"] or 0)
        shape = ">" if mae > limit else "D" if row.is_control else "o"
        face = ACCENT if row.is_whole and not row.is_control else HOLLOW
        alike.setdefault((shape, face), []).append((min(mae, limit), place))
    for (shape, face), places in alike.items():
        axes.plot(
            *zip(*places, strict=True), shape, markerfacecolor=face, markeredgecolor=INK, markersize=6, zorder=3,
            linestyle="none", clip_on=False,
        )  # fmt: skip


def describe_mae(section: Section) -> str:
    """The dots in words."""
    best = next((row for row in section.rows if section.is_best(row)), None)
    told = f" Best: {best.predictor} with {decimal(float(best.scores['mae'] or 0), 2)} {section.unit}." if best else ""
    return f"Mean absolute error of {len(section.rows)} predictors on {section.title}.{told} The table has the numbers."
