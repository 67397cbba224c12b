"""Checks of a predictor's form: its class, its card, its constructor. None of them looks at a picture twice."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import sys
import timeit

from baselines.interface.card import COSTS, Card, PublishedNumber
from baselines.interface.contract.trial import Trial
from datasets.common.contract import require
from datasets.common.new_file import NAME, NAME_IN_WORDS
from datasets.core.reference import Reference

_SCORE = re.compile(r"[a-z][a-z0-9_]*")
_CONSTRUCTOR_MS = 50


def final_class(trial: Trial) -> None:
    """The class is marked final (which Python records from 3.11 on)."""
    if sys.version_info >= (3, 11):
        final = vars(trial.entry.predictor).get("__final__", False)
        require(final, f"put @final (from typing) above class {trial.entry.predictor.__name__}")


def card_complete(trial: Trial) -> None:
    """Every field of the card says something that a reader can use."""
    card = trial.entry.predictor.card
    require(isinstance(card, Card), "card must be a baselines.interface.card.Card")
    for name in (card.name, trial.entry.name):
        require(bool(NAME.fullmatch(name)), f"name {name!r} must be {NAME_IN_WORDS}")
    for field in ("title", "licence"):
        require(_says_something(getattr(card, field)), f"the card's {field} is empty: fill it in")
    for cost in (card.cost, trial.entry.cost):
        require(cost in COSTS, f"the cost {cost!r} must be one of {', '.join(COSTS)}")
    require(isinstance(card.needs_pictures, bool), "the card's needs_pictures must be True or False")
    require(
        isinstance(card.references, tuple) and all(isinstance(reference, Reference) for reference in card.references),
        "card.references must be a tuple of Reference records: end a single one with a comma",
    )
    for reference in card.references:
        _reference(reference)
    for number in card.published:
        require(isinstance(number, PublishedNumber), "card.published must hold PublishedNumber records")
        _published_number(number)
    require(
        not isinstance(card.deviations, str) and all(map(_says_something, card.deviations)),
        "card.deviations must be a tuple of sentences: end a single one with a comma",
    )


def _reference(reference: Reference) -> None:
    require(_says_something(reference.title) or _says_something(reference.venue), f"{reference}: give title and venue")
    require(isinstance(reference.year, int) and 1800 < reference.year < 2200, f"the year {reference.year!r} is no year")


def _published_number(number: PublishedNumber) -> None:
    parts = (number.dataset, number.metric, number.caveat)
    require(all(map(_says_something, parts)), f"{number}: say data set, metric, and why it may differ here")
    # Which scores need no truth stands with the scores, which nothing here may import.
    named = _says_something(number.truth) or (number.truth == "" and number.score != "")
    require(named, f"{number}: say the truth, in words where it is unknown; '' is for scores that need none")
    require(_is_finite(number.value), f"{number}: value must be a finite number")
    jnd = number.jnd
    require(isinstance(jnd, int) and not isinstance(jnd, bool) and jnd >= 1, f"{number}: jnd must be 1, 2, 3, ...")
    folds_named = isinstance(number.folds, str) and (number.folds == "" or bool(NAME.fullmatch(number.folds)))
    require(folds_named, f"{number}: folds must be a fold file's name such as 'kfold5-v1', or '' where unknown")
    score_named = isinstance(number.score, str) and (number.score == "" or bool(_SCORE.fullmatch(number.score)))
    require(score_named, f"{number}: score must be the name of a score such as 'mae', or '' where none measures it")
    require(_is_finite(number.score_factor) and number.score_factor > 0, f"{number}: score_factor must be above 0")
    require(number.score != "" or number.score_factor == 1, f"{number}: score_factor says nothing without a score")
    method_named = isinstance(number.method, str) and number.method == number.method.strip()
    require(method_named, f"{number}: method must name the method, or be '' where it is the card's own")


def constructor_pure(trial: Trial) -> None:
    """Parameters are annotated fields with defaults, and nothing else is done when a predictor is made."""
    cls, given = trial.entry.predictor, dict(trial.entry.parameters)
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        default = (field.default, field.default_factory) != (dataclasses.MISSING, dataclasses.MISSING)
        require(default, f"give the parameter {field.name!r} a default")
    made = cls(**given)
    ms = min(timeit.repeat(lambda: cls(**given), number=1, repeat=2)) * 1000  # a busy machine may be slow once
    require(ms <= _CONSTRUCTOR_MS, f"making it takes {ms:.0f} ms: move its work into fit or measure")
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        value = given.get(field.name, field.default)
        as_given = value is dataclasses.MISSING or getattr(made, field.name) is value
        require(as_given, f"store {field.name!r} as it is given; convert or check it in fit")
    extra = sorted(set(vars(made)) - set(made.get_params()))
    require(not extra, f"making it sets {', '.join(extra)}, which are no parameters: set them in fit")


def parameters_round_trip(trial: Trial) -> None:
    """Parameters are plain values that a result file can hold."""
    params = trial.entry.make().get_params()
    try:
        json.dumps(params)
    except TypeError as error:
        raise AssertionError(
            f"{error}: parameters are written into result files, so make them numbers, text, None, or lists of them"
        ) from None


def says_fit_first(trial: Trial) -> None:
    """Before `fit`, `predict` answers (where nothing is learned) or says what to do."""
    try:
        trial.entry.make().predict(trial.pictures[0].without_samples())
    except Exception as error:
        require(
            "fit" in str(error),
            f"predict before fit ends in {type(error).__name__}: {error}. Store what fit learns under names that end "
            "in '_', or raise baselines.interface.predictor.NotFittedError",
        )


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _says_something(text: object) -> bool:
    return isinstance(text, str) and bool(text.strip())
