"""What a predictor is good for: its error against its time, and bytes saved against those who notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from reports.figures.layout import WIDTH_IN, draw_marker, labelled, mae_limit, mae_of, section_title
from reports.figures.style import INK, MUTED, Drawing, new_figure, shortened
from reports.results.level_curves import fixed_levels, observed
from reports.results.section import Section
from reports.results.written import decimal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

_ABOVE = 0.05
"""Per cent of bytes: a point this little above the line of fixed levels is on it."""

_LEAST_MS = 0.01
"""A logarithmic axis has no place for what takes no time: a constant reads no pixel."""

_NAME_LETTERS = 27
_DISTANCES_PT = (8, 15, 24, 36, 50, 66)
_ANGLES = (45, 315, 135, 225, 90, 270, 0, 180)
"""Where a name stands from its point: the first place that is free is taken, the nearer ones first."""


@dataclass(frozen=True)
class Point:
    """A predictor's place.

    :param marked: stands out.
    :param is_named: whether its name stands beside it.
    :param is_control: the constant, drawn as a diamond.
    :param is_beyond: cut off at the axis' end.
    """

    name: str
    x: float
    y: float
    marked: bool = False
    is_named: bool = False
    is_control: bool = False
    is_beyond: bool = False


def cost_points(section: Section) -> list[Point]:
    """MAE and ms per picture of every row that has both, in the table's order; those on the Pareto front are marked."""
    limit = mae_limit(section)
    rows = [row for row in section.rows if not row.has_failed and row.scores["ms_per_picture"] is not None]
    values = np.array([(max(float(row.scores["ms_per_picture"] or 0), _LEAST_MS), mae_of(row)) for row in rows])
    points = []
    for row, (ms, mae) in zip(rows, values, strict=True):
        is_beaten = ((values <= (ms, mae)).all(axis=1) & (values < (ms, mae)).any(axis=1)).any()
        marked = row.is_whole and not is_beaten
        is_named = marked or row.is_control
        place = (float(ms), min(float(mae), limit))
        points.append(Point(labelled(row), *place, marked, is_named, row.is_control, mae > limit))
    return points


