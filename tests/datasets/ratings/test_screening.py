"""Protects screening: planted raters are found, honest and strict ones stay, every exclusion has its reason."""

import csv
from collections import Counter

import numpy as np
import pytest

from datasets.ratings.bias_model import fit_bias_model
from datasets.ratings.screening import ScreeningRules, Session, kept_of, screen, session_faults
from datasets.ratings.table import Rating, RatingTable

RULES = ScreeningRules()


def screened(levels, sessions=None, *, codec_levels=100):
    table = RatingTable.of(
        [Rating(f"r{r:02d}", f"p{p:02d}", level) for r, row in enumerate(levels) for p, level in enumerate(row)], {}
    )
    return screen(table, fit_bias_model(table.jnds), RULES, levels=codec_levels, sessions=sessions)


def people(rng, raters=30, pictures=50):
    """As different as MCL-JCI's."""
    levels = 40 + 7.8 * rng.standard_normal(pictures) + 2.2 * rng.standard_normal((raters, 1))
    return levels + 10.4 * rng.standard_normal(levels.shape)


def test_planted_raters_are_found_and_honest_ones_stay():
    rng = np.random.default_rng(8)
    wrong, lost = 0, 0
    for _ in range(10):
        levels = people(rng)
        levels[0], levels[1] = 45 + 2 * rng.standard_normal(50), rng.uniform(1, 100, 50)
        verdicts = screened(levels)
        wrong += sum(not verdict.kept for verdict in verdicts[:2])
        lost += sum(not verdict.kept for verdict in verdicts[2:])
        assert all(verdict.reasons[0].startswith("r with the others") for verdict in verdicts if not verdict.kept)
    assert wrong >= 18 and lost <= 280 * 0.03


def test_a_strict_person_stays():
    levels = people(np.random.default_rng(9))
    levels[4] += 30
    verdict = screened(levels)[4]
    assert verdict.kept and verdict.bias > 15


def test_few_pictures_judge_nobody():
    levels = people(np.random.default_rng(10), pictures=14)
    levels[0] = 45.0
    verdicts = screened(levels)
    assert all(verdict.kept for verdict in verdicts)
    assert verdicts[0].warnings == ("too little is known to judge this rater",)


@pytest.mark.parametrize(("codec_levels", "kept"), [(100, True), (51, False)])
def test_repeats_are_judged_on_the_codecs_own_range(codec_levels, kept):
    ratings = [Rating("a", f"p{number}", level) for number in range(4) for level in (20.0, 35.0)]
    table = RatingTable.of(ratings, {})
    verdict = screen(table, fit_bias_model(table.jnds), RULES, levels=codec_levels)[0]
    assert verdict.repeat_sd == pytest.approx(15 / 2**0.5)
    assert verdict.kept == kept


@pytest.mark.parametrize(
    ("session", "says"),
    [
        (Session(catches=4, failed_catches=2), "failed 2 of 4 catch trials"),
        (Session(slider_seconds=4.9), "4.9 s a slider"),
        (Session(answer_seconds=0.5), "0.5 s an answer"),
        (Session(dropped_frames=0.11), "dropped 11 % of the frames"),
        (Session(geometry_off=-0.3), "-30 % off the aim"),
        (Session(display_changed=True), "zoom or pixel ratio"),
        (Session(decoded_exactly=False), "decoded other pixels"),
    ],
)
def test_each_rule_of_a_session_has_its_reason(session, says):
    assert [says in fault for fault in session_faults(session, RULES)] == [True]


def test_what_nobody_recorded_is_no_fault_and_one_bad_catch_a_warning():
    assert session_faults(Session(), RULES) == []
    sessions = {"r00": Session(catches=3, failed_catches=1)}
    verdict = screened(people(np.random.default_rng(11)), sessions)[0]
    assert verdict.kept and verdict.warnings == ("failed 1 of 3 catch trials",)


def test_crowd_workers_who_fail_the_traps_are_those_who_answer_at_random(shared_data):
    with (shared_data / "people" / "sdr25_ptc_source_against_level.csv").open(encoding="utf-8") as file:
        answers = list(csv.DictReader(file))
    traps, failed = Counter(), Counter()
    right: dict[str, list[bool]] = {}
    for answer in answers:
        correct = answer["response"] == answer["compressed_side"]
        if answer["is_trap"] == "1":
            traps[answer["worker"]] += 1
            failed[answer["worker"]] += not correct
        elif answer["level"] == "10":  # the strongest
            right.setdefault(answer["worker"], []).append(correct)
    out = [w for w in traps if session_faults(Session(catches=traps[w], failed_catches=failed[w]), RULES)]
    assert len(traps) == 73 and 0.2 < len(out) / 73 < 0.45

    def share(workers):
        return np.mean([correct for worker in workers for correct in right.get(worker, [])])

    assert share(traps.keys() - set(out)) > share(out) + 0.2


def test_who_is_kept_is_told_in_the_order_of_the_table():
    levels = people(np.random.default_rng(12))
    levels[2] = 45.0
    assert np.flatnonzero(~kept_of(screened(levels))).tolist() == [2]
