"""`references.bib`: the papers of the methods that ran and of the data sets, for BibTeX and biber."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

from datasets.common.hashing import sha256_of_bytes
from datasets.core.reference import Reference
from reports.results.cards import dataset_entries, methods
from reports.results.section import Section
from reports.results.written import one_line, safe_name

_ARXIV = "arXiv:"
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


def _entry(work: CitedWork) -> str:
    reference = work.reference
    fields = {
        "author": " and ".join(reference.authors),
        "title": reference.title,
        "howpublished": reference.venue,
        "year": str(reference.year),
        "doi": reference.doi,
        "eprint": reference.venue.removeprefix(_ARXIV) if reference.venue.startswith(_ARXIV) else "",
        "eprinttype": "arxiv" if reference.venue.startswith(_ARXIV) else "",
        "url": reference.url,
        "note": reference.text,
        "keywords": ", ".join(work.used_by),
    }
    lines = [f"@misc{{{work.key},"]
    for name, value in fields.items():
        text = value if name in _VERBATIM and not set(value) & set("{}\\ \n\r") else bibtex(value)
        if text:
            lines.append(f"  {name} = {{{{{text}}}}}," if name == "title" else f"  {name} = {{{text}}},")
    return "\n".join([*lines, "}"]) + "\n"


_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    # BibTeX counts braces even where a backslash stands before them.
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    **{character: f"\\{character}" for character in "&%$#_"},
}


def bibtex(text: str) -> str:
    """Text that stands in a field between braces as it is, on one line."""
    return "".join(_SPECIAL.get(character, character) for character in one_line(text))