def cost_front(section: Section) -> Drawing | None:
    """MAE against ms per picture, time on a logarithmic axis, with the Pareto front."""
    from matplotlib.ticker import NullFormatter, StrMethodFormatter

    points = cost_points(section)
    if not points:
        return None
    ceiling = "; dotted: the ceiling" if section.ceilings else ""
    line = f"named: nothing else is both faster and better; ▲ beyond the axis{ceiling}"
    figure, axes = _new_figure(section, "MAE against time", line)
    slowest = 2 * max(point.x for point in points)
    axes.set(xscale="log", xlim=(min(point.x for point in points) / 2, slowest), ylim=(0, mae_limit(section)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    front = sorted((point for point in points if point.marked), key=lambda point: (point.x, point.y))
    if front:
        x, y = [*(point.x for point in front), slowest], [*(point.y for point in front), front[-1].y]
        axes.step(x, y, where="post", color=INK, linewidth=1.0, linestyle="--", zorder=2)
    if section.ceilings:
        axes.axhline(float(section.ceilings[0].scores["mae"] or 0), color=INK, linewidth=1.4, linestyle=":", zorder=2)
    draw_points(axes, points)
    axes.set_xlabel("measuring and predicting one picture (ms, logarithmic)")
    axes.set_ylabel(f"MAE ({section.unit})")
    front_text = "; ".join(f"{p.name} {decimal(p.x, 1)} ms, {decimal(p.y, 2)} {section.unit}" for p in front)
    alt = f"MAE against ms per picture on {section.title}. Neither slower nor worse than any other: {front_text}."
    return Drawing(figure, alt)


def saving_points(section: Section) -> list[Point]:
    """Mean share of those who notice (%) and of bytes saved (%) for every row that has both, in the table's order.

    Those that save more than one level for all pictures would, at the same share of those who notice, are marked; of
    these, names have those that no other one beats in both.
    """
    noticing, saved = fixed_levels(section)
    order = np.argsort(noticing, kind="stable")
    most = np.maximum.accumulate(saved[order])  # at levels that nobody, or everybody, notices, the smallest files
    points = []
    for row in section.rows:
        if row.scores["noticing"] is None or row.scores["bytes_saved"] is None:
            continue
        place = (100 * float(row.scores["noticing"]), 100 * float(row.scores["bytes_saved"]))
        is_above = row.is_whole and most.size > 0 and place[1] > np.interp(place[0], noticing[order], most) + _ABOVE
        points.append(Point(labelled(row), *place, bool(is_above), is_control=row.is_control))
    above = [point for point in points if point.marked]
    beaten = {a for a in above for b in above if (b.x, b.y) != (a.x, a.y) and b.x <= a.x and b.y >= a.y}
    return [replace(point, is_named=point.is_control or (point in above and point not in beaten)) for point in points]


def saving_and_noticing(section: Section) -> Drawing | None:
    """Bytes saved against the share of the subjects who would notice, at the predicted levels."""
    points = saving_points(section)
    if not points:
        return None
    line = f"noticing: by samples of {section.dataset.samples}; ★ at the true levels; filled: above the dashed line"
    figure, axes = _new_figure(section, "Bytes saved against those who notice", line)
    fixed = fixed_levels(section)
    truth = _at_the_truth(section)
    x, y = zip(*((point.x, point.y) for point in points), *truth, strict=True)
    axes.set(xlim=(max(-1, min(x) - 4), min(101, max(x) + 6)), ylim=(max(-1, min(y) - 4), min(101, max(y) + 4)))
    axes.plot(*fixed, color=MUTED, linewidth=1.2, linestyle="--", zorder=2)
    for place in truth:
        axes.plot(*place, "*", color=INK, markersize=11, zorder=3)
    draw_points(axes, points, avoid=truth)
    axes.set_xlabel(f"observers who would notice (%){'; dashed: one level for all' if fixed.size else ''}")
    axes.set_ylabel("bytes saved (%)")
    each = "; ".join(f"{point.name} saves {decimal(point.y, 0)} %, {decimal(point.x, 0)} % notice" for point in points)
    return Drawing(figure, f"Bytes saved against the share of observers who would notice on {section.title}: {each}.")


def _at_the_truth(section: Section) -> list[tuple[float, float]]:
    """Those who notice and bytes saved at the true levels, in per cent; none where no size is known."""
    subjects = observed(section.pictures_table, section.dataset)
    first = next(row for row in section.rows if not row.has_failed)
    known = first.run.predictions.dropna(subset=["true_bytes", "best_bytes"])
    if subjects is None or known.empty:
        return []
    noticing = subjects.noticing(known["picture"].tolist(), known["true_level"].to_numpy(float))
    return [(100 * float(noticing.mean()), 100 * float((1 - known["true_bytes"] / known["best_bytes"]).mean()))]


def _new_figure(section: Section, what: str, line: str) -> tuple[Figure, Axes]:
    return new_figure(WIDTH_IN, 3.9, title=section_title(section, what, line))


def draw_points(axes: Axes, points: Sequence[Point], *, avoid: Sequence[tuple[float, float]] = ()) -> None:
    """Draw points, and names that cover neither each other nor a point; limits and scales are set before."""
    from matplotlib.transforms import Bbox

    for point in points:
        shape = "^" if point.is_beyond else "D" if point.is_control else "o"
        draw_marker(axes, point.x, point.y, shape, is_filled=point.marked)
    point_px = 4 * axes.figure.dpi / 72
    places = axes.transData.transform([*((point.x, point.y) for point in points), *avoid])
    taken = [Bbox([place - point_px, place + point_px]) for place in places]
    for point in points:
        if point.is_named:
            _name(axes, point, taken)


def _name(axes: Axes, point: Point, taken: list[Bbox]) -> None:
    """Write a point's name where it covers nothing, and add it to what is taken; nothing where no place is free."""
    from matplotlib.text import Text

    for distance, angle in product(_DISTANCES_PT, _ANGLES):
        across, up = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        text = axes.annotate(
            shortened(point.name, _NAME_LETTERS), (point.x, point.y), (distance * across, distance * up),
            textcoords="offset points", ha="left" if across > 0.1 else "right" if across < -0.1 else "center",
            va="center" if abs(up) < 0.9 else "bottom" if up > 0 else "top", fontsize=7.2, color=INK, zorder=5,
            arrowprops={"arrowstyle": "-", "linewidth": 0.5, "color": MUTED} if distance > _DISTANCES_PT[0] else None,
        )  # fmt: skip
        text.get_window_extent()  # finds its place
        box = Text.get_window_extent(text)  # without the line that leads to the point
        is_inside = axes.bbox.contains(box.x0, box.y0) and axes.bbox.contains(box.x1, box.y1)
        if is_inside and not any(map(box.overlaps, taken)):
            taken.append(box)
            return
        text.remove()
