"""The leaderboard for papers: LaTeX tables with booktabs."""

from __future__ import annotations

from collections.abc import Sequence

from protocols.scoring.record import Score
from reports.results.columns import cell, columns, interval, mark, one_line
from reports.results.published import PublishedNumbers, Shown, published
from reports.results.rows import CeilingRow, Row
from reports.results.sections import Section
from reports.results.truths_compared import TruthRanking, truth_rankings
from reports.tables.statistics import truth_notes, truth_table


def leaderboard_tex(sections: Sequence[Section]) -> str:
    """A `table*` for each section; needs the package booktabs."""
    head = "% JND-Bench leaderboard. Needs \\usepackage{booktabs}; wide tables may need \\usepackage{rotating}.\n"
    tables = [_tex_table(section) for section in sections]
    return head + "\n".join([*tables, *map(_tex_truths, truth_rankings(sections))])


def _tex_table(section: Section) -> str:
    numbers = published(section)
    shown = [column for column in columns() if column.in_print or column.name in numbers.scores]
    heads = ["Predictor", "$N$", "failed"]
    for column in shown:
        heading = latex(column.heading_in(section.unit))
        heads += [heading, f"published {heading}"] if column.name in numbers.scores else [heading]
    lines = [
        r"\begin{table*}",
        r"\centering\scriptsize\setlength{\tabcolsep}{3pt}",
        rf"\caption{{{latex(section.title)}. {latex(section.caption)}}}",
        rf"\begin{{tabular}}{{l{'r' * (len(heads) - 1)}}}",
        r"\toprule",
        " & ".join(_stacked(head) for head in heads) + r" \\",
        r"\midrule",
        *(" & ".join(_tex_cells(section, row, shown, numbers)) + r" \\" for row in section.rows),
        *([r"\midrule"] if section.ceilings else []),
        *(" & ".join(_tex_cells(section, row, shown, numbers)) + r" \\" for row in section.ceilings),
        r"\bottomrule",
        r"\end{tabular}",
        *_tex_lines(section.findings),
        *_tex_published(numbers),
        r"\end{table*}",
    ]
    return "\n".join(lines) + "\n"


def _tex_cells(section: Section, row: Row | CeilingRow, shown: Sequence[Score], numbers: PublishedNumbers) -> list[str]:
    name = latex(row.predictor) + (rf" \textit{{({mark(row)})}}" if mark(row) else "")
    cells = [name, str(row.scores["n"]), str(row.scores["failed"])]
    for column in shown:
        text = cell(column, row)
        if column.is_main and text:
            text = rf"\textbf{{{text}}}" if section.is_best(row) else text
            text = f"{text} {{{interval(row)}}}" if interval(row) else text
        cells.append(text.replace("-", "$-$") if not column.is_main else text)
        if column.name in numbers.scores:
            cells.append(", ".join(_tex_number(number, column) for number in numbers.at(row, column)))
    return cells


def _tex_number(shown: Shown, column: Score) -> str:
    return shown.text_in(column).replace("-", "$-$") + _tex_note(shown)


def _tex_note(shown: Shown) -> str:
    return rf"\textsuperscript{{{shown.note}}}" if shown.note else ""


def _tex_truths(ranking: TruthRanking) -> str:
    heads, cells = truth_table(ranking)
    lines = [
        r"\begin{table*}",
        r"\centering\scriptsize",
        rf"\caption{{Truth next to truth. {latex(ranking.title)}.}}",
        rf"\begin{{tabular}}{{l{'r' * (len(heads) - 1)}}}",
        r"\toprule",
        " & ".join(map(latex, heads)) + r" \\",
        r"\midrule",
        *(" & ".join(map(latex, line)) + r" \\" for line in cells),
        r"\bottomrule",
        r"\end{tabular}",
        *_tex_lines(truth_notes(ranking)),
        r"\end{table*}",
    ]
    return "\n".join(lines) + "\n"


def _tex_lines(texts: Sequence[str]) -> list[str]:
    lines = [rf"{latex(text)}\par" for text in texts]
    return [r"\par\smallskip", r"\begin{minipage}{\textwidth}\raggedright", *lines, r"\end{minipage}"]


def _tex_published(numbers: PublishedNumbers) -> list[str]:
    if not numbers:
        return []
    lines = [r"\par\smallskip", r"\begin{minipage}{\textwidth}\raggedright"]
    for heading, block in numbers.blocks():
        lines.append(rf"\textit{{{latex(heading)}:}}\par")
        lines += [
            rf"{_tex_note(shown)}{latex(shown.statement)} Caveat: {latex(shown.facts.caveat)}\par" for shown in block
        ]
    return [*lines, r"\end{minipage}"]


def _stacked(head: str) -> str:
    return r"\shortstack{" + head.replace(" ", r"\\", 1) + "}" if " " in head else head


_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def latex(text: str) -> str:
    """Text that LaTeX shows as it is, on one line."""
    return "".join(_LATEX.get(character, character) for character in one_line(text))
