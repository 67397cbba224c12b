"""Protects the contract itself: every registered predictor keeps it, and its verdicts say what happened."""

import dataclasses
import functools
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from baselines.interface.card import Card
from baselines.interface.contract import parametrize_with_contract
from baselines.interface.contract.checks import CHECKS, demo_pictures, run_contract, trials_of
from baselines.interface.predictor import JNDPredictor
from baselines.interface.registry import Registered, registry
from datasets.common.contract import EXPECTED, FAILED, OK
from datasets.common.errors import UserError
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture

REPOSITORY = Path(__file__).resolve().parents[4]


ABSENT = {name for name, entry in registry().items() if entry.unavailable()}
FIRST_TO_RUN = next(check for check in CHECKS if not check.of_form)


SKIPPED = {f"{name}-{check.name}" for name in ABSENT for check in CHECKS if not check.of_form}
SHOWN = {f"{name}-{FIRST_TO_RUN.name}" for name in ABSENT}
"""One check alone stands for all that would be skipped where a predictor cannot run."""

CROP_PIXELS = 176
"""A side of the contract's pictures here. MS-SSIM takes no picture below 161."""
CROPS = 4
"""How many they are here: as many in each of two folds as a network holds one out of."""


@functools.cache
def _crops() -> tuple[Picture, ...]:
    """Some pictures on which `baselines.check` tries a predictor, cut: no check is about their size or number."""
    return tuple(_crop(picture) for picture in demo_pictures()[:CROPS])


def _crop(picture: Picture) -> Picture:
    pixels = np.ascontiguousarray(picture.reference[:CROP_PIXELS, :CROP_PIXELS])
    ladder = CompressedLadder(picture.codec, functools.partial(np.array, pixels))
    return dataclasses.replace(picture, ladder_or_none=ladder, measurements={})


@pytest.mark.parametrize(
    "check", [test for test in parametrize_with_contract(["*"], _crops()).args[1] if test.id not in SKIPPED - SHOWN]
)
def test_registered_predictor_keeps_the_contract(check):
    """An expected failure shows as xfail with its reason; one that passes by now fails here."""
    check()


def test_demo_pictures_come_from_different_sources():
    pictures = demo_pictures()
    assert len({picture.source for picture in pictures}) == len(pictures) >= 6


SOMEBODYS_TEST = """
import dataclasses
from typing import final
from baselines import JNDPredictor
from baselines.constant.constant import Constant
from baselines.interface.contract import parametrize_with_contract

class Middle(JNDPredictor):
    card = dataclasses.replace(Constant.card, name="middle")
    expected_failures = {"final-class": "others build on it"}

    def fit(self, pictures, levels, *, seed):
        return self

    def predict(self, picture):
        return 50.0

@final
class Wide(Middle):
    card = dataclasses.replace(Constant.card, name="wide")
    expected_failures = {}

    def predict(self, picture):
        return 1000.0

@final
class Absent(Middle):
    card = dataclasses.replace(Constant.card, name="absent")
    expected_failures = {}

    def unavailable(self):
        return "no camera"

@parametrize_with_contract(["fixed-90", Middle(), Wide, Absent])
def test_mine(check):
    check()
"""


def test_somebodys_own_pytest_runs_the_contract_by_one_line(tmp_path):
    (tmp_path / "test_mine.py").write_text(SOMEBODYS_TEST)
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "-W", "error"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert "PASSED test_mine.py::test_mine[fixed-90-copies]" in run.stdout
    assert "XFAIL test_mine.py::test_mine[middle-final-class] - others build on it" in run.stdout
    assert "FAILED test_mine.py::test_mine[wide-level-in-range] - Failed: predict gives 1000 on " in run.stdout
    assert "outside QF 1..100" in run.stdout
    absent = len([check for check in CHECKS if not check.of_form])
    assert re.search(rf"SKIPPED \[{absent}\] .*: no camera", run.stdout)
    assert "Traceback" not in run.stdout
    assert "contract/__init__.py" not in run.stdout.replace("SKIPPED", "").split("short test summary")[0]


def test_checks_have_distinct_names_and_say_what_they_protect():
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all(check.protects for check in CHECKS)


class Wide(JNDPredictor):
    """Leaves the range, and is not final."""

    card = Card(name="wide", title="Wide", needs_pictures=False)

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
    verdict_of = verdicts(Expected, rated_pictures)
    assert verdict_of["level-in-range"] == (EXPECTED, "it is meant to leave the range")
    assert verdict_of["copies"][0] == FAILED
    assert "take it off" in verdict_of["copies"][1]
    assert verdict_of["beats-worst-fixed"][0] == FAILED
    assert verdict_of["sur-curve"] == (OK, "")


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
    jpeg, _, bpg, _ = trials_of(Registered("wide", OnlyUpwards), rated_pictures)
    for in_jpeg, in_bpg in zip(jpeg.pictures, bpg.pictures, strict=True):
        assert np.allclose((in_jpeg.samples - 1) / 99, (51 - in_bpg.samples) / 50)


def test_a_predictor_that_raises_fails_with_the_error_and_its_place(rated_pictures):
    verdict, reason = verdicts(Raises, rated_pictures)["deterministic"]
    assert verdict == FAILED
    assert "ZeroDivisionError: no pictures per hour" in reason
    assert "test_checks.py, line" in reason
