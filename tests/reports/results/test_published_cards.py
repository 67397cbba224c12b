"""Published numbers in the registered cards name scores, folds, truths and data sets that there are.

The contract of a predictor cannot check it, as nothing below the protocols knows the scores.
"""

from __future__ import annotations

import dataclasses

import pytest

from baselines.interface.card import PublishedNumber
from baselines.interface.registry import registry
from datasets.core.folds import shipped_folds
from datasets.sets import dataset_classes
from protocols.scoring.scores import SCORES

GOOD = PublishedNumber("mcl-jci", "sqf", "QF MAE", 3.92, "own pairs", folds="sur-featnet-10", score="mae")


def _faults(number: PublishedNumber) -> list[str]:
    scores = {score.name: score for score in SCORES}
    parts = [name for name in dataset_classes() if f"{name}-".startswith(f"{number.dataset}-")]
    score = scores.get(number.score)
    checks = (
        (not parts, f"data set {number.dataset!r}"),
        (number.score != "" and score is None, f"score {number.score!r}"),
        (number.truth == "" and (score is None or score.needs_truth), "no truth"),
        (number.folds != "" and number.folds not in shipped_folds(number.dataset), f"folds {number.folds!r}"),
    )
    return [fault for is_wrong, fault in checks if is_wrong]


def test_every_registered_number_can_be_matched():
    numbers = {number for entry in registry().values() for number in entry.predictor.card.published}
    assert {number: _faults(number) for number in numbers if _faults(number)} == {}


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({}, []),
        ({"truth": "", "score": "bhattacharyya"}, []),
        ({"dataset": "konjnd-1k", "folds": ""}, []),
        ({"dataset": "kodak", "folds": ""}, ["data set 'kodak'"]),
        ({"score": "maee"}, ["score 'maee'"]),
        ({"truth": ""}, ["no truth"]),
        ({"folds": "kfold-v9"}, ["folds 'kfold-v9'"]),
    ],
)
def test_a_wrong_name_is_found(change, faults):
    assert _faults(dataclasses.replace(GOOD, **change)) == faults
