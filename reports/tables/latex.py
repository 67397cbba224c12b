"""The leaderboard for papers: LaTeX tables with booktabs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reports.results.findings import findings
from reports.results.published import PublishedNumbers, published
from reports.results.section import Section
from reports.results.truths import TruthRanking, truth_notes, truth_rankings
from reports.results.written import one_line
from reports.tables.table import Cell, Column, Line, Table, leaderboard_table, truth_table

_HEADINGS = {"predictor": "Predictor", "n": "$N$"}


def leaderboard_tex(sections: Sequence[Section]) -> str:
    """A `table*` for each section; needs the package booktabs."""
    head = "% JND-Bench leaderboard. Needs \\usepackage{booktabs}; wide tables may need \\usepackage{rotating}.\n"
    return head + "\n".join([*map(_section, sections), *map(_truths, truth_rankings(sections))])


def _section(section: Section) -> str:
    numbers = published(section)
    table = leaderboard_table(section, numbers).only(lambda column: column.in_print)
    heads = [_stacked(_HEADINGS.get(column.name, latex(column.heading))) for column in table.columns]
    return _float(
        r"\centering\scriptsize\setlength{\tabcolsep}{3pt}",
        f"{section.title}. {section.caption}",
        _tabular(table, heads),
        [*_notes(map(latex, findings(section))), *_published(numbers)],
    )


def _truths(ranking: TruthRanking) -> str:
    table = truth_table(ranking)
    heads = [latex(column.heading) for column in table.columns]
    caption = f"Truth next to truth. {ranking.title}."
    return _float(r"\centering\scriptsize", caption, _tabular(table, heads), _notes(map(latex, truth_notes(ranking))))


def _float(setup: str, caption: str, tabular: list[str], notes: list[str]) -> str:
    lines = [r"\begin{table*}", setup, rf"\caption{{{latex(caption)}}}", *tabular, *notes, r"\end{table*}"]
    return "\n".join(lines) + "\n"


def _tabular(table: Table, heads: Sequence[str]) -> list[str]:
    def written(lines: Sequence[Line]) -> list[str]:
        return [_row([_cell(*pair) for pair in zip(table.columns, line.cells, strict=True)]) for line in lines]

    return [
        rf"\begin{{tabular}}{{{''.join('l' if column.is_text else 'r' for column in table.columns)}}}",
        r"\toprule",
        _row(heads),
        r"\midrule",
        *written(table.lines),
        *([r"\midrule", *written(table.foot)] if table.foot else []),
        r"\bottomrule",
        r"\end{tabular}",
    ]


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(column: Column, cell: Cell) -> str:
    text = latex(cell.text) if column.is_text else _number(cell.text)
    parts = [
        rf"\textbf{{{text}}}" if cell.is_best else text,
        rf"\textit{{({cell.mark})}}" if cell.mark else "",
        f"{{{cell.interval}}}" if cell.interval else "",
        ", ".join(_number(number.text) + _note(number.note) for number in cell.published),
    ]
    return " ".join(filter(None, parts))


def _number(text: str) -> str:
    return latex(text).replace("-", "$-$")


def _note(number: int) -> str:
    return rf"\textsuperscript{{{number}}}" if number else ""


def _notes(texts: Iterable[str]) -> list[str]:
    lines = [rf"{text}\par" for text in texts]
    return [r"\par\smallskip", r"\begin{minipage}{\textwidth}\raggedright", *lines, r"\end{minipage}"]


def _published(numbers: PublishedNumbers) -> list[str]:
    texts = []
    for heading, block in numbers.blocks():
        texts.append(rf"\textit{{{latex(heading)}:}}")
        texts += [
            f"{_note(shown.note)}{latex(shown.statement)} Caveat: {latex(shown.number.caveat)}" for shown in block
        ]
    return _notes(texts) if texts else []


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
