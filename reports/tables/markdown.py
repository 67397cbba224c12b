"""The leaderboard for people who read Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from protocols.scoring.record import Score
from reports.results.columns import HOW_TO_READ, cell, columns, interval, mark, one_line
from reports.results.published import PublishedNumbers, Shown, published
from reports.results.rows import CeilingRow, Row
from reports.results.sections import Section
from reports.results.truths_compared import TruthRanking, truth_rankings
from reports.tables.statistics import truth_notes, truth_table


def leaderboard_markdown(sections: Sequence[Section]) -> str:
    """A heading, a caption, a table, the errors of failed runs and published numbers for each section."""
    parts = ["# JND-Bench leaderboard", HOW_TO_READ]
    for section in sections:
        numbers = published(section)
        head = ["predictor", "kind", "n", "failed"]
        for column in columns():
            heading = column.heading_in(section.unit)
            head += [heading, f"published {heading}"] if column.name in numbers.scores else [heading]
        table = [_pipes(head), _pipes(["---", "---", *["---:"] * (len(head) - 2)])]
        table += [_pipes(_markdown_cells(section, row, numbers)) for row in section.table_rows]
        parts += [f"## {markdown(section.title)}", markdown(section.caption), "\n".join(table)]
        notes = [f"- {markdown(note)}" for note in section.notes]
        failed = [
            f"- Failed: {markdown(row.predictor)}: {_code(text)}" for row in section.rows for text in row.failures
        ]
        said = [f"- {markdown(text)}" for text in section.findings]
        parts += ["\n".join(lines) for lines in (said, notes, failed) if lines]
        for heading, block in numbers.blocks():
            parts += [f"{heading}:", "\n".join(_published_line(shown) for shown in block)]
    parts += [_truths(ranking) for ranking in truth_rankings(sections)]
    return "\n\n".join(parts) + "\n"


def _truths(ranking: TruthRanking) -> str:
    heads, cells = truth_table(ranking)
    rule = ["---", *["---:"] * (len(heads) - 1)]
    table = [_pipes([markdown(head) for head in heads]), _pipes(rule)]
    table += [_pipes([markdown(cell) for cell in line]) for line in cells]
    notes = "\n".join(f"- {markdown(text)}" for text in truth_notes(ranking))
    return "\n\n".join([f"## Truth next to truth: {markdown(ranking.title)}", "\n".join(table), notes])


def _markdown_cells(section: Section, row: Row | CeilingRow, numbers: PublishedNumbers) -> list[str]:
    name = markdown(row.predictor) + (f" *({mark(row)})*" if mark(row) else "")
    cells = [name, markdown(row.kind), str(row.scores["n"]), str(row.scores["failed"])]
    for column in columns():
        text = cell(column, row)
        if column.is_main and text:
            text = f"**{text}**" if section.is_best(row) else text
            text = f"{text} {interval(row)}".rstrip()
        cells.append(text)
        if column.name in numbers.scores:
            cells.append(_published_cell(numbers.at(row, column), column))
    return cells


def _published_cell(numbers: Sequence[Shown], column: Score) -> str:
    return ", ".join(f"{shown.text_in(column)} {_note(shown)}" for shown in numbers)


def _published_line(shown: Shown) -> str:
    note = f"{_note(shown)} " if shown.note else ""
    return f"- {note}{markdown(shown.statement)} Caveat: {markdown(shown.facts.caveat)}"


def _note(shown: Shown) -> str:
    return rf"\[{shown.note}\]"


def _pipes(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def markdown(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*_\[\]<>|#&~$])", r"\\\1", one_line(text))


def _code(text: str) -> str:
    text = one_line(text).replace("|", "¦")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}"
