"""The leaderboard as aligned plain text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from protocols.store.store import StoredRun
from reports.results.columns import cell, columns, interval, mark, one_line
from reports.results.rows import CeilingRow, Row
from reports.results.sections import Section, sections_of


def leaderboard_text(runs: Iterable[StoredRun], results: Path | None = None) -> str:
    """A table for each section, best row first.

    :param runs: stored runs; those of different data sets, folds, truths, JNDs or limits get tables of their own.
    :param results: their folder; None leaves out the human ceiling.
    :raises DataError: where a run's files are damaged.
    """
    return "\n\n".join(_section_text(section) for section in sections_of(runs, results))


def _section_text(section: Section) -> str:
    brief = [column for column in columns() if column.brief]
    head = ["predictor", "n", "failed"]
    for column in brief:
        head += [column.brief.format(unit=section.unit)] + (["[95 %]"] if column.is_main else [])
    table = [head, *(_cells(row) for row in section.table_rows)]
    widths = [max(len(line[index]) for line in table) for index in range(len(head))]
    lines = [_aligned(line, widths) for line in table]
    lines.insert(1, "-" * max(map(len, lines)))
    failed = [f"  failed: {row.predictor}: {one_line(text)}" for row in section.rows for text in row.failures]
    said = [line for text in section.findings for line in textwrap.wrap(one_line(text), 116, break_on_hyphens=False)]
    counts = f"{section.pictures} pictures of {section.sources} sources"
    return "\n".join([one_line(section.title), counts, "", *lines, *failed, "", *(f"  {line}" for line in said)])


def _cells(row: Row | CeilingRow) -> list[str]:
    name = row.predictor + (f" ({mark(row)})" if mark(row) else "")
    cells = [one_line(name), str(row.scores["n"]), str(row.scores["failed"])]
    for column in columns():
        if column.brief:
            cells += [cell(column, row)] + ([interval(row)] if column.is_main else [])
    return cells


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    return "  ".join([first, *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))]).rstrip()
