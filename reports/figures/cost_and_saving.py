"""What a predictor is good for: its error against its time, and bytes saved against those who notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reports.figures.layout import WIDTH_IN, draw_marker, labelled, mae_limit, mae_of, section_title
from reports.figures.style import INK, MUTED, Drawing, new_figure, shortened
from reports.results.level_curves import Observed, observed
from reports.results.row import Row
from reports.results.section import Section
from reports.results.written import decimal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ABOVE = 0.05
"""Per cent of bytes: a point this little above the line of fixed levels is on it."""

_LEAST_MS = 0.01
"""A logarithmic axis has no place for what takes no time: a constant reads no pixel."""

_LIST_STEP_IN = 0.165
_NAME_LETTERS = 27
_NUMBER_OFFSETS_PT = ((6, 3), (6, -9), (-12, 3), (-12, -9), (-3, 8), (-3, -15), (13, -3), (-21, -3))
"""Places of a number about its point; the first that is free is taken."""

_FREE_PT = 12.0


@dataclass(frozen=True)
class Point:
    """A predictor's place.

    :param is_control: the constant, drawn as a diamond.
    :param is_beyond: cut off at the axis' end.
    """

    name: str
    x: float
    y: float
    marked: bool = False
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
        points.append(Point(labelled(row), float(ms), min(float(mae), limit), marked, row.is_control, mae > limit))
    return points


def cost_front(section: Section) -> Drawing | None:
    """MAE against ms per picture, time on a logarithmic axis, with the Pareto front."""
    from matplotlib.ticker import NullFormatter, StrMethodFormatter

    points = cost_points(section)
    if not points:
        return None
    ceiling = "; dotted: the ceiling" if section.ceilings else ""
    line = f"bold: nothing else is both faster and better; ▲ beyond the axis{ceiling}"
    figure, axes = _new_figure(section, "MAE against time", line, len(points))
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


def saving_points(section: Section, subjects: Observed) -> list[Point]:
    """Mean share of those who notice (%) and of bytes saved (%) for every row that has sizes, in the table's order.

    Those that save more than one level for all pictures would, at the same share of those who notice, are marked.
    """
    noticing, saved = fixed_levels(section, subjects)
    order = np.argsort(noticing, kind="stable")
    most = np.maximum.accumulate(saved[order])  # at levels that nobody, or everybody, notices, the smallest files
    points = []
    for row in section.rows:
        place = _mean_place(row, subjects, "predicted")
        if place is None:
            continue
        is_above = row.is_whole and most.size > 0 and place[1] > np.interp(place[0], noticing[order], most) + _ABOVE
        points.append(Point(labelled(row), *place, bool(is_above), row.is_control))
    return points


def fixed_levels(section: Section, subjects: Observed) -> np.ndarray:
    """What one level for all pictures would give, shape (2, levels): those who notice and bytes saved, in per cent."""
    table = section.pictures_table
    if table is None or table["size_bytes"].isna().any():
        return np.empty((2, 0))
    sizes = np.stack([np.asarray(values, dtype=float) for values in table["size_bytes"]])
    noticing = 1 - subjects.satisfied(table["picture"].tolist()).mean(axis=0)
    return 100 * np.stack([noticing, 1 - (sizes / sizes[:, -1:]).mean(axis=0)])


def saving_and_noticing(section: Section) -> Drawing | None:
    """Bytes saved against the share of the subjects who would notice, at the predicted levels."""
    subjects = observed(section)
    points = saving_points(section, subjects) if subjects is not None else []
    if subjects is None or not points:
        return None
    line = f"noticing: by samples of {section.dataset.samples}; ★ at the true levels; bold: above the dashed line"
    figure, axes = _new_figure(section, "Bytes saved against those who notice", line, len(points))
    fixed = fixed_levels(section, subjects)
    first = next(row for row in section.rows if not row.has_failed)
    truth = [place for place in [_mean_place(first, subjects, "true")] if place is not None]
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


def _mean_place(row: Row, subjects: Observed, levels: str) -> tuple[float, float] | None:
    """People who notice and bytes saved, in per cent; None where no size is known.

    :param levels: `true` or `predicted`.
    """
    known = row.run.predictions.dropna(subset=[f"{levels}_level", f"{levels}_bytes", "best_bytes"])
    if known.empty:
        return None
    noticing = subjects.noticing(known["picture"].tolist(), known[f"{levels}_level"].to_numpy(float))
    saved = 1 - known[f"{levels}_bytes"] / known["best_bytes"]
    return 100 * float(noticing.mean()), 100 * float(saved.mean())


def _new_figure(section: Section, what: str, line: str, points: int) -> tuple[Figure, Axes]:
    """A figure with room for the list of the points."""
    height_in = max(2.9, 0.15 + _LIST_STEP_IN * points) + 0.48
    return new_figure(WIDTH_IN, height_in, title=section_title(section, what, line), right_in=2.15)


def draw_points(axes: Axes, points: Sequence[Point], *, avoid: Sequence[tuple[float, float]] = ()) -> None:
    """Draw points with numbers, and the list of their names right of the axes; limits and scales are set before."""
    for point in points:
        shape = "^" if point.is_beyond else "D" if point.is_control else "o"
        draw_marker(axes, point.x, point.y, shape, is_filled=point.marked)
    _number(axes, points, avoid)
    step = _LIST_STEP_IN * axes.figure.dpi / axes.bbox.height
    for number, point in enumerate(points):
        axes.text(
            1.03, 1 - number * step, f"{number + 1:>2}  {shortened(point.name, _NAME_LETTERS)}",
            transform=axes.transAxes, va="top", fontsize=7.2, color=INK, zorder=5,
            fontweight="bold" if point.marked else "normal",
        )  # fmt: skip


def _number(axes: Axes, points: Sequence[Point], avoid: Sequence[tuple[float, float]]) -> None:
    all_places = [*((point.x, point.y) for point in points), *avoid]
    taken = list(axes.transData.transform(all_places) * 72 / axes.figure.dpi)
    places = taken[: len(points)]
    box = axes.bbox.get_points() * 72 / axes.figure.dpi
    shifts = np.array(_NUMBER_OFFSETS_PT) + 3
    for number, (point, place) in enumerate(zip(points, places, strict=True), 1):
        spots = place + shifts
        room = np.hypot(*(spots[:, None] - np.array(taken)[None]).transpose(2, 0, 1)).min(axis=1)
        # Outside the axes stand titles and labels.
        room = np.where(((spots > box[0]) & (spots < box[1])).all(axis=1), room, -1)
        best = next((at for at, free in enumerate(room) if free >= _FREE_PT), int(np.argmax(room)))
        taken.append(spots[best])
        axes.annotate(
            str(number), (point.x, point.y), _NUMBER_OFFSETS_PT[best], textcoords="offset points",
            fontsize=7, color=MUTED, zorder=5, annotation_clip=False,
        )  # fmt: skip
