"""Text that comes from a file: bounded, in UTF-8, and no surprise in its CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from datasets.common.errors import DataError
from datasets.common.files import read_whole

MOST_BYTES = 16 << 20
"""Of a text file. KonJND-1k's ratings take 0.2 MB; a hundred times as many people would be heard."""

LONGEST_LINE = 1 << 20
"""Of a text file, in characters: room for the ratings of 200,000 people."""

_FORMULA = frozenset("=+-@\t\r")
_MOST_SHOWN = 200
"""Characters of a file that an error quotes."""


def read_text(path: Path, what_to_do: str) -> str:
    """A file's text, with or without a byte-order mark; line ends stay as they are.

    :param what_to_do: ends every error.
    :raises DataError: where it cannot be read, is no UTF-8 text, or has more than `MOST_BYTES` or `LONGEST_LINE`.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"has {path.stat().st_size:,} bytes, more than the {MOST_BYTES:,} that a table can have")
        text = read_whole(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is no text in UTF-8 ({error.reason}). {what_to_do}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}). {what_to_do}") from error
    except ValueError as error:
        raise DataError(f"{path}: {error}. {what_to_do}") from error
    if "\0" in text:
        raise DataError(f"{path}: is no text: it has NUL characters, as UTF-16 has. {what_to_do}")
    if (longest := max(map(len, io.StringIO(text)), default=0)) > LONGEST_LINE:
        raise DataError(f"{path}: has a line of {longest:,} characters, more than {LONGEST_LINE:,}. {what_to_do}")
    return text


def read_table(
    path: Path, text: str, columns: Sequence[str], what_to_do: str
) -> Iterator[tuple[int, dict[str, str | None]]]:
    """The rows of a CSV with a head, each with its line number; None for a cell that a short line lacks.

    :param text: the file's.
    :param columns: what the head must have, each once, among any others.
    :raises DataError: where a column is missing, a line is no CSV, or has more cells than the head; names the line.
    """
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        head = list(reader.fieldnames or ())
        if not set(columns) <= set(head) or len(set(head)) < len(head):
            raise DataError(
                f"{path}: expected the columns {','.join(columns)}, found {shown(head or None)}. {what_to_do}"
            )
        for row in reader:
            if None in row:
                raise csv.Error(f"more cells than the {len(head)} columns")
            yield reader.line_num, row
    except csv.Error as error:
        raise DataError(
            f"{path}, line {reader.line_num}: is no CSV that can be read ({error}). {what_to_do}"
        ) from error


def shown(value: object) -> str:
    """What a file has, as an error quotes it: on one line, and not too much of it."""
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]} ..."


def spreadsheet_cell(text: str) -> str:
    """Text for a CSV that may be opened as a spreadsheet: what would be computed there begins with an apostrophe."""
    return f"'{text}" if text[:1] in _FORMULA and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def parse_json(text: str) -> Any:
    """A JSON document.

    :raises ValueError: where it is none, or nested deeper than anything honest.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
