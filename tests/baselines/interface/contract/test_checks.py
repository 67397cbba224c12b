"""Protects the contract itself: every registered predictor keeps it, and its verdicts say what happened."""

import functools

import numpy as np
import pytest

from baselines.interface.card import Card
from baselines.interface.contract import checks as contract
from baselines.interface.contract.checks import ABSENT, CHECKS, EXPECTED, FAILED, OK, run_check, run_contract, trials_of
from baselines.interface.contract.trial import Trial
from baselines.interface.predictor import JNDPredictor
from baselines.interface.registry import Registered, registry
from datasets.common.errors import UserError

BY_NAME = {check.name: check for check in CHECKS}


@functools.cache
def _demo():
    return contract.demo_pictures()


@functools.cache
def _trials(name: str) -> list[Trial]:
    return trials_of(registry()[name], _demo())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in registry()])
def test_registered_predictor_keeps_the_contract(name, check):
    """An expected failure shows as xfail with its reason; one that passes by now fails here."""
    outcome = run_check(check, _trials(name))
    if outcome.verdict == EXPECTED:
        pytest.xfail(outcome.reason)
    if outcome.verdict == ABSENT:
        pytest.skip(outcome.reason)
    assert outcome.verdict == OK, f"{outcome.reason} (protects: {check.protects})"


def test_demo_pictures_come_from_different_sources():
    assert len({picture.source for picture in _demo()}) == len(_demo()) >= 6


def test_checks_have_distinct_names_and_say_what_they_protect():
    assert len(BY_NAME) == len(CHECKS)
    assert all(check.protects for check in CHECKS)


class Wide(JNDPredictor):
    """Leaves the range, and is not final."""

    card = Card(name="wide", title="Wide", paper="", year=None, kind="constant", needs_pictures=False)

    def fit(self, pictures, levels, *, seed):
        return self

    def predict(self, picture) -> float:
        return 1000.0


class Expected(Wide):
    expected_failures = {"level-in-range": "it is meant to leave the range", "copies": "it holds a file"}


class Misspelt(Wide):
    expected_failures = {"levels-in-range": "a slip of the pen"}


class NeedsPixels(Wide):
    def predict(self, picture) -> float:
        return float(picture.reference_luma.mean() / 3)


class OnlyUpwards(Wide):
    def predict(self, picture) -> float:
        return 80.0


class Raises(Wide):
    def fit(self, pictures, levels, *, seed):
        raise ZeroDivisionError("no pictures per hour")


def verdicts(predictor: type[JNDPredictor], pictures) -> dict[str, tuple[str, str]]:
    outcomes = run_contract(Registered("wide", predictor), pictures)
    return {outcome.check.name: (outcome.verdict, outcome.reason) for outcome in outcomes}


def test_expected_failures_carry_their_reason_and_are_reported_once_they_pass(rated_pictures):
    found = verdicts(Expected, rated_pictures)
    assert found["level-in-range"] == (EXPECTED, "it is meant to leave the range")
    assert found["copies"][0] == FAILED
    assert "take it off" in found["copies"][1]
    assert found["beats-worst-fixed"][0] == FAILED
    assert found["sur-curve"] == (OK, "")


def test_expecting_a_check_that_does_not_exist_is_an_error(rated_pictures):
    with pytest.raises(UserError, match=r"levels-in-range.*--list"):
        list(run_contract(Registered("wide", Misspelt), rated_pictures))


def test_predictors_that_need_no_pictures_are_tried_on_labels_and_on_a_falling_codec(rated_pictures):
    verdict, reason = verdicts(NeedsPixels, rated_pictures)["level-in-range"]
    assert verdict == FAILED
    assert reason.endswith("(on labels alone)")
    verdict, reason = verdicts(OnlyUpwards, rated_pictures)["level-in-range"]
    assert verdict == FAILED
    assert "outside QP 1..51" in reason
    assert reason.endswith("(on labels alone, BPG)")


def test_bpg_labels_keep_each_observers_place_between_worst_and_best(rated_pictures):
    jpeg, _, bpg = trials_of(Registered("wide", OnlyUpwards), rated_pictures)
    for one, other in zip(jpeg.pictures, bpg.pictures, strict=True):
        assert np.allclose((one.samples - 1) / 99, (51 - other.samples) / 50)


def test_a_predictor_that_raises_fails_with_the_error_and_its_place(rated_pictures):
    verdict, reason = verdicts(Raises, rated_pictures)["deterministic"]
    assert verdict == FAILED
    assert "ZeroDivisionError: no pictures per hour" in reason
    assert "test_checks.py, line" in reason
