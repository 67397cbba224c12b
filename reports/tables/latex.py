"""For papers: the leaderboard as LaTeX tables with booktabs, and `references.bib` for BibTeX and biber."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import final

from datasets.common.hashing import sha256_of_bytes
from datasets.core.reference import Reference
from reports.results.cards import dataset_entries, methods
from reports.results.published import PublishedNumbers, published
from reports.results.section import Section
from reports.results.truths import TruthRanking, truth_notes, truth_rankings
from reports.results.verdict import findings
from reports.results.written import one_line, safe_name
from reports.tables.table import Cell, Column, Line, Table, leaderboard_table, truth_table

_HEADINGS = {"predictor": "Predictor", "n": "$N$"}
_MOST_LINES, _FEW_LINES = 50, 20
"""Rows of a float, and of one that has room for the notes."""
_SETUP = r"\centering\scriptsize\setlength{\tabcolsep}{2pt}"


def leaderboard_tex(sections: Sequence[Section]) -> str:
    """Two `table*` for each section, which fit a page of an article in two columns; needs the package booktabs.

    The first has the columns that matter most, the second the others; a long table goes on in further ones.
    """
    head = "% JND-Bench leaderboard. Needs \\usepackage{booktabs}.\n"
    return head + "\n".join([*map(_section, sections), *map(_truths, truth_rankings(sections))])


def _section(section: Section) -> str:
    numbers = published(section)
    table = leaderboard_table(section, numbers)
    first = table.only(lambda column: bool(column.brief) or column.is_published)
    second = table.only(lambda column: column.in_print and (column.name == "predictor" or not column.brief))
    notes = [*_notes(map(latex, findings(section))), *_published(numbers)]
    parts = [
        *_parts(first, f"{section.title}. {section.caption}"),
        *_parts(second, f"{section.title}. Further scores."),
    ]
    # A float is one page at most: notes stand below a short table, and in a float of their own after a long one.
    if len(table.lines) > _FEW_LINES:
        parts.append(("", notes))
    else:
        parts[-1][1].extend(notes)
    return "\n".join(_float(_SETUP, *part) for part in parts)


def _parts(table: Table, caption: str) -> Iterator[tuple[str, list[str]]]:
    """Captions and tabulars that fit a page each."""
    for start in range(0, len(table.lines), _MOST_LINES):
        end = start + _MOST_LINES
        part = Table(table.columns, table.lines[start:end], table.foot if end >= len(table.lines) else ())
        yield (f"{caption} Continued." if start else caption), _tabular(part, _heads(part))


def _heads(table: Table) -> list[str]:
    return [_stacked(_HEADINGS.get(column.name, latex(column.brief or column.heading))) for column in table.columns]


def _truths(ranking: TruthRanking) -> str:
    table = truth_table(ranking)
    heads = [latex(column.heading) for column in table.columns]
    caption = f"Truth next to truth. {ranking.title}."
    content = [*_tabular(table, heads), *_notes(map(latex, truth_notes(ranking)))]
    return _float(r"\centering\scriptsize", caption, content)


def _float(setup: str, caption: str, content: list[str]) -> str:
    captions = [rf"\caption{{{latex(caption)}}}"] if caption else []
    lines = [r"\begin{table*}", setup, *captions, *content, r"\end{table*}"]
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
        f"{{{_number(cell.interval)}}}" if cell.interval else "",
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
    return r"\shortstack{" + head.replace(" ", r"\\") + "}" if " " in head else head


_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_"},
}
_LATEX = {**_ESCAPES, "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "{": r"\{", "}": r"\}"}
# BibTeX counts braces even where a backslash stands before them.
_BIBTEX = {**_ESCAPES, "{": r"\textbraceleft{}", "}": r"\textbraceright{}"}


def latex(text: str) -> str:
    """Text that LaTeX shows as it is, on one line."""
    return "".join(_LATEX.get(character, character) for character in one_line(text))


def bibtex(text: str) -> str:
    """Text that stands in a field between braces as it is, on one line."""
    return "".join(_BIBTEX.get(character, character) for character in one_line(text))


_ARXIV = "arXiv:"
_JOURNAL = re.compile(r"(?P<journal>.+) (?P<volume>\d+)(?:\((?P<number>[^)]+)\))?(?::(?P<pages>[\w-]+))?")
"""A venue with a volume, such as `IEEE TCSVT 5(6):467-476`."""
_CONFERENCES = ("Conference", "Symposium", "Workshop", "ICIP", "Electronic Imaging")
_VERBATIM = ("doi", "eprint", "url")


@final
@dataclass(frozen=True)
class CitedWork:
    """A work and what is to cite it.

    :param key: letters, digits, `-` and `_`; the same for the same card in every report.
    :param used_by: names of the methods' cards, and `data-` with the names of data sets.
    """

    key: str
    reference: Reference
    used_by: tuple[str, ...]


def cited_works(sections: Sequence[Section]) -> list[CitedWork]:
    """What the report's methods and data sets are to be cited by, each work once, by key."""
    names: dict[Reference, list[tuple[str, str]]] = {}
    for key, used_by, reference in _cited(sections):
        names.setdefault(reference, []).append((key, used_by))
    # Cards of one name that cite different works (an edited card beside an old run) are told apart by the text.
    firsts = {reference: min(key for key, _ in pairs) for reference, pairs in names.items()}
    works = []
    for reference, pairs in names.items():
        first = firsts[reference]
        clashes = list(firsts.values()).count(first) > 1
        key = safe_name(first) + (f"-{sha256_of_bytes(reference.text)[:6]}" if clashes else "")
        works.append(CitedWork(key, reference, tuple(sorted({used_by for _, used_by in pairs}))))
    return sorted(works, key=lambda work: work.key)


