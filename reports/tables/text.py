"""The leaderboard as text: aligned for a terminal, and as Markdown."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from protocols.store.store import StoredRun
from reports.results.codec_notes import codec_notes
from reports.results.codecs import CodecComparison, codec_comparisons
from reports.results.jnds import JndComparison, jnd_comparisons, jnd_notes
from reports.results.published import PublishedNumbers, Shown, published
from reports.results.section import Section, sections_of
from reports.results.truths import TruthRanking, truth_notes, truth_rankings
from reports.results.verdict import findings
from reports.results.written import one_line
from reports.tables.codec_table import codec_table
from reports.tables.jnd_table import jnd_levels_table, jnd_mae_table
from reports.tables.table import HOW_TO_READ, Cell, Column, Line, Table, leaderboard_table, truth_table

_NONE = PublishedNumbers((), ())


def leaderboard_text(runs: Iterable[StoredRun], results: Path | None = None) -> str:
    """A table for each section, best row first.

    :param runs: stored runs; those of different data sets, folds, truths, JNDs or limits get tables of their own.
    :param results: their folder; None leaves out the ceiling.
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
    wrapped = (
        textwrap.wrap(one_line(text), 116, break_on_hyphens=False) for text in [*findings(section), *section.row_notes]
    )
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


def leaderboard_markdown(sections: Sequence[Section]) -> str:
    """A heading, a caption, a table, the errors of failed runs and published numbers for each section."""
    parts = ["# JND-Bench leaderboard", HOW_TO_READ]
    for section in sections:
        parts += [f"## {markdown(section.title)}", markdown(section.caption), *_section_parts(section)]
    parts += [_truths(ranking) for ranking in truth_rankings(sections)]
    parts += [_codecs(comparison) for comparison in codec_comparisons(sections)]
    parts += [_jnds(comparison) for comparison in jnd_comparisons(sections)]
    return "\n\n".join(parts) + "\n"


def _section_parts(section: Section) -> list[str]:
    numbers = published(section)
    failures = [f"Failed: {markdown(row.predictor)}: {_code(text)}" for row in section.rows for text in row.failures]
    lists = [map(markdown, findings(section)), map(markdown, section.notes), failures]
    parts = [markdown_table(leaderboard_table(section, numbers)), *filter(None, map(_list, lists))]
    for heading, block in numbers.blocks():
        parts += [f"{heading}:", _list(_published(shown) for shown in block)]
    return parts


def _truths(ranking: TruthRanking) -> str:
    heading = f"## Truth next to truth: {markdown(ranking.title)}"
    notes = _list(markdown(text) for text in truth_notes(ranking))
    return "\n\n".join([heading, markdown_table(truth_table(ranking)), notes])


def _codecs(comparison: CodecComparison) -> str:
    heading = f"## Codec next to codec: {markdown(comparison.title)}"
    notes = _list(markdown(text) for text in codec_notes(comparison))
    return "\n\n".join([heading, markdown_table(codec_table(comparison)), notes])


def _jnds(comparison: JndComparison) -> str:
    heading = f"## JND next to JND: {markdown(comparison.title)}"
    tables = [markdown_table(table(comparison)) for table in (jnd_levels_table, jnd_mae_table)]
    return "\n\n".join([heading, *tables, _list(map(markdown, jnd_notes(comparison)))])


def markdown_table(table: Table) -> str:
    """A table with pipes."""
    heads = [markdown(column.heading) for column in table.columns]
    rule = ["---" if column.is_text else "---:" for column in table.columns]
    lines = [[_cell(cell) for cell in line.cells] for line in (*table.lines, *table.foot)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *lines))


def _cell(cell: Cell) -> str:
    text = markdown(cell.text)
    parts = [
        f"**{text}**" if cell.is_best else text,
        f"*({cell.mark})*" if cell.mark else "",
        cell.interval,
        ", ".join(f"{number.text} {_note(number.note)}" for number in cell.published),
    ]
    return " ".join(filter(None, parts))


def _list(texts: Iterable[str]) -> str:
    return "\n".join(f"- {text}" for text in texts)


def _published(shown: Shown) -> str:
    note = f"{_note(shown.note)} " if shown.note else ""
    return f"{note}{markdown(shown.statement)} Caveat: {markdown(shown.number.caveat)}"


def _note(number: int) -> str:
    return rf"\[{number}\]"


def markdown(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*_\[\]<>|#&~$])", r"\\\1", one_line(text))


def _code(text: str) -> str:
    text = one_line(text).replace("|", "¦")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}"
