"""One score as one record: how it is computed, and how every table, page and file shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    import pandas as pd

Compute = Callable[["pd.DataFrame"], "float | None"]


@final
@dataclass(frozen=True)
class Score:
    """One score, and one column of the leaderboard.

    :param name: as files name it.
    :param meaning: for people, with its unit.
    :param heading: as tables for people name it, short; `{unit}` stands for the codec's unit of levels. Empty for a
        score that only files show.
    :param unit: written behind the heading: `levels` for the codec's, `%` for a share that tables show in per cent;
        empty where there is none.
    :param group: what it tells about, a heading over several columns.
    :param digits: after the decimal point, in tables for people.
    :param compute: from the predictions that did not fail, at least one; gives None where undefined. None for a score
        that only the other runs of a table give (`reports.results.section_scores`).
    :param needs_truth: whether the run's truth enters; SUR curves are the same under every truth.
    :param is_main: whether rows are sorted by it: its smallest value is marked, and its bootstrap interval, the scores
        `<name>_low` and `<name>_high`, stands beside it.
    :param is_time: whether it differs from run to run by itself, and from machine to machine.
    :param highest_is_best: whether a larger number is better.
    :param zero_is_best: whether the number nearest to 0 is best, as of a bias.
    :param is_p: whether it is a p-value, which is never written as 0: `< 0.001` is.
    :param is_flag: whether 1 is written as yes and 0 as nothing.
    :param beside: another score that follows it in parentheses; empty for most.
    :param after: the column that it follows in tables for people; empty at the end.
    :param brief: its heading in the terminal; empty where the terminal's table leaves it out.
    :param in_print: whether a printed page has room for it.
    """

    name: str
    meaning: str
    heading: str = ""
    unit: str = ""
    group: str = ""
    digits: int = 0
    compute: Compute | None = None
    needs_truth: bool = True
    is_main: bool = False
    is_time: bool = False
    highest_is_best: bool = False
    zero_is_best: bool = False
    is_p: bool = False
    is_flag: bool = False
    beside: str = ""
    after: str = ""
    brief: str = ""
    in_print: bool = True

    @property
    def is_share(self) -> bool:
        """Whether tables for people show it in per cent."""
        return self.unit == "%"

    def heading_in(self, level_unit: str) -> str:
        """The heading with its unit.

        :param level_unit: the codec's unit of levels, e.g. `QF`.
        """
        heading = self.heading.format(unit=level_unit)
        unit = level_unit if self.unit == "levels" else self.unit
        return heading if not unit or unit in heading.split() else f"{heading} ({unit})"
