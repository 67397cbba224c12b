"""What the contracts of predictors and codecs share: what a check gave, and the table that says so."""

from __future__ import annotations

import shutil
import textwrap
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

OK, FAILED, EXPECTED, ABSENT = "ok", "FAILED", "expected", "absent"


class Promise(Protocol):
    """What a check is to a reader: its name, and what goes wrong for a user where it fails."""

    @property
    def name(self) -> str: ...

    @property
    def protects(self) -> str: ...


@dataclass(frozen=True)
class Outcome:
    """What a check gave.

    :param verdict: `OK`, `FAILED`, `EXPECTED`, or `ABSENT` where it cannot be run here.
    :param reason: what is wrong and what to do, why it was expected, or what is missing; empty where all is well.
    """

    check: Promise
    verdict: str
    reason: str = ""


def require(condition: bool, what_to_do: str) -> None:
    """Fail a check (also under `python -O`, which drops assert statements)."""
    if not condition:
        raise AssertionError(what_to_do)


def fault_of(run: Callable[[], None]) -> str:
    """What is wrong, as a check's AssertionError or whatever stops it says; empty where it passes."""
    try:
        run()
    except AssertionError as error:
        return str(error)
    except Exception as error:  # what is checked may fail in any way; the other checks must still run
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} [{Path(last.filename).name}, line {last.lineno}]"
    return ""


def print_outcomes(title: str, checks: Sequence[Promise], outcomes: Iterable[Outcome]) -> bool:
    """Print a table with a line for each outcome as soon as it is known.

    :returns: whether none failed.
    """
    print(f"\n{title}")
    width = max(len(check.name) for check in checks)
    _print_row(width, "check", "verdict", "reason, or what to do")
    verdicts: Counter[str] = Counter()
    first_with: dict[str, str] = {}
    for outcome in outcomes:
        check, reason = outcome.check, outcome.reason
        first = first_with.setdefault(reason, check.name)
        if outcome.verdict == FAILED:
            reason = f"{reason} (protects: {check.protects})" if first == check.name else f"as in {first}"
        _print_row(width, check.name, outcome.verdict, reason)
        verdicts[outcome.verdict] += 1
    print(
        ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in (OK, EXPECTED, ABSENT, FAILED) if verdicts[verdict])
    )
    return not verdicts[FAILED]


def print_checks(checks: Sequence[Promise]) -> None:
    """Print what each check protects."""
    for check in checks:
        _print_row(max(len(check.name) for check in checks), check.name, "", check.protects)


def _print_row(width: int, name: str, verdict: str, text: str) -> None:
    start = f"  {name:<{width}}  " + (f"{verdict:<8}  " if verdict else "")
    lines = textwrap.wrap(text, max(shutil.get_terminal_size((120, 24)).columns - len(start), 40)) or [""]
    print((start + lines[0]).rstrip(), flush=True)
    for line in lines[1:]:
        print(" " * len(start) + line)
