"""Numbers that papers publish: which stand beside a measured one, and which are only listed under the table.

It stands beside a measured one where all it was measured under is known and the same; others of the same data set are
listed with what they were measured under. None is ranked, drawn or shown without its caveat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from baselines.interface.card import PublishedNumber
from protocols.scoring.record import Score
from reports.results.row import CeilingRow, Row
from reports.results.section import Section
from reports.results.section_scores import columns
from reports.results.written import ordinal, significant

BESIDE = "Published, same data set, JND, truth and folds"
LISTED = "Published, other truth or folds"


@final
@dataclass(frozen=True)
class Shown:
    """A published number in a section.

    :param title: of the method whose number it is.
    :param rows: those it stands beside; empty where it is listed.
    :param reasons: why it stands beside none; empty where it does.
    :param note: 1, 2, ... of those beside rows; 0 where it is listed.
    """

    number: PublishedNumber
    title: str
    rows: tuple[Row, ...] = ()
    reasons: tuple[str, ...] = ()
    note: int = 0

    @property
    def statement(self) -> str:
        """All but the caveat, in sentences; the value as printed."""
        number = self.number
        what = f"{self.title}: {number.metric} {significant(number.value)} ({measured_under(number)})."
        return f"{what} Not beside a measured number: {', '.join(self.reasons)}." if self.reasons else what

    def text_in(self, column: Score) -> str:
        """The value in the unit of the column beside which it stands, not rounded to the column's digits."""
        return significant(self.number.value * self.number.score_factor * (100 if column.is_share else 1))


@final
@dataclass(frozen=True)
class PublishedNumbers:
    """All published numbers of a section.

    :param beside: those beside measured ones, by note.
    :param listed: the others.
    """

    beside: tuple[Shown, ...]
    listed: tuple[Shown, ...]

    def __bool__(self) -> bool:
        return bool(self.beside or self.listed)

    @property
    def scores(self) -> frozenset[str]:
        """Names of the scores whose column gets one of published numbers beside it."""
        return frozenset(shown.number.score for shown in self.beside)

    def at(self, row: Row | CeilingRow, column: Score) -> list[Shown]:
        """What stands beside a measured number; mostly nothing."""
        return [shown for shown in self.beside if shown.number.score == column.name and row in shown.rows]

    def blocks(self) -> list[tuple[str, tuple[Shown, ...]]]:
        """Headings and what stands under them below the table; without empty ones."""
        return [block for block in ((BESIDE, self.beside), (LISTED, self.listed)) if block[1]]


def published(section: Section) -> PublishedNumbers:
    """The published numbers on a section's data set or on the other parts of it, each once."""
    reasons_by_row: dict[tuple[str, PublishedNumber], list[tuple[Row, tuple[str, ...]]]] = {}
    for row in sorted(section.rows, key=lambda row: row.predictor):
        for number in row.card.published:
            if _is_on_data_of(section, number):
                key = (number.method or row.card.title, number)
                reasons_by_row.setdefault(key, []).append((row, _reasons(section, row, number)))
    beside: list[Shown] = []
    listed: list[Shown] = []
    for title, number in sorted(reasons_by_row, key=_order):
        pairs = reasons_by_row[title, number]
        rows = tuple(row for row, reasons in pairs if not reasons)
        if rows:
            beside.append(Shown(number, title, rows=rows, note=len(beside) + 1))
        else:
            listed.append(Shown(number, title, reasons=min((reasons for _, reasons in pairs), key=len)))
    return PublishedNumbers(tuple(beside), tuple(listed))


def has_published(sections: Sequence[Section]) -> bool:
    """Whether any section has a published number."""
    return any(published(section) for section in sections)


def measured_under(number: PublishedNumber) -> str:
    """What a number was measured under, as far as that is known."""
    truth = [f"truth {number.truth}"] if number.truth else []
    return ", ".join([number.dataset, f"{ordinal(number.jnd)} JND", *truth, f"folds {number.folds or 'unknown'}"])


def _is_on_data_of(section: Section, number: PublishedNumber) -> bool:
    name = section.dataset.name
    whole = name.removesuffix(f"-{section.dataset.codec}")  # `konjnd-1k-bpg` is a part of `konjnd-1k`
    is_other_part = whole != name and f"{number.dataset}-".startswith(f"{whole}-")
    return number.dataset == name or is_other_part


def _reasons(section: Section, row: Row, number: PublishedNumber) -> tuple[str, ...]:
    """Why the number cannot stand beside the row's; empty where it can."""
    identity = section.identity
    column = next((record for record in columns() if record.name == number.score), None)
    needs_truth = number.truth != "" or column is None or column.needs_truth
    checks = (
        (number.dataset != section.dataset.name, "other pictures"),
        (section.dataset.is_simulated, "the observers here are simulated"),
        (number.jnd != identity.jnd, "other JND"),
        (needs_truth and number.truth != identity.truth, "truth not known to be the same"),
        (not number.folds, "folds unknown"),
        (bool(number.folds) and number.folds != identity.folds, "other folds"),
        (bool(identity.limit), "this table is of fewer pictures"),
        (bool(section.state), "this data set was read in several states"),
        (bool(number.method), "another method's"),
        (row.predictor != row.card.name, "the method ran with other parameters"),
        (column is not None and column.is_time, "other machine"),
        (column is None, "no score here measures it"),
        (column is not None and row.scores[number.score] is None, "not measured here"),
        (not row.has_failed and not row.is_whole, "some pictures failed here"),
    )
    return tuple(reason for differs, reason in checks if differs)


def _order(key: tuple[str, PublishedNumber]) -> tuple[str, str, str, int, str]:
    title, number = key
    return title, number.dataset, number.metric, number.jnd, repr(number)
