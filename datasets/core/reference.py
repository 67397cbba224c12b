"""A work that is cited: a record, so that tables, pages and BibTeX files need not take a sentence apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

OTHERS = "others"
"""As the last author: there are more, who are not named."""


@dataclass(frozen=True)
class Reference:
    """A paper, a preprint or software.

    :param authors: in order, initials first, e.g. `("C.-H. Chou", "Y.-C. Li")`; the last is `others` where more
        follow; empty where they are not known.
    :param title: as printed, no full stop.
    :param venue: journal or conference with volume, number and pages as far as known, e.g. `IEEE TCSVT 5(6):467-476`,
        `arXiv:1703.04421`, `software`.
    :param doi: e.g. `10.1109/76.475889`; empty where there is none or it is not known.
    :param url: where it is found, if not by its doi.
    :param note: what it is cited for, where that is not the method or the data set itself.
    :raises TypeError: where the authors are one string: `("A. Body")` is no tuple, `("A. Body",)` is.
    """

    authors: tuple[str, ...]
    title: str
    venue: str
    year: int
    doi: str = ""
    url: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.authors, str):
            raise TypeError(f"authors is a tuple of names, e.g. ({self.authors!r},), not a string")

    @property
    def text(self) -> str:
        """One line for people: `A. Body and B. Other, Title, Venue, 1993, doi:10...`."""
        identifiers = (f"doi:{self.doi}" if self.doi else "", self.url)
        parts = (self._authors_text, self.title, self.venue, str(self.year), *identifiers)
        line = ", ".join(part for part in parts if part)
        return f"{line} ({self.note})" if self.note else line

    @property
    def _authors_text(self) -> str:
        *first, last = self.authors or ("",)
        if not first:
            return last
        return f"{', '.join(first)}{' et al.' if last == OTHERS else f' and {last}'}"


def citation(references: Iterable[Reference]) -> str:
    """All works in one line for people; empty where there are none."""
    return "; ".join(reference.text for reference in references)
