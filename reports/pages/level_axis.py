"""Every predictor's level of one picture on one axis, with the subjects' JNDs above: where things stand in an SVG."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from protocols.store.record import DatasetRecord
from reports.figures.style import shortened
from reports.results.section import Section

WIDTH, _LABELS, _RIGHT = 760.0, 180.0, 24.0
_BARS, _LINE = 56.0, 18.0
_LABEL_LETTERS = 26
_MOST_BINS = 50


@dataclass(frozen=True)
class Mark:
    """A predictor's line: its name, and where its level stands; x and level are None where it failed."""

    name: str
    label: str
    y: float
    x: float | None
    level: float | None
    is_control: bool


@dataclass(frozen=True)
class Bar:
    """A bar of the histogram of the JNDs."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class LevelAxis:
    """Places in a drawing `width` wide, in its own units.

    :param top: where the histogram and the predictors' lines end and the ticks stand.
    :param left: where the axis begins; names stand left of it.
    """

    width: float
    height: float
    top: float
    left: float
    ticks: tuple[tuple[int, float], ...]
    true_x: float
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]


def level_axis(
    section: Section, place: int, samples: np.ndarray, levels: np.ndarray | None, sur: np.ndarray | None
) -> LevelAxis:
    """The axis of one picture under one truth.

    :param place: the picture's, in the grid.
    :param samples: the subjects' JNDs as levels; where they are not known, the fitted curve gives the bars.
    :param levels: of the codec from the worst to the best.
    """
    facts, grid = section.dataset, section.grid
    low, high = facts.level_lowest, facts.level_highest

    def across(level: float) -> float:
        return round(_LABELS + (WIDTH - _LABELS - _RIGHT) * (min(max(level, low), high) - low) / (high - low), 1)

    bars = []
    for first, last, share in _distribution(facts, samples, levels, sur):
        left, right = across(first), across(last)
        bars.append(Bar(left, round(_BARS * (1 - share), 1), max(right - left - 0.5, 0.5), round(_BARS * share, 1)))
    first_line = _BARS + 8
    marks = []
    for number, row in enumerate(section.rows):
        predicted = float(grid.values["predicted_level"][number, place])
        level = None if np.isnan(predicted) else predicted
        x = None if level is None else across(level)
        y = round(first_line + _LINE * (number + 0.5), 1)
        marks.append(Mark(row.predictor, shortened(row.predictor, _LABEL_LETTERS), y, x, level, row.is_control))
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, high - low) if (high - low) / step <= 10)
    ticks = tuple((int(level), across(level)) for level in np.arange(np.ceil(low / step) * step, high + 0.5, step))
    top = first_line + _LINE * len(marks)
    true_x = across(float(grid.true[place]))
    return LevelAxis(WIDTH, top + 24, top, _LABELS, ticks, true_x, tuple(bars), tuple(marks))


def _distribution(
    facts: DatasetRecord, samples: np.ndarray, levels: np.ndarray | None, sur: np.ndarray | None
) -> list[tuple[float, float, float]]:
    """Bars as (from level, to level, share of the fullest bar's height); empty where nothing is known."""
    width = max(1, int(np.ceil((facts.level_highest - facts.level_lowest + 1) / _MOST_BINS)))
    edges = np.arange(facts.level_lowest - 0.5, facts.level_highest + width, width)
    if samples.size:
        counts = np.histogram(samples, edges)[0].astype(float)
    elif levels is not None and sur is not None:
        # From one level to the next better one, so many more people are satisfied: their JND lies between.
        if abs(levels[1] - levels[0]) > width:
            edges = np.sort(levels).astype(float)
        counts = np.histogram((levels[1:] + levels[:-1]) / 2, edges, weights=np.clip(np.diff(sur), 0, None))[0]
    else:
        return []
    fullest = counts.max()
    bars = zip(edges[:-1], edges[1:], counts, strict=True)
    return [(float(first), float(last), float(count / fullest)) for first, last, count in bars if count > 0]
