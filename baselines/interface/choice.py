"""Which predictors a run takes: those named, those that globs match, or those that a run without names is made of."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.interface.registry import Registered, find_predictors, registry
from datasets.common.errors import UserError


def choose_predictors(patterns: Sequence[str]) -> tuple[list[Registered], list[str]]:
    """The predictors to run, and a note on each that a glob matches and that is left out.

    :param patterns: names, globs, `package.module:Class`; none takes every predictor that costs little.
    :raises UserError: where a pattern matches nothing, nothing is left, or one named in full cannot run here.
    """
    named = {entry.name for pattern in patterns if not _is_glob(pattern) for entry in find_predictors([pattern])}
    found = find_predictors(patterns) if patterns else [one for one in registry().values() if one.cost == "light"]
    chosen, notes = [], []
    for entry in found:
        why = entry.unavailable()
        if why and entry.name in named:
            raise UserError(f"{entry.name} cannot run here: {why}")
        if entry.cost == "heavy" and entry.name not in named:
            why = "it trains for hours without a GPU; name it in full to run it"
        if why:
            notes.append(f"{entry.name} is left out: {why}")
        else:
            chosen.append(entry)
    if not chosen:
        raise UserError("no predictor is left to run. " + ". ".join(notes))
    return chosen, notes


def _is_glob(pattern: str) -> bool:
    return pattern not in registry() and ":" not in pattern
