"""The leaderboard for people who read Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reports.columns import COLUMNS, HOW_TO_READ, interval, mark, one_line
from reports.rows import Row
from reports.sections import Section


def leaderboard_markdown(sections: Sequence[Section]) -> str:
    """A heading, a caption, a table and the errors of failed runs for each section."""
    parts = ["# JND-Bench leaderboard", HOW_TO_READ]
    for section in sections:
        head = ["predictor", "kind", "n", "failed", *(column.heading.format(unit=section.unit) for column in COLUMNS)]
        table = [_pipes(head), _pipes(["---", "---", *["---:"] * (len(head) - 2)])]
        table += [_pipes(_markdown_cells(section, row)) for row in section.rows]
        parts += [f"## {markdown(section.title)}", markdown(section.caption), "\n".join(table)]
        notes = [f"- {markdown(note)}" for note in section.notes]
        failed = [
            f"- Failed: {markdown(row.predictor)}: {_code(text)}" for row in section.rows for text in row.failures
        ]
        parts += ["\n".join(lines) for lines in (notes, failed) if lines]
    return "\n\n".join(parts) + "\n"


def _markdown_cells(section: Section, row: Row) -> list[str]:
    name = markdown(row.predictor) + (f" *({mark(row)})*" if mark(row) else "")
    cells = [name, markdown(str(row.card["kind"])), str(row.scores["n"]), str(row.scores["failed"])]
    for column in COLUMNS:
        text = column.text(row)
        if column.name == "mae" and text:
            text = f"**{text}**" if section.is_best(row) else text
            text = f"{text} {interval(row)}".rstrip()
        cells.append(text)
    return cells


def _pipes(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def markdown(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*_\[\]<>|#&~$])", r"\\\1", one_line(text))


def _code(text: str) -> str:
    text = one_line(text).replace("|", "¦")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}"
