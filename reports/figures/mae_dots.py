"""The dot plot of the MAE: every predictor with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reports.figures.layout import WIDTH_IN, labelled, limit_warning, mae_limit, mae_of
from reports.figures.style import ACCENT, HOLLOW, INK, Drawing, letters_across, new_figure, shortened
from reports.results.row import Row
from reports.results.section import Section
from reports.results.written import decimal, interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def mae_dots(section: Section) -> Drawing:
    """MAE with its interval for each predictor, best on top, the constant's as a dashed line."""
    names = [shortened(labelled(row), 40) for row in section.rows]
    left = 0.25 + 0.076 * max(map(len, names))
    heading = section.dataset.heading_within(int(0.7 * letters_across(WIDTH_IN)) - 7)
    counts = f"{section.pictures} pictures of {section.sources} sources; bars: 95 % bootstrap interval over sources"
    guides = ["dashed: the constant"] if section.control is not None else []
    if section.ceilings:
        ceiling = section.ceilings[0]
        mae = decimal(float(ceiling.scores["mae"] or 0), 2)
        guides.append(f"dotted: the human ceiling ({ceiling.predictor}), {mae} {section.unit}")
    guide_line = ["; ".join(guides)] if guides else []
    title = [f"MAE on {heading}", section.settings, counts, *guide_line, *limit_warning(section)]
    figure, axes = new_figure(WIDTH_IN, 0.6 + 0.24 * len(names), title=title, left_in=left, right_in=1.35)
    limit = mae_limit(section)
    if section.control is not None:
        axes.axvline(mae_of(section.control), color=INK, linewidth=1.0, linestyle="--", zorder=1)
    if section.ceilings:
        axes.axvline(float(section.ceilings[0].scores["mae"] or 0), color=INK, linewidth=1.4, linestyle=":", zorder=1)
    _dots(axes, section.rows, limit)
    for place, row in enumerate(section.rows):
        text = "no score" if row.has_failed else f"{decimal(mae_of(row), 2)} {interval(row)}"
        weight = "bold" if section.is_best(row) else "normal"
        beside = axes.get_yaxis_transform()
        axes.text(1.02, place, text, color=INK, fontweight=weight, fontsize=7.6, va="center", transform=beside)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlim=(0, limit), ylim=(len(names) - 0.4, -0.6))
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False, axis="y")
    arrows = "; arrow: beyond the axis" if any(mae_of(row) > limit for row in section.rows) else ""
    axes.set_xlabel(f"MAE in {section.unit}, lower is better{arrows}")
    best = next((row for row in section.rows if section.is_best(row)), None)
    best_text = f" Best: {best.predictor} with {decimal(mae_of(best), 2)} {section.unit}." if best else ""
    alt = f"Mean absolute error of {len(names)} predictors on {section.title}.{best_text} The table has the numbers."
    return Drawing(figure, alt)


def _dots(axes: Axes, rows: Sequence[Row], limit: float) -> None:
    scored = [(place, row) for place, row in enumerate(rows) if row.scores["mae"] is not None]
    bars = [
        (place, float(row.scores["mae_low"]), min(float(row.scores["mae_high"]), limit))
        for place, row in scored
        if row.scores["mae_low"] is not None and row.scores["mae_high"] is not None
    ]
    if bars:
        axes.hlines(*np.array(bars).T, color=ACCENT, linewidth=2.2, zorder=2)
    points_by_marker: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for place, row in scored:
        shape = ">" if mae_of(row) > limit else "D" if row.is_control else "o"
        face = ACCENT if row.is_whole and not row.is_control else HOLLOW
        points_by_marker.setdefault((shape, face), []).append((min(mae_of(row), limit), place))
    for (shape, face), points in points_by_marker.items():
        axes.plot(
            *zip(*points, strict=True), shape, markerfacecolor=face, markeredgecolor=INK, markersize=6, zorder=3,
            linestyle="none", clip_on=False,
        )  # fmt: skip
