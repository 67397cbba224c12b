"""The methods and data sets of a report, each once, as their cards tell of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasets.common.hashing import sha256_of_bytes
from reports.results.published_facts import PublishedFacts, published_facts
from reports.results.rows import DatasetFacts, Row
from reports.results.sections import Section


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

    card: dict[str, Any]
    rows: tuple[Ran, ...]

    @property
    def ran_as(self) -> dict[str, dict[str, Any]]:
        """The names it ran under, with their parameters."""
        found: dict[str, dict[str, Any]] = {}
        for ran in self.rows:
            found.setdefault(ran.row.predictor, ran.row.run.info.get("parameters", {}))
        return found

    @property
    def published(self) -> list[PublishedFacts]:
        """The paper's numbers, whatever data set they are on.

        :raises DataError: where the card's number lacks what every number has.
        """
        return published_facts(self.rows[0].row)


@dataclass(frozen=True)
class DatasetEntry:
    """A data set and its sections; facts that differ between runs stand apart.

    :param facts: each that its runs tell, once.
    """

    name: str
    facts: tuple[DatasetFacts, ...]
    sections: tuple[Section, ...]

    @property
    def redistributable(self) -> bool:
        """Whether its pictures may stand in a report that is passed on; no where any run does not say so."""
        runs = [row.run.info["dataset"] for section in self.sections for row in section.rows]
        return all(facts.get("redistributable") is True for facts in runs)

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
    return [
        DatasetEntry(name, tuple(dict.fromkeys(section.dataset for section in found[name])), tuple(found[name]))
        for name in sorted(found)
    ]


def predictors(sections: Sequence[Section]) -> dict[str, list[Ran]]:
    """Every name that a predictor ran under, with its rows in order of sections."""
    found: dict[str, list[Ran]] = {}
    for section in sections:
        for row in section.rows:
            found.setdefault(row.predictor, []).append(Ran(section, row))
    return dict(sorted(found.items()))


def card_key(card: Mapping[str, Any]) -> str:
    """The card's name, and a hash of all it says."""
    text = json.dumps(card, sort_keys=True)
    return f"{card.get('name', '')}-{sha256_of_bytes(text)[:6]}"
