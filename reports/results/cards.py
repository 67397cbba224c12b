"""The methods and data sets of a report, each once, as their cards tell of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from datasets.common.hashing import sha256_of_bytes
from protocols.store.record import DatasetRecord
from reports.results.row import Row
from reports.results.section import Section

if TYPE_CHECKING:
    from baselines.interface.card import Card

DATASET_SHOWN = ("name", "title", "samples", "codec", "unit", "level_lowest", "level_highest", "terms", "citation")


@dataclass(frozen=True)
class Ran:
    """A row and the section it stands in."""

    section: Section
    row: Row


@dataclass(frozen=True)
class Method:
    """A card and where it ran.

    :param rows: in order of sections.
    """

    card: Card
    rows: tuple[Ran, ...]

    @property
    def ran_as(self) -> dict[str, dict[str, Any]]:
        """The names it ran under, with their parameters."""
        names: dict[str, dict[str, Any]] = {}
        for ran in self.rows:
            names.setdefault(ran.row.predictor, ran.row.record.parameters)
        return names

    @property
    def kind(self) -> str:
        """The folder in which the method stands."""
        return self.rows[0].row.kind


@dataclass(frozen=True)
class DatasetEntry:
    """A data set and its sections.

    :param records: what its runs say of it, once where they say the same of what is shown (`DATASET_SHOWN`).
    """

    name: str
    records: tuple[DatasetRecord, ...]
    sections: tuple[Section, ...]

    @property
    def redistributable(self) -> bool:
        """Whether its pictures may stand in a report that is passed on; no where any run says so."""
        return all(row.record.dataset.redistributable for section in self.sections for row in section.rows)

    @property
    def notes(self) -> list[str]:
        """What loaders found out, each once."""
        return list(dict.fromkeys(note for section in self.sections for note in section.notes))


def methods(sections: Sequence[Section]) -> list[Method]:
    """Every method that ran, by name: those whose cards say the same stand together."""
    found: dict[str, list[Ran]] = {}
    for section in sections:
        for row in section.rows:
            found.setdefault(card_key(row.card), []).append(Ran(section, row))
    return [Method(found[key][0].row.card, tuple(found[key])) for key in sorted(found)]


def dataset_entries(sections: Sequence[Section]) -> list[DatasetEntry]:
    """Every data set by name."""
    found: dict[str, list[Section]] = {}
    for section in sections:
        found.setdefault(section.dataset.name, []).append(section)
    return [DatasetEntry(name, _told_apart(found[name]), tuple(found[name])) for name in sorted(found)]


def _told_apart(sections: Sequence[Section]) -> tuple[DatasetRecord, ...]:
    records = {repr(shown_of(section.dataset)): section.dataset for section in reversed(sections)}
    return tuple(reversed(records.values()))


def shown_of(record: DatasetRecord) -> dict[str, Any]:
    """What reports show of a data set: not where a run found it, nor how it was opened."""
    return {name: getattr(record, name) for name in DATASET_SHOWN}


def predictors(sections: Sequence[Section]) -> dict[str, list[Ran]]:
    """Every name that a predictor ran under, with its rows in order of sections."""
    found: dict[str, list[Ran]] = {}
    for section in sections:
        for row in section.rows:
            found.setdefault(row.predictor, []).append(Ran(section, row))
    return dict(sorted(found.items()))


def card_key(card: Card) -> str:
    """The card's name, and a hash of all it says."""
    text = json.dumps(dataclasses.asdict(card), sort_keys=True)
    return f"{card.name}-{sha256_of_bytes(text)[:6]}"
