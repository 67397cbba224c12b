"""The leaderboard as aligned plain text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from protocols.store.store import StoredRun
from reports.results.findings import findings
from reports.results.published import PublishedNumbers
from reports.results.section import Section, sections_of
from reports.results.written import one_line
from reports.tables.table import Column, Line, leaderboard_table

_NONE = PublishedNumbers((), ())


def leaderboard_text(runs: Iterable[StoredRun], results: Path | None = None) -> str:
    """A table for each section, best row first.

    :param runs: stored runs; those of different data sets, folds, truths, JNDs or limits get tables of their own.
    :param results: their folder; None leaves out the human ceiling.
    :raises DataError: where a run's files are damaged.
    """
    return "\n\n".join(_section_text(section) for section in sections_of(runs, results))


def _section_text(section: Section) -> str:
    table = leaderboard_table(section, _NONE).only(lambda column: bool(column.brief))
    heads = [
        head for column in table.columns for head in ((column.brief, "[95 %]") if column.is_main else [column.brief])
    ]
    lines = [heads, *(_texts(table.columns, line) for line in (*table.lines, *table.foot))]
    widths = [max(map(len, texts)) for texts in zip(*lines, strict=True)]
    aligned = [_aligned(texts, widths) for texts in lines]
    aligned.insert(1, "-" * max(map(len, aligned)))
    failed = [f"  failed: {row.predictor}: {one_line(text)}" for row in section.rows for text in row.failures]
    wrapped = (textwrap.wrap(one_line(text), 116, break_on_hyphens=False) for text in findings(section))
    sentences = [f"  {line}" for lines in wrapped for line in lines]
    counts = f"{section.pictures} pictures of {section.sources} sources"
    return "\n".join([one_line(section.title), counts, "", *aligned, *failed, "", *sentences])


def _texts(columns: Sequence[Column], line: Line) -> list[str]:
    texts = []
    for column, cell in zip(columns, line.cells, strict=True):
        texts.append(one_line(f"{cell.text} ({cell.mark})" if cell.mark else cell.text))
        texts += [cell.interval] if column.is_main else []
    return texts


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    return "  ".join([first, *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))]).rstrip()
