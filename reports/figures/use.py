"""Figures of what a predictor is good for: its error against its time, and bytes saved against people who notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reports.figures.axes import mae_limit
from reports.figures.numbered import Point, draw_points, list_height
from reports.figures.shown import section_title
from reports.figures.style import INK, MUTED, new_figure
from reports.results.columns import decimal, mark
from reports.results.observed import Observed, observed
from reports.results.rows import Row
from reports.results.sections import Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH_IN = 7.2
_ABOVE = 0.05
"""Per cent of bytes: a point this little above the line of fixed levels is on it."""
_LEAST_MS = 0.01
"""A logarithmic axis has no place for what takes no time: a constant looks at no pixel."""


def cost_points(section: Section) -> list[Point]:
    """MAE and ms per picture of every row that has both, in the table's order; those on the Pareto front are marked."""
    limit = mae_limit(section)
    rows = [row for row in section.rows if not row.has_failed and row.scores["ms_per_picture"] is not None]
    values = np.array([(max(float(row.scores["ms_per_picture"] or 0), _LEAST_MS), _mae(row)) for row in rows])
    points = []
    for row, (ms, mae) in zip(rows, values, strict=True):
        beaten = ((values <= (ms, mae)).all(axis=1) & (values < (ms, mae)).any(axis=1)).any()
        marked = row.is_whole and not beaten
        points.append(Point(_named(row), float(ms), min(float(mae), limit), marked, row.is_control, mae > limit))
    return points


def cost_front(section: Section) -> Figure | None:
    """MAE against ms per picture, time on a logarithmic axis, with the Pareto front."""
    from matplotlib.ticker import NullFormatter, StrMethodFormatter

    points = cost_points(section)
    if not points:
        return None
    ceiling = "; dotted: the human ceiling" if section.ceilings else ""
    told = f"bold: nothing else is both faster and better; ▲ beyond the axis{ceiling}"
    title = section_title(section, "MAE against time", _WIDTH_IN, told)
    figure, axes = new_figure(_WIDTH_IN, list_height(len(points)), title=title, right_in=2.15)
    limit, times = mae_limit(section), [point.x for point in points]
    axes.set(xscale="log", xlim=(min(times) / 2, max(times) * 2), ylim=(0, limit))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    front = sorted((point.x, point.y) for point in points if point.marked)
    if front:
        steps = [*front, (max(times) * 2, front[-1][1])]
        axes.step(*zip(*steps, strict=True), where="post", color=INK, linewidth=1.0, linestyle="--", zorder=2)
    if section.ceilings:
        axes.axhline(float(section.ceilings[0].scores["mae"] or 0), color=INK, linewidth=1.4, linestyle=":", zorder=2)
    draw_points(axes, points)
    axes.set_xlabel("measuring and predicting one picture (ms, logarithmic)")
    axes.set_ylabel(f"MAE ({section.unit})")
    return figure


def saving_points(section: Section, subjects: Observed) -> list[Point]:
    """Mean share of people who notice (%) and of bytes saved (%) for every row that has sizes, in the table's order.

    Those that save more than one level for all pictures would, at the same share of people who notice, are marked.
    """
    fixed = fixed_levels(section, subjects)
    order = np.argsort(fixed[0], kind="stable")
    most = np.maximum.accumulate(fixed[1][order])  # at levels that nobody, or everybody, notices, the smallest files
    points = []
    for row in section.rows:
        good = row.run.predictions.dropna(subset=["predicted_level", "predicted_bytes", "best_bytes"])
        if good.empty:
            continue
        shares = subjects.noticing(good["picture"].tolist(), good["predicted_level"].to_numpy(float))
        x = 100 * float(shares.mean())
        y = 100 * float((1 - good["predicted_bytes"] / good["best_bytes"]).mean())
        above = row.is_whole and fixed.size > 0 and y > np.interp(x, fixed[0][order], most) + _ABOVE
        points.append(Point(_named(row), x, y, bool(above), row.is_control))
    return points


def fixed_levels(section: Section, subjects: Observed) -> np.ndarray:
    """What one level for all pictures would give, shape (2, levels): people who notice and bytes saved, in per cent."""
    table = section.pictures_table
    if table is None or table["size_bytes"].isna().any():
        return np.empty((2, 0))
    sizes = np.stack([np.asarray(values, dtype=float) for values in table["size_bytes"]])
    notice = 1 - subjects.satisfied(table["picture"].tolist()).mean(axis=0)
    return 100 * np.stack([notice, 1 - (sizes / sizes[:, -1:]).mean(axis=0)])


def saving_and_noticing(section: Section) -> Figure | None:
    """Bytes saved against the share of the subjects who would notice, at the predicted levels."""
    subjects = observed(section)
    points = saving_points(section, subjects) if subjects is not None else []
    if subjects is None or not points:
        return None
    told = f"noticing: by samples of {section.dataset.samples}; ★ at the true levels; bold: above the dashed line"
    title = section_title(section, "Bytes saved against people who notice", _WIDTH_IN, told)
    figure, axes = new_figure(_WIDTH_IN, list_height(len(points)), title=title, right_in=2.15)
    line = fixed_levels(section, subjects)
    truth = _at_the_truth(section, subjects)
    x = [point.x for point in points] + ([truth[0]] if truth else [])
    y = [point.y for point in points] + ([truth[1]] if truth else [])
    axes.set(xlim=(max(-1, min(x) - 4), min(101, max(x) + 6)), ylim=(max(-1, min(y) - 4), min(101, max(y) + 4)))
    axes.plot(*line, color=MUTED, linewidth=1.2, linestyle="--", zorder=2)
    if truth:
        axes.plot(*truth, "*", color=INK, markersize=11, zorder=3)
    draw_points(axes, points, avoid=[truth] if truth else [])
    fixed = "; dashed: one level for all" if line.size else ""
    axes.set_xlabel(f"people who would notice (%){fixed}")
    axes.set_ylabel("bytes saved (%)")
    return figure


def _at_the_truth(section: Section, subjects: Observed) -> tuple[float, float] | None:
    frame = next((row.run.predictions for row in section.rows if not row.has_failed), None)
    good = None if frame is None else frame.dropna(subset=["true_bytes", "best_bytes"])
    if good is None or good.empty:
        return None
    shares = subjects.noticing(good["picture"].tolist(), good["true_level"].to_numpy(float))
    saved = 1 - (good["true_bytes"] / good["best_bytes"]).to_numpy(float)
    return 100 * float(shares.mean()), 100 * float(saved.mean())


def _mae(row: Row) -> float:
    return float(row.scores["mae"] or 0)


def _named(row: Row) -> str:
    return f"{row.predictor} ({mark(row)})" if mark(row) else row.predictor


def describe_cost(section: Section) -> str:
    """The front in words."""
    front = sorted((point for point in cost_points(section) if point.marked), key=lambda point: point.x)
    told = "; ".join(f"{point.name} {decimal(point.x, 1)} ms, {decimal(point.y, 2)} {section.unit}" for point in front)
    return f"MAE against ms per picture on {section.title}. Neither slower nor worse than any other: {told}."


def describe_saving(section: Section) -> str:
    """Bytes saved and people who notice, in words."""
    subjects = observed(section)
    points = saving_points(section, subjects) if subjects is not None else []
    told = "; ".join(f"{point.name} saves {decimal(point.y, 0)} %, {decimal(point.x, 0)} % notice" for point in points)
    return f"Bytes saved against the share of people who would notice on {section.title}: {told}."
