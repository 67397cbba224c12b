"""Where each page of the report lies, as paths below the report's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.results.cards import card_key
from reports.results.names import safe_name

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
