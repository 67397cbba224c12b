"""Cards and programs that people describe in TOML files, instead of writing a class."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from baselines.interface.card import Card
from datasets.common.errors import UserError
from datasets.common.files import read_text
from datasets.core.reference import Reference

OF_CARD = ("title", "references", "deviations")
"""What a TOML file may say of a card."""


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's table.

    :raises UserError: where there is no such file, or it is no TOML.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    if not path.is_file():
        raise UserError(f"{path}: there is no such file")
    try:
        return tomllib.loads(read_text(path, "Expected a TOML file."))
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: is no TOML ({error})") from error


def card_of(path: Path, name: str, about: Mapping[str, Any], *, needs_pictures: bool) -> Card:
    """The card that a file's table describes.

    :param about: some of `OF_CARD`; a reference is a table with authors, title, venue, year, and doi or url.
    :raises UserError: where it has something else, or a reference lacks something.
    """
    others = ", ".join(repr(key) for key in about if key not in OF_CARD)
    if others:
        raise UserError(f"{path}: has {others}; a card has {', '.join(OF_CARD)}")
    try:
        references = tuple(
            Reference(**{**reference, "authors": tuple(reference["authors"])})
            for reference in about.get("references", ())
        )
        title, deviations = str(about.get("title", name)), tuple(map(str, about.get("deviations", ())))
        return Card(name, title, needs_pictures=needs_pictures, references=references, deviations=deviations)
    except (TypeError, KeyError, ValueError) as error:
        raise UserError(f"{path}: a reference is not as expected ({error}): authors, title, venue and year") from error
