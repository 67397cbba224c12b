"""Points for many predictors: numbered in the plot, and listed beside it with what the numbers mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reports.figures.style import ACCENT, HOLLOW, INK, MUTED, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STEP_IN = 0.165
_LETTERS = 27
_AROUND = ((6, 3), (6, -9), (-12, 3), (-12, -9), (-3, 8), (-3, -15), (13, -3), (-21, -3))
"""Places of a number about its point, in printer's points; the first that is free is taken."""
_NEAR_PT = 12.0


@dataclass(frozen=True)
class Point:
    """A predictor's place.

    :param marked: set in bold and filled.
    :param control: the constant, drawn as a diamond.
    :param beyond: cut off at the axis' end.
    """

    name: str
    x: float
    y: float
    marked: bool = False
    control: bool = False
    beyond: bool = False


def list_height(count: int) -> float:
    """How high a figure's axes must be for a list of so many, in inches."""
    return max(2.9, 0.15 + _STEP_IN * count) + 0.48


def draw_points(axes: Axes, points: Sequence[Point], *, avoid: Sequence[tuple[float, float]] = ()) -> None:
    """Draw points with numbers, and the list of their names right of the axes; limits and scales are set before.

    :param avoid: places that numbers keep away from.
    """
    alike: dict[tuple[str, str], list[Point]] = {}
    for point in points:
        shape = "^" if point.beyond else "D" if point.control else "o"
        alike.setdefault((shape, ACCENT if point.marked else HOLLOW), []).append(point)
    for (shape, face), some in alike.items():
        at = np.array([(point.x, point.y) for point in some]).T
        axes.plot(
            *at, marker=shape, linestyle="none", markersize=6, markerfacecolor=face, markeredgecolor=INK, clip_on=False,
            zorder=4,
        )  # fmt: skip
    _number(axes, points, avoid)
    height_in = axes.bbox.height / axes.figure.dpi
    for place, point in enumerate(points):
        text = f"{place + 1:>2}  {shortened(point.name, _LETTERS)}"
        weight = "bold" if point.marked else "normal"
        y = 1 - place * _STEP_IN / height_in
        axes.text(
            1.03, y, text, transform=axes.transAxes, va="top", fontsize=7.2, color=INK, fontweight=weight, zorder=5
        )


def _number(axes: Axes, points: Sequence[Point], avoid: Sequence[tuple[float, float]]) -> None:
    all_places = [*((point.x, point.y) for point in points), *avoid]
    taken = list(axes.transData.transform(all_places) * 72 / axes.figure.dpi)
    places = taken[: len(points)]
    box = axes.bbox.get_points() * 72 / axes.figure.dpi
    for number, place in enumerate(places, 1):
        shifts = np.array(_AROUND) + 3
        spots = place + shifts
        room = np.hypot(*(spots[:, None] - np.array(taken)[None]).transpose(2, 0, 1)).min(axis=1)
        # Outside the axes stand titles and labels.
        room = np.where(((spots > box[0]) & (spots < box[1])).all(axis=1), room, -1)
        best = next((at for at, free in enumerate(room) if free >= _NEAR_PT), int(np.argmax(room)))
        taken.append(place + shifts[best])
        axes.annotate(
            str(number), (points[number - 1].x, points[number - 1].y), _AROUND[best], textcoords="offset points",
            fontsize=7, color=MUTED, zorder=5, annotation_clip=False,
        )  # fmt: skip
