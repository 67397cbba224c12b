"""How rows, numbers and names are written, in tables, on pages and as names of files."""

from __future__ import annotations

import numpy as np

from baselines.interface.card import SUBMITTED
from datasets.common.hashing import sha256_of_bytes
from protocols.scoring.record import Score
from reports.results.row import CeilingRow, Row

SIGNIFICANT_DIGITS = 6
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


def cell(column: Score, row: Row | CeilingRow) -> str:
    """A row's number in a table for people; empty where it is undefined."""
    text, beside = (_written(column, row.scores.get(name)) for name in (column.name, column.beside))
    return f"{text} ({beside})" if text and beside and not row.is_control else text


def _written(column: Score, value: float | int | None) -> str:
    if value is None:
        return ""
    if column.is_flag:
        return "yes" if value else ""
    if column.is_p:
        return p_value(float(value), column.digits)
    return decimal(float(value) * (100 if column.is_share else 1), column.digits)


def decimal(value: float, digits: int) -> str:
    """A number with so many decimals; zero has no sign."""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def p_value(value: float, digits: int = 3) -> str:
    """A p-value with so many decimals; where they would all be 0, e.g. `< 0.001`."""
    least = 10.0**-digits
    return f"< {least:.{digits}f}" if value < least / 2 else f"{value:.{digits}f}"


def significant(value: float | int | None) -> str:
    """A number with up to `SIGNIFICANT_DIGITS` and no exponent; empty where it is undefined."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    text = np.format_float_positional(value, precision=SIGNIFICANT_DIGITS, fractional=False, trim="-", unique=False)
    return text.removeprefix("-") if float(text) == 0 else text


def interval(column: Score, row: Row | CeilingRow) -> str:
    """A score's bootstrap interval, e.g. `[4.91, 6.30]`; empty where there is none."""
    return ends(row.scores.get(f"{column.name}_low"), row.scores.get(f"{column.name}_high"), 1, column.digits)


def ends(low: float | None, high: float | None, factor: float, digits: int) -> str:
    """An interval's ends, each times a factor; empty where there are none."""
    return "" if low is None or high is None else f"[{decimal(factor * low, digits)}, {decimal(factor * high, digits)}]"


def mark(row: Row | CeilingRow) -> str:
    """What is said beside a predictor's name; empty for most."""
    if isinstance(row, CeilingRow):
        return row.who
    if row.has_failed:
        return "failed"
    if not row.is_whole:
        return "partly failed"
    return "control" if row.is_control else SUBMITTED if row.kind == SUBMITTED else ""


def one_line(text: str) -> str:
    """Text without line breaks and characters that cannot be printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def ordinal(jnd: int) -> str:
    """`1st`, `2nd`, `3rd`, `4th`."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(jnd, "th")
    return f"{jnd}{ending}"


def safe_name(name: str) -> str:
    """The name itself where it is lower-case letters, digits, `-` and `_`; else cleaned, with a hash of it."""
    if name and len(name) <= 80 and set(name) <= _SAFE:
        return name
    cleaned = "".join(c if c in _SAFE else "_" for c in name.lower())[:60]
    digest = sha256_of_bytes(name.encode("utf-8", "backslashreplace"))
    return f"{cleaned}-{digest[:8]}"
