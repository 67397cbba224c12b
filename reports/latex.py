"""The leaderboard for papers: LaTeX tables with booktabs."""

from __future__ import annotations

from collections.abc import Sequence

from reports.columns import COLUMNS, Column, interval, mark, one_line
from reports.rows import Row
from reports.sections import Section


def leaderboard_tex(sections: Sequence[Section]) -> str:
    """A `table*` for each section; needs the package booktabs."""
    head = "% JND-Bench leaderboard. Needs \\usepackage{booktabs}; wide tables may need \\usepackage{rotating}.\n"
    return head + "\n".join(_tex_table(section) for section in sections)


def _tex_table(section: Section) -> str:
    columns = [column for column in COLUMNS if column.name not in ("krcc", "within_3", "within_10")]
    heads = ["Predictor", "$N$", "failed", *(latex(column.heading.format(unit=section.unit)) for column in columns)]
    lines = [
        r"\begin{table*}",
        r"\centering\scriptsize\setlength{\tabcolsep}{3pt}",
        rf"\caption{{{latex(section.title)}. {latex(section.caption)}}}",
        rf"\begin{{tabular}}{{l{'r' * (len(heads) - 1)}}}",
        r"\toprule",
        " & ".join(_stacked(head) for head in heads) + r" \\",
        r"\midrule",
        *(" & ".join(_tex_cells(section, row, columns)) + r" \\" for row in section.rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table*}",
    ]
    return "\n".join(lines) + "\n"


def _tex_cells(section: Section, row: Row, columns: Sequence[Column]) -> list[str]:
    name = latex(row.predictor) + (rf" \textit{{({mark(row)})}}" if mark(row) else "")
    cells = [name, str(row.scores["n"]), str(row.scores["failed"])]
    for column in columns:
        text = column.text(row)
        if column.name == "mae" and text:
            text = rf"\textbf{{{text}}}" if section.is_best(row) else text
            text = f"{text} {{{interval(row)}}}" if interval(row) else text
        cells.append(text.replace("-", "$-$") if column.name != "mae" else text)
    return cells


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
