"""Ratings as people have them in a CSV: long (a row an answer) or wide (a column a rater, a picture or a level).

Columns are named by flags or guessed from their names; every guess is said. One of rater, picture and level may be
missing as a column: then the other columns stand for it, and their cells hold the JNDs or the answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from datasets.common.errors import DataError, UserError, unknown_name
from datasets.common.files import read_table, read_text, shown
from datasets.core.picture_forms import SUFFIXES

SAVE = "Save it as CSV UTF-8, with commas."

_GUESSES = {
    "rater": "rater raterid observer observerid subject subjectid worker workerid participant participantid user "
    "userid person personid",
    "picture": "picture pictureid picturename image imageid imagename stimulus filename img",
    "source": "source sourceid content reference original",
    "level": "jnd jndqf jndqp qf qp quality qualityfactor jpegquality level distortion distortionlevel slider",
    "answer": "answer response noticed seen visible different share ratio probability",
    "censored": "censored",
}
"""Names of columns by what they may hold, letters only, in lower case."""

_ROLES = ("rater", "picture", "level")
_NUMBER = re.compile(r"[+-]?[0-9]{1,6}(\.[0-9]{1,12})?")


@dataclass(frozen=True)
class Cell:
    """One answer as the file has it; what the file has not is empty.

    :param line: of the file.
    :param level: the JND, or the level that was shown.
    :param answer: to it; empty where the level is the JND.
    """

    line: int
    rater: str
    picture: str
    source: str
    level: str
    answer: str
    censored: str


@dataclass(frozen=True)
class Cells:
    """A file's answers.

    :param column_of: the names of the columns by what they hold (`rater`, `picture`, ...).
    :param said: what was guessed, a sentence each.
    :param has_answers: whether cells are answers at a level, or JNDs.
    """

    path: Path
    cells: tuple[Cell, ...]
    column_of: Mapping[str, str]
    said: tuple[str, ...]
    has_answers: bool


def read_cells(path: Path, named: Mapping[str, str], ignored: Sequence[str] = (), *, raters: bool = True) -> Cells:
    """Read a CSV with a head.

    :param named: columns by what they hold, as the user named them; the rest is guessed.
    :param ignored: columns that are passed over.
    :param raters: whether answers belong to raters; otherwise cells are shares of people, which have none.
    :raises UserError: where a named column is missing, or it cannot be told which column holds what.
    :raises DataError: where the file is no such table; names the line.
    """
    rows = list(read_table(path, read_text(path, SAVE), (), SAVE))
    if not rows:
        raise DataError(f"{path}: has no rows below its head. {SAVE}")
    head = [name for name in rows[0][1] if name not in ignored]
    column_of, said = _columns(path, head, named, [role for role in _GUESSES if raters or role != "rater"])
    spread = _spread(path, column_of, raters=raters)
    others = [name for name in head if name not in column_of.values()]
    if spread is None:
        cells = tuple(_long(path, rows, column_of))
        return Cells(path, cells, column_of, said, "answer" in column_of)
    if spread == "level" and not all(_NUMBER.fullmatch(name.strip()) for name in others):
        raise UserError(f"{path}: no column is known to hold the level. Name it with --level; {_has(head)}")
    if not others:
        raise UserError(f"{path}: no column is left that could be a {spread}. Name what each holds; {_has(head)}")
    said += (f"Wide form: {len(others)} columns each stand for a {spread} ({', '.join(others[:3])}, ...).",)
    has_answers = not raters or len(column_of.keys() & set(_ROLES)) == 2
    cells = tuple(_wide(path, rows, column_of, others, spread, has_answers=has_answers))
    if not cells:
        raise DataError(f"{path}: has no rating in any cell. {SAVE}")
    return Cells(path, cells, column_of, said, has_answers)


def number_of(path: Path, line: int, what: str, text: str) -> float:
    """A cell's number.

    :raises DataError: where it is none, such as `nan` or `1e3`.
    """
    if not _NUMBER.fullmatch(text):
        raise DataError(f"{path}, line {line}: {what} is {shown(text)}, expected a number such as 42 or 42.5")
    return float(text)


def plain_name(text: str) -> str:
    """Letters, digits, `_`, `-` and `.` of a name, which can then name a file; empty where there are none."""
    return re.sub(r"[^\w.-]+", "-", text).strip(".-")[:200]


def picture_name(text: str) -> str:
    """A picture's name by what a table calls it or its file: without folders and the ending of a picture file."""
    file = PurePosixPath(text.replace("\\", "/"))
    return plain_name(file.stem if file.suffix.lower() in SUFFIXES else file.name)


