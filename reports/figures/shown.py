"""What figures of a whole section have in common: which rows they show, how these look, and what the title says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.figures.style import ACCENT, FILL, HOLLOW, INK, MUTED, letters_across, shortened
from reports.results.rows import Row
from reports.results.sections import Section

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Look:
    """How a row is drawn: marker and line differ between rows, so that none needs its colour to be told apart."""

    marker: str
    line: Any
    colour: str
    face: str

    @property
    def style(self) -> dict[str, Any]:
        """For `axes.plot`."""
        return {
            "marker": self.marker,
            "linestyle": self.line,
            "color": self.colour,
            "markerfacecolor": self.face,
            "markeredgecolor": self.colour,
            "markersize": 4.5,
            "linewidth": 1.3,
        }


LOOKS = (
    Look("o", "-", INK, INK),
    Look("s", "--", ACCENT, HOLLOW),
    Look("^", "-.", INK, HOLLOW),
    Look("v", (0, (5, 1.5, 1, 1.5, 1, 1.5)), ACCENT, ACCENT),
    Look("P", (0, (7, 2)), INK, FILL),
    Look("X", (0, (3, 1)), ACCENT, FILL),
)
CONTROL_LOOK = Look("D", ":", MUTED, HOLLOW)


@dataclass(frozen=True)
class Shown:
    """Rows of a section that a figure shows, best first, the constant last.

    :param among: how many it could have shown.
    """

    rows: tuple[tuple[Row, Look], ...]
    among: int

    @property
    def told(self) -> str:
        """Which rows these are, for the caption."""
        control = any(look is CONTROL_LOOK for _, look in self.rows)
        best = len(self.rows) - control
        if len(self.rows) == self.among:
            return f"all {self.among} predictors" if self.among > 1 else "the one predictor"
        return f"the best {best} of {self.among} predictors{' and the constant' if control else ''}"

    def handles(self, axes: Axes) -> list[Artist]:
        """What a legend says of the rows."""
        return [axes.plot([], [], label=shortened(row.predictor, 24), **look.style)[0] for row, look in self.rows]


def legend_below_title(figure: Figure, title: Sequence[str], handles: list[Artist]) -> None:
    """A legend in one line, in place of the title's last, which is left empty for it."""
    width_in, height_in = figure.get_size_inches()
    empty = max(number for number, line in enumerate(title) if not line)
    figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.1 / width_in, 1 - (0.09 + 0.18 * empty) / height_in),
        ncols=len(handles), frameon=False, fontsize=7.6, handlelength=2.6, borderaxespad=0, borderpad=0,
        columnspacing=1.4,
    )  # fmt: skip


def shown_rows(section: Section, most: int, has: Callable[[Row], bool] = lambda row: True) -> Shown:
    """The best rows by MAE and the constant.

    :param most: besides the constant, at most `len(LOOKS)`.
    :param has: whether a row has what the figure shows.
    """
    known = [row for row in section.rows if not row.has_failed and has(row)]
    best = [row for row in known if not row.is_control][: min(most, len(LOOKS))]
    rows = [*zip(best, LOOKS, strict=False), *((row, CONTROL_LOOK) for row in known if row.is_control)]
    return Shown(tuple(rows), len(known))


def section_title(section: Section, what: str, width_in: float, *told: str) -> list[str]:
    """A figure's title lines: what it shows of which data and whose samples, under which truth, and N.

    :param told: more lines, in the figure's own words.
    """
    heading = section.dataset.heading_within(int(0.7 * letters_across(width_in)) - len(what) - 4)
    counts = f"{section.settings}; {section.pictures} pictures of {section.sources} sources"
    return [f"{what} on {heading}", counts, *told, *([section.limited] if section.limited else [])]
