"""What browsers send, checked field by field; whatever is not as it should be is refused with a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


class Refused(Exception):  # noqa: N818  # the word that raters read, not a fault of the server
    """A request that is not done.

    :param status: of HTTP.
    :param state: what the rater's page goes on with, where it can.
    """

    def __init__(self, status: int, sentence: str, state: Mapping[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.state = state


def number(body: Mapping[str, Any], name: str, low: float, high: float) -> float:
    """A finite number in a range, both ends included."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise Refused(400, f"{name} is no number from {low:g} to {high:g}")
    return float(value)


def whole(body: Mapping[str, Any], name: str, low: int, high: int) -> int:
    """A whole number in a range, both ends included."""
    value = number(body, name, low, high)
    if value != math.floor(value):
        raise Refused(400, f"{name} is no whole number")
    return int(body[name])


def truth(body: Mapping[str, Any], name: str) -> bool:
    """True or false."""
    value = body.get(name)
    if not isinstance(value, bool):
        raise Refused(400, f"{name} is neither true nor false")
    return value


def text(body: Mapping[str, Any], name: str, longest: int) -> str:
    """Printable text that is not empty."""
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        raise Refused(400, f"{name} is no text of 1 to {longest} printable characters")
    return value


def pair(body: Mapping[str, Any], name: str, high: float) -> tuple[float, float]:
    """Two numbers from 0."""
    value = body.get(name)
    if not isinstance(value, list) or len(value) != 2:
        raise Refused(400, f"{name} is no pair of numbers")
    sides = dict(zip((f"{name}[0]", f"{name}[1]"), value, strict=True))
    first, second = (number(sides, side, 0, high) for side in sides)
    return first, second
