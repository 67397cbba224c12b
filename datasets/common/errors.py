"""Errors that a user can act on: they name what is wrong, what was expected, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable


class UserError(Exception):
    """Something the user can put right. Commands print its text alone, without a traceback, and exit with 2."""


class DataError(UserError):
    """A data set's file is missing, damaged or inconsistent. The text names the file."""


class PluginWarning(UserWarning):
    """A predictor's or codec's file or package could not be loaded and was left out."""


def check_name(what: str, name: str, known: Collection[str]) -> None:
    """:raises UserError: where a name does not exist, as `unknown_name` says it."""
    if name not in known:
        raise unknown_name(what, name, known)


def unknown_name(what: str, name: str, known: Iterable[str]) -> UserError:
    """The error for a name that does not exist: the nearest known ones first, then all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
    return UserError(f"There is no {what} {name!r}.{hint} Known: {', '.join(names)}.")


def user_error_of(call: Callable[[], object]) -> str:
    """What a call raises for its user to put right; empty where it raises nothing."""
    try:
        call()
    except UserError as error:
        return str(error)
    return ""
