"""`references.bib`: the papers of the methods that ran and of the data sets, for BibTeX and biber.

Cards cite in one line. What can be told apart in it (authors, title, venue, year, ids) becomes a field; the line
itself stands in `note`, so nothing is lost where it cannot.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from datasets.common.hashing import sha256_of_bytes
from reports.results.cards import dataset_entries, methods
from reports.results.columns import one_line
from reports.results.names import safe_name
from reports.results.sections import Section

_AUTHOR = r"(?:[A-Z]\.[ -]?)+(?:[a-z]+ )?[^\W\d_][\w'’-]+"
_AUTHORS = re.compile(rf"({_AUTHOR}(?:, {_AUTHOR})*)(?:,? and ({_AUTHOR})|( et al\.))?, ")
_VENUE = re.compile(
    r", (?=IEEE |ACM |SID |IS&T |arXiv|Signal Processing|Third |\d+th |Quality and User|Mathematics |Vojno|Cloudinary"
    r"|software\b)"
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b(?!\d*[-–])")
_DOI = re.compile(r"\b10\.\d{4,9}/[\w./()-]*\w")
_ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")


@dataclass(frozen=True)
class Reference:
    """One work.

    :param key: letters, digits, `-` and `_`; the same for the same card in every report.
    :param text: as the card cites it.
    :param used_by: names of the methods' cards or of the data sets.
    """

    key: str
    text: str
    used_by: tuple[str, ...]


def references(sections: Sequence[Section]) -> list[Reference]:
    """What the report's methods and data sets are to be cited by, each work once, by key."""
    cited: dict[str, list[str]] = {}
    for method in methods(sections):
        cited.setdefault(one_line(method.card.paper), []).append(method.card.name)
    for entry in dataset_entries(sections):
        for record in entry.records:
            cited.setdefault(one_line(record.citation), []).append(f"data-{entry.name}")
    cited.pop("", None)
    # Cards of one name that cite different works (an edited card beside an old run) are told apart by the text.
    firsts = [min(names) for names in cited.values()]
    found = []
    for text, names in cited.items():
        first = min(names)
        clash = f"-{sha256_of_bytes(text)[:6]}" if firsts.count(first) > 1 else ""
        found.append(Reference(safe_name(first) + clash, text, tuple(sorted(set(names)))))
    return sorted(found, key=lambda reference: reference.key)


def references_bib(sections: Sequence[Section]) -> str:
    """The file; UTF-8, keys sorted."""
    head = (
        "% What a JND-Bench report used: papers of the methods and citations of the data sets, from their cards.\n"
        "% Fields are told apart by rules; the note is the citation as the card has it. Check before you print.\n"
    )
    return head + "".join(f"\n{_entry(reference)}" for reference in references(sections))


def _entry(reference: Reference) -> str:
    fields = {**_told_apart(reference.text), "note": reference.text, "keywords": ", ".join(reference.used_by)}
    lines = [f"@misc{{{reference.key},"]
    for name, value in fields.items():
        text = value if name in ("doi", "eprint") else bibtex(value)
        lines.append(f"  {name} = {{{{{text}}}}}," if name == "title" else f"  {name} = {{{text}}},")
    return "\n".join([*lines, "}"]) + "\n"


def _told_apart(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    rest = text
    if match := _AUTHORS.match(text):
        names = re.split(r", ", match[1]) + ([match[2]] if match[2] else [])
        fields["author"] = " and ".join([*names, "others"] if match[3] else names)
        rest = text[match.end() :]
    if match := _VENUE.search(rest):
        fields["title"], venue = rest[: match.start()], rest[match.end() :]
        fields["howpublished"] = venue
    if match := _YEAR.search(rest):
        fields["year"] = match[0]
    if match := _DOI.search(rest):
        fields["doi"] = match[0]
    if match := _ARXIV.search(rest):
        fields.update(eprint=match[1], eprinttype="arxiv")
    return fields


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
