"""Columns of the leaderboard as people read them: a heading, a meaning, and how a number is written.

A new column is one record. `leaderboard.csv` keeps its own order and full precision: see `tables.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from protocols.scoring.scores import SCORES
from reports.results.comparison import MEANINGS
from reports.results.rows import CeilingRow, Row

HOW_TO_READ = (
    "Truth is a choice: it says which level counts as a picture's JND, and it moves numbers more than methods do, so "
    "tables under different truths, data sets, folds or limits are not compared. "
    "The constant, which gives every picture the training median and looks at no pixel, is a strong method: "
    "a method is worth what it gains over that row, in the level and not in PSNR correlations, "
    "which content alone earns."
)


@dataclass(frozen=True)
class Column:
    """One score in a table for people.

    :param name: of the score.
    :param heading: short; `{unit}` stands for the codec's.
    :param group: what it tells about, a heading over several columns.
    :param digits: after the decimal point.
    :param percent: whether a share is written in per cent.
    :param brief: its heading in narrow tables; empty where they leave it out.
    :param beside: another score that follows it in parentheses; empty for most.
    :param flag: whether 1 is written as yes and 0 as nothing.
    """

    name: str
    heading: str
    group: str
    digits: int
    percent: bool = False
    brief: str = ""
    beside: str = ""
    flag: bool = False

    @property
    def meaning(self) -> str:
        """For people, with its unit."""
        return _MEANINGS[self.name]

    def text(self, row: Row | CeilingRow) -> str:
        """The number as written; empty where it is undefined."""
        text, beside = self._written(row.scores.get(self.name)), self._written(row.scores.get(self.beside))
        return f"{text} ({beside})" if text and beside and not row.is_control else text

    def _written(self, value: float | int | None) -> str:
        if value is None:
            return ""
        if self.flag:
            return "yes" if value else ""
        return decimal(float(value) * (100 if self.percent else 1), self.digits)


_MEANINGS = {**{record.name: record.meaning for record in SCORES}, **MEANINGS}

COLUMNS = (
    Column("mae", "MAE ({unit})", "level error", 2, brief="MAE {unit}"),
    Column("best_group", "not separable from the best", "level error", 0, flag=True),
    Column("to_ceiling", "way from constant to ceiling (%)", "level error", 0, percent=True, brief="to ceil. %"),
    Column("rmse", "RMSE ({unit})", "level error", 2, brief="RMSE"),
    Column("bias", "bias ({unit})", "level error", 2, brief="bias"),
    Column("within_3", "within 3 {unit} (%)", "level error", 0, percent=True),
    Column("within_5", "within 5 {unit} (%)", "level error", 0, percent=True, brief="within 5, %"),
    Column("within_10", "within 10 {unit} (%)", "level error", 0, percent=True),
    Column("plcc", "PLCC", "level correlation", 3),
    Column("srcc", "SRCC", "level correlation", 3, brief="SRCC"),
    Column("krcc", "KRCC", "level correlation", 3),
    Column("psnr_mae_db", "PSNR MAE (dB)", "PSNR at the JND", 2),
    Column("psnr_plcc", "PSNR PLCC (constant's)", "PSNR at the JND", 3, beside="psnr_plcc_control"),
    Column("psnr_srcc", "PSNR SRCC (constant's)", "PSNR at the JND", 3, beside="psnr_srcc_control"),
    Column("psnr_partial_plcc", "PSNR PLCC, partial", "PSNR at the JND", 3),
    Column("psnr_partial_srcc", "PSNR SRCC, partial", "PSNR at the JND", 3),
    Column("sur_mae", "SUR MAE", "SUR curve", 3, brief="SUR MAE"),
    Column("bhattacharyya", "Bhattach. distance", "SUR curve", 3),
    Column("bytes_saved", "bytes saved (%)", "use", 0, percent=True),
    Column("ms_per_picture", "ms per picture", "use", 1, brief="ms"),
)


def decimal(value: float, digits: int) -> str:
    """A number with so many decimals; zero has no sign."""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def significant(value: float | int | None) -> str:
    """A number with up to 6 significant digits and no exponent; empty where it is undefined."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    text = np.format_float_positional(value, precision=6, fractional=False, trim="-", unique=False)
    return text.removeprefix("-") if float(text) == 0 else text


def interval(row: Row | CeilingRow) -> str:
    """The MAE's bootstrap interval, e.g. `[4.91, 6.30]`; empty where there is none."""
    low, high = row.scores["mae_low"], row.scores["mae_high"]
    return "" if low is None or high is None else f"[{decimal(low, 2)}, {decimal(high, 2)}]"


def mark(row: Row | CeilingRow) -> str:
    """What is said beside a predictor's name; empty for most."""
    if row.is_ceiling:
        return "people"
    if row.has_failed:
        return "failed"
    if not row.is_whole:
        return "partly failed"
    return "control" if row.is_control else ""


def one_line(text: str) -> str:
    """Text without line breaks and characters that cannot be printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