def _cited(sections: Sequence[Section]) -> Iterator[tuple[str, str, Reference]]:
    """Each citation: a name for its key, the card that has it, and the work."""
    cards = [(method.card.name, method.card.references) for method in methods(sections)]
    cards += [
        (f"data-{entry.name}", record.references) for entry in dataset_entries(sections) for record in entry.records
    ]
    for name, references in cards:
        for number, reference in enumerate(references, start=1):
            yield name if number == 1 else f"{name}-{number}", name, reference


def references_bib(sections: Sequence[Section]) -> str:
    """The file; UTF-8, keys sorted."""
    head = (
        "% What a JND-Bench report used: papers of the methods and citations of the data sets, from their cards.\n"
        "% The note is the citation in one line. Check before you print.\n"
    )
    return head + "".join(f"\n{_entry(work)}" for work in cited_works(sections))


def bibtex_entries(sections: Sequence[Section]) -> list[tuple[tuple[str, ...], str]]:
    """Each entry of the file, after the names of what it is used by."""
    return [(work.used_by, _entry(work)) for work in cited_works(sections)]


def _entry(work: CitedWork) -> str:
    reference = work.reference
    kind, where = _published_in(reference)
    fields = {
        "author": " and ".join(reference.authors),
        "key": "" if reference.authors else work.key,
        "title": reference.title,
        **where,
        "year": str(reference.year),
        "doi": reference.doi,
        "eprint": reference.venue.removeprefix(_ARXIV) if reference.venue.startswith(_ARXIV) else "",
        "eprinttype": "arxiv" if reference.venue.startswith(_ARXIV) else "",
        "url": reference.url,
        "note": reference.text,
        "keywords": ", ".join(work.used_by),
    }
    lines = [f"@{kind}{{{work.key},"]
    for name, value in fields.items():
        text = value if name in _VERBATIM and not set(value) & set("{}\\ \n\r") else bibtex(value)
        if text:
            lines.append(f"  {name} = {{{{{text}}}}}," if name == "title" else f"  {name} = {{{text}}},")
    return "\n".join([*lines, "}"]) + "\n"


def _published_in(reference: Reference) -> tuple[str, dict[str, str]]:
    """The entry's type and the fields of its venue; `misc` where BibTeX would miss a field."""
    misc = "misc", {"howpublished": reference.venue}
    if not (reference.authors and reference.title) or reference.venue.startswith(_ARXIV):
        return misc
    if any(word in reference.venue for word in _CONFERENCES):
        return "inproceedings", {"booktitle": reference.venue}
    journal = _JOURNAL.fullmatch(reference.venue)
    if journal is None:
        return misc
    fields = {name: value or "" for name, value in journal.groupdict().items()}
    return "article", {**fields, "pages": fields["pages"].replace("-", "--")}
