"""The methods and data sets of a report, each once, and where their pages lie below the report's folder."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from baselines.interface.card import Card
from datasets.common.hashing import sha256_of_bytes
from protocols.store.record import DatasetRecord
from reports.results.row import Row
from reports.results.section import Section
from reports.results.written import safe_name

DATASET_SHOWN = ("name", "title", "samples", "codec", "unit", "level_lowest", "level_highest", "terms", "citation")


@final
@dataclass(frozen=True)
class Result:
    """A row and the section it stands in."""

    section: Section
    row: Row


@final
@dataclass(frozen=True)
class Method:
    """A card and where it ran.

    :param rows: in order of sections.
    """

    card: Card
    rows: tuple[Result, ...]

    @property
    def ran_as(self) -> dict[str, dict[str, Any]]:
        """The names it ran under, with their parameters."""
        names: dict[str, dict[str, Any]] = {}
        for result in self.rows:
            names.setdefault(result.row.predictor, result.row.record.parameters)
        return names

    @property
    def kind(self) -> str:
        """The folder in which the method stands."""
        return self.rows[0].row.kind


@final
@dataclass(frozen=True)
class DatasetEntry:
    """A data set and its sections.

    :param records: what its runs say of it; those that say the same of what is shown (`DATASET_SHOWN`) count once.
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

    @property
    def screening(self) -> list[str]:
        """What is reported of the raters behind the samples, by each state of the set once."""
        told = (row.record.dataset.screening for section in self.sections for row in section.rows)
        return ["\n".join(lines) for lines in dict.fromkeys(told) if lines]


def methods(sections: Sequence[Section]) -> list[Method]:
    """Every method that ran, by name: those whose cards say the same stand together."""
    by_card: dict[str, list[Result]] = {}
    for section in sections:
        for row in section.rows:
            by_card.setdefault(card_key(row.card), []).append(Result(section, row))
    return [Method(by_card[key][0].row.card, tuple(by_card[key])) for key in sorted(by_card)]


def dataset_entries(sections: Sequence[Section]) -> list[DatasetEntry]:
    """Every data set by name."""
    by_name: dict[str, list[Section]] = {}
    for section in sections:
        by_name.setdefault(section.dataset.name, []).append(section)
    return [DatasetEntry(name, _distinct(by_name[name]), tuple(by_name[name])) for name in sorted(by_name)]


def _distinct(sections: Sequence[Section]) -> tuple[DatasetRecord, ...]:
    records = {repr(shown_of(section.dataset)): section.dataset for section in reversed(sections)}
    return tuple(reversed(records.values()))


def shown_of(record: DatasetRecord) -> dict[str, Any]:
    """What reports show of a data set: not where a run found it, nor how it was opened."""
    return {name: getattr(record, name) for name in DATASET_SHOWN}


def predictors(sections: Sequence[Section]) -> dict[str, list[Result]]:
    """Every name that a predictor ran under, with its rows in order of sections."""
    by_name: dict[str, list[Result]] = {}
    for section in sections:
        for row in section.rows:
            by_name.setdefault(row.predictor, []).append(Result(section, row))
    return dict(sorted(by_name.items()))


def card_key(card: Card) -> str:
    """The card's name, and a hash of all it says."""
    text = json.dumps(dataclasses.asdict(card), sort_keys=True)
    return f"{card.name}-{sha256_of_bytes(text)[:6]}"


INDEX = "index.html"
CODECS_PAGE = "codecs.html"
JNDS_PAGE = "jnds.html"
"""Codec against codec; there where data sets in several codecs can be compared."""


def predictor_page(predictor: str) -> str:
    """A page for each name that a predictor ran under."""
    return f"predictors/{safe_name(predictor)}.html"


def picture_page(dataset: str, picture: str) -> str:
    """A page for each picture that has one."""
    return f"pictures/{safe_name(dataset)}/{safe_name(picture)}.html"


def method_page(card: Card) -> str:
    """A page for each card; cards that differ in anything have pages of their own."""
    return f"methods/{safe_name(card_key(card))}.html"


def dataset_page(dataset: str) -> str:
    """A page for each data set."""
    return f"datasets/{safe_name(dataset)}.html"


def up_from(page: str) -> str:
    """What leads from a page to the report's folder: empty, or as many `../` as the page lies deep."""
    return "../" * page.count("/")


def section_name(section: Section) -> str:
    """E.g. `demo-kfold5-v1-mean-jnd1`, with `-limit6` for a limited one."""
    identity = section.identity
    limit = f"-limit{identity.limit}" if identity.limit else ""
    state = f"-state{section.state}" if section.state else ""
    return safe_name(f"{identity.dataset}-{identity.folds}-{identity.truth}-jnd{identity.jnd}{limit}{state}")
