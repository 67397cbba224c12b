"""Protects catch trials: nothing, then a ramp, then plain; whom they find."""

import numpy as np
import pytest

from datasets.ratings.study.made_up import MadeUpLadder, verdict_on_pair


def test_a_ladder_shows_the_reference_then_soon_what_is_plain():
    ladder = MadeUpLadder(20, 96)
    assert [ladder.step_of(step) for step in (0, 20, 21, 25, 30, 100)] == [0, 0, 10, 48, 96, 96]
    assert [ladder.verdict(step, censored=False) for step in (20, 21, 33, 34)] == ["early", "right", "right", "late"]
    assert ladder.verdict(100, censored=True) == "late" and MadeUpLadder.parse(ladder.text()) == ladder
    assert MadeUpLadder.drawn(50, np.random.default_rng(0)).plain == 50


def test_pairs_that_are_the_same_or_plain():
    shown = [(0, False), (0, True), (96, True), (96, False)]
    verdicts = [verdict_on_pair(step, noticed=noticed) for step, noticed in shown]
    assert verdicts == ["right", "false_alarm", "right", "missed"]


@pytest.mark.parametrize(
    ("answer", "lowest", "highest"),
    [
        (lambda start, rng: 40, 0.0, 0.06),
        (lambda start, rng: rng.integers(1, 101), 0.0, 0.03),
        (lambda start, rng: start + 6 + rng.normal(0, 3), 0.95, 1.0),
    ],
    ids=["a fixed handle", "random", "honest"],
)
def test_who_passes_three_of_four(answer, lowest, highest):
    rng = np.random.default_rng(1)
    passed = 0
    for _ in range(1000):
        ladders = [MadeUpLadder.drawn(100, rng) for _ in range(4)]
        verdicts = [ladder.verdict(round(answer(ladder.start, rng)), censored=False) for ladder in ladders]
        passed += verdicts.count("right") >= 3
    assert lowest <= passed / 1000 <= highest
