"""Where each page of the report lies below the report's folder, and the anchor of each section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.results.cards import card_key
from reports.results.section import Section
from reports.results.written import safe_name

if TYPE_CHECKING:
    from baselines.interface.card import Card

INDEX = "index.html"


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
