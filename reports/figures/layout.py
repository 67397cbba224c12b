"""What figures share: which rows they show and in which style, how far their axes reach, titles and legends."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.figures.style import ACCENT, FILL, HOLLOW, INK, MUTED, letters_across, shortened
from reports.results.row import Row
from reports.results.section import Section
from reports.results.written import mark

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN = 7.2
"""Of the figures of a whole section."""

_MAE_LIMIT_FACTOR = 3


def _row_style(marker: str, line: Any, colour: str, face: str) -> Mapping[str, Any]:
    """Arguments of `axes.plot`."""
    return {
        "marker": marker, "linestyle": line, "color": colour, "markerfacecolor": face, "markeredgecolor": colour,
        "markersize": 4.5, "linewidth": 1.3,
    }  # fmt: skip


ROW_STYLES = (
    _row_style("o", "-", INK, INK),
    _row_style("s", "--", ACCENT, HOLLOW),
    _row_style("^", "-.", INK, HOLLOW),
    _row_style("v", (0, (5, 1.5, 1, 1.5, 1, 1.5)), ACCENT, ACCENT),
    _row_style("P", (0, (7, 2)), INK, FILL),
    _row_style("X", (0, (3, 1)), ACCENT, FILL),
)
"""Marker and line differ between rows, so that no row needs its colour to be told apart."""

CONTROL_STYLE = _row_style("D", ":", MUTED, HOLLOW)


@dataclass(frozen=True)
class RowSelection:
    """Rows of a section that a figure shows, best first, the constant last.

    :param candidates: how many rows the figure could have shown.
    """

    rows: tuple[tuple[Row, Mapping[str, Any]], ...]
    candidates: int

    @property
    def caption(self) -> str:
        """Which rows these are, in words."""
        has_control = any(row.is_control for row, _ in self.rows)
        if len(self.rows) == self.candidates:
            return f"all {self.candidates} predictors" if self.candidates > 1 else "the one predictor"
        best = len(self.rows) - has_control
        return f"the best {best} of {self.candidates} predictors{' and the constant' if has_control else ''}"

    def handles(self, axes: Axes) -> list[Artist]:
        """The rows' entries in a legend."""
        return [axes.plot([], [], label=shortened(row.predictor, 24), **style)[0] for row, style in self.rows]


def select_rows(section: Section, most: int, has: Callable[[Row], bool] = lambda row: True) -> RowSelection:
    """The best rows by MAE and the constant.

    :param most: besides the constant, at most `len(ROW_STYLES)`.
    :param has: whether a row has what the figure shows.
    """
    candidates = [row for row in section.rows if not row.has_failed and has(row)]
    best = [row for row in candidates if not row.is_control][: min(most, len(ROW_STYLES))]
    control = [(row, CONTROL_STYLE) for row in candidates if row.is_control]
    return RowSelection((*zip(best, ROW_STYLES, strict=False), *control), len(candidates))


def draw_marker(axes: Axes, x: float, y: float, shape: str, *, is_filled: bool) -> None:
    """A predictor's point, over lines and bars; it may stand across the axes' edge."""
    face = ACCENT if is_filled else HOLLOW
    axes.plot(x, y, shape, markerfacecolor=face, markeredgecolor=INK, markersize=6, clip_on=False, zorder=4)


def mae_of(row: Row) -> float:
    """A row's MAE in levels; 0 where it has none."""
    return float(row.scores["mae"] or 0)


def mae_limit(section: Section) -> float:
    """Where the MAE axis ends, in levels: a few rows far worse than most must not press these into a corner."""
    highest = [highest_mae(row) for row in section.rows if not row.has_failed]
    control = highest_mae(section.control) if section.control is not None else 0.0
    if not highest:
        return 1.0
    return 1.08 * max(min(max(highest), max(_MAE_LIMIT_FACTOR * statistics.median_low(highest), control)), 1e-6)


def highest_mae(row: Row) -> float:
    """Where a row's interval ends, in levels; its MAE where it has none."""
    return float(row.scores["mae_high"] or mae_of(row))


def near_rows(section: Section) -> list[Row]:
    """Rows whose MAE lies within `mae_limit`: they decide how far an axis reaches."""
    limit = mae_limit(section)
    return [row for row in section.rows if not row.has_failed and mae_of(row) <= limit]


def level_range(section: Section) -> tuple[float, float]:
    """Low and high of a level axis: the codec's range, with a little room."""
    low, high = section.dataset.level_lowest, section.dataset.level_highest
    room = 0.02 * (high - low)
    return low - room, high + room


def labelled(row: Row, name_letters: int | None = None) -> str:
    """A row's name with its mark, e.g. `constant (control)`.

    :param name_letters: a longer name is cut, but not its mark.
    """
    name = row.predictor if name_letters is None else shortened(row.predictor, name_letters)
    return f"{name} ({mark(row)})" if mark(row) else name


def section_title(section: Section, what: str, *lines: str) -> list[str]:
    """A figure's title lines: what it shows of which data and whose samples, under which truth, and N."""
    heading = section.dataset.heading_within(int(0.7 * letters_across(WIDTH_IN)) - len(what) - 4)
    counts = f"{section.settings}; {section.pictures} pictures of {section.sources} sources"
    return [f"{what} on {heading}", counts, *lines, *limit_warning(section)]


def limit_warning(section: Section) -> list[str]:
    """The last line of a limited run's title; none for a whole run."""
    return [section.limited] if section.limited else []


def legend_below_title(figure: Figure, title: Sequence[str], handles: list[Artist]) -> None:
    """A legend in place of the title's empty lines, of which there is one at least."""
    width_in, height_in = figure.get_size_inches()
    empty, columns = title.index(""), math.ceil(len(handles) / title.count(""))
    figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.1 / width_in, 1 - (0.09 + 0.18 * empty) / height_in),
        ncols=columns, frameon=False, fontsize=7.6, handlelength=2.6, borderaxespad=0, borderpad=0,
        columnspacing=1.4,
    )  # fmt: skip