def _columns(
    path: Path, head: list[str], named: Mapping[str, str], roles: Sequence[str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    for name in named.values():
        if name not in head:
            raise unknown_name(f"column in {path.name}", name, head)
    if len(set(named.values())) < len(named):
        raise UserError("two flags name the same column. Name another one for each")
    column_of, said = dict(named), []
    for role in roles:
        if role in column_of:
            continue
        fitting = [name for name in head if _plain(name) in _GUESSES[role].split() and name not in named.values()]
        if len(fitting) > 1:
            flag = f"--{role}" if role != "censored" else "--ignore"
            raise UserError(f"{path}: {' and '.join(map(repr, fitting))} could both be the {role}. Say it with {flag}")
        if fitting:
            column_of[role] = fitting[0]
            said.append(f"Column {fitting[0]!r} is taken for the {role}.")
    return column_of, tuple(said)


def _spread(path: Path, column_of: Mapping[str, str], *, raters: bool) -> str | None:
    """Which of rater, picture and level stands in the head; None in a long table."""
    missing = [role for role in _ROLES if role not in column_of and (raters or role != "rater")]
    if not missing:
        if raters or "answer" in column_of:
            return None
        raise UserError(f"{path}: no column is known to hold the share. Name it with --answer")
    if "answer" not in column_of:
        if len(missing) == 1:
            return missing[0]
        if raters and missing in (["picture", "level"], ["rater", "level"]):
            return missing[0]
    known = ", ".join(f"{role} = {name!r}" for role, name in column_of.items()) or "none"
    raise UserError(
        f"{path}: it cannot be told which columns hold {' and '.join(missing)} (known: {known}). Name them with "
        f"{' and '.join('--' + role for role in missing)}"
    )


def _long(path: Path, rows: list[tuple[int, dict[str, str | None]]], column_of: Mapping[str, str]) -> Iterator[Cell]:
    for line, row in rows:
        values = {role: (row[column_of[role]] or "").strip() if role in column_of else "" for role in _GUESSES}
        for role in column_of:
            if not values[role] and role not in ("censored", "source"):
                raise DataError(f"{path}, line {line}: {column_of[role]!r} is empty. Fill it in or take the line out")
        yield Cell(line, **values)


def _wide(
    path: Path,
    rows: list[tuple[int, dict[str, str | None]]],
    column_of: Mapping[str, str],
    others: Sequence[str],
    spread: str,
    *,
    has_answers: bool,
) -> Iterator[Cell]:
    seen: set[tuple[str, ...]] = set()
    for line, row in rows:
        values = {role: (row[column_of[role]] or "").strip() if role in column_of else "" for role in _GUESSES}
        key = tuple(values[role] for role in _ROLES if role in column_of)
        if not all(key) or key in seen:
            raise DataError(
                f"{path}, line {line}: {' '.join(map(repr, key))} is empty or stands in two lines. In a wide table it "
                f"has one; for a long one name all columns with --rater, --picture and --level"
            )
        seen.add(key)
        for name in others:
            value = (row[name] or "").strip()
            if value:
                yield Cell(line, **values | {spread: name.strip(), "answer" if has_answers else "level": value})


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def _has(head: Sequence[str]) -> str:
    return f"the file has {shown(', '.join(head))}"
