"""MCL-JCI's two label files of a picture: the subjects' JNDs, and the aggregate JND points."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from datasets.common.errors import DataError
from datasets.sets._faults import Faults
from datasets.sets._layout import read_lines

SUBJECTS = 30
_ANCHOR = 100
_NO_QF = 1000
_NO_QF_IN = re.compile(r"\d\.\d|(?<!\d)-\d|[^\W\d_]|(?![0-9])\d")
"""Fractions, negative numbers, words such as `nan`, digits of other scripts: separators they are not."""
_MOST_DIGITS = 10
"""Of a number that is looked at: Python refuses to read one of thousands."""


def read_subjects(path: Path, faults: Faults) -> list[tuple[int, ...]]:
    """Each subject's first, second, ... JND in QF, descending; a subject's list may be short or empty.

    The official separators are not known, so the whole numbers of a line are read, whatever stands between them.

    :returns: one tuple a subject.
    """
    try:
        lines = read_lines(path)
    except DataError as error:
        faults.take(error)
        return []
    filled = [line for line in lines if line.strip()]
    if len(lines) != SUBJECTS:  # otherwise a blank line is a subject who noticed nothing
        lines = filled
    if len(lines) != SUBJECTS:
        what = "truncated or not a sample file" if len(lines) < SUBJECTS else "not a sample file"
        faults.add(path, f"has {len(lines)} lines, expected {SUBJECTS}, a subject each: it is {what}. Copy it again.")
    return [_descending(line, path, number, faults) for number, line in enumerate(lines, start=1)]


def read_sqf(path: Path, faults: Faults) -> tuple[int, ...]:
    """The aggregate first, second, ... JND in QF, descending, from the first line; the heights below go unused."""
    try:
        lines = [line for line in read_lines(path) if line.strip()]
    except DataError as error:
        faults.take(error)
        return ()
    points = _descending(lines[0], path, 1, faults) if lines else ()
    if points[:1] != (_ANCHOR,):
        faults.add(
            path, f"its first line is {_shown(lines)}, expected the anchor {_ANCHOR} and the JND points below it."
        )
    return points[1:]


def _descending(line: str, path: Path, number: int, faults: Faults) -> tuple[int, ...]:
    values = tuple(int(number) if len(number) < _MOST_DIGITS else _NO_QF for number in re.findall(r"[0-9]+", line))
    in_order = all(first >= second for first, second in itertools.pairwise(values))
    in_range = all(1 <= value <= 100 for value in values)
    is_whole = bool(values) and not _NO_QF_IN.search(line)
    if not line.strip() or (is_whole and in_order and in_range):
        return values
    faults.add(path, f"line {number} is {line.strip()[:60]!r}, expected whole QF from 1 to 100 in descending order.")
    return ()


def _shown(lines: list[str]) -> str:
    return repr(lines[0].strip()[:60]) if lines else "missing"
