"""Protects which picture comes next, and that whoever returns goes on where they were."""

from collections import Counter

from datasets.ratings.study.issue import LEASE_S
from datasets.ratings.study.study import SITTING_S
from tests.datasets.ratings.study.scripts import truth_of
from tests.datasets.ratings.study.test_entry import script


def past_practice(rater, state):
    while state["practice"]:
        _, state = rater.answer(state)
    return state


def test_practice_comes_first_with_feedback_and_known_answers(new_study):
    rater = script(new_study())
    state = rater.begin()
    feedback = [state["feedback"]]
    for more in ({}, {"step": 2}, {"censored": True}):
        _, state = rater.answer(state, **more)
        feedback.append(state["feedback"])
    assert feedback == [None, "practice_right", "practice_early", "practice_late"] and not state["practice"]
    assert rater.answer(state)[1]["feedback"] is None


def test_the_least_rated_pictures_come_first_whoever_rates_at_once(new_study):
    study = new_study(per_rater=4, raters=3)
    raters = [script(study) for _ in range(4)]
    states = [past_practice(rater, rater.begin()) for rater in raters]
    pictures = {truth_of(study, state["trial"])["picture"] for state in states}
    assert len(pictures) == 4
    for rater, state in zip(raters, states, strict=True):
        rater.rate_all(state)
    with study.database.reading() as connection:
        rated = Counter(row[0] for row in connection.execute("SELECT picture FROM trial WHERE kind = 'main'"))
    assert set(rated.values()) == {1} and len(rated) == 16


def test_where_all_is_taken_one_waits_for_the_lease_to_end(new_study):
    study = new_study(per_rater=16, raters=1)
    busy = [script(study) for _ in range(16)]
    for rater in busy:
        past_practice(rater, rater.begin())
    late = script(study)
    pause = late.begin()
    while pause["stage"] == "trial":
        _, pause = late.answer(pause)
    assert pause["stage"] == "pause" and 0 < pause["retry_s"] <= LEASE_S and "withdrawal_code" in pause
    study.now.time_s += LEASE_S
    assert late.send("GET", "/api/state")[1]["stage"] == "trial"


def test_a_study_that_is_full_ends(new_study):
    study = new_study(raters=1)
    first, second = script(study), script(study)
    assert first.rate_all(first.begin())["ratings"] == 16
    assert second.rate_all(second.begin())["ratings"] == 0


def test_a_reload_or_another_day_gives_the_open_trial_again(new_study):
    study = new_study()
    rater = script(study)
    opened = past_practice(rater, rater.begin())
    study.now.time_s += SITTING_S / 2
    assert rater.send("GET", "/api/state")[1]["trial"] == opened["trial"]
    study.now.time_s += 3 * SITTING_S
    practice = rater.send("GET", "/api/state")[1]
    assert practice["practice"] and practice["progress"] == opened["progress"]
    assert past_practice(rater, practice)["trial"] == opened["trial"]


def test_a_long_look_at_one_picture_is_an_answer(new_study):
    study = new_study()
    rater = script(study)
    opened = past_practice(rater, rater.begin())
    study.now.time_s += 2 * SITTING_S
    status, state = rater.answer(opened)
    assert status == 409 and state["state"]["practice"]  # practice first, then the same picture again
    assert past_practice(rater, state["state"])["trial"] == opened["trial"]


def test_repeats_show_what_the_same_person_rated(new_study):
    study = new_study(per_rater=16)
    rater = script(study)
    rater.rate_all(rater.begin())
    with study.database.reading() as connection:
        rows = connection.execute("SELECT picture, kind FROM trial WHERE place >= 0 ORDER BY place").fetchall()
    seen = set()
    for row in rows:
        assert row["kind"] != "repeat" or row["picture"] in seen
        assert row["kind"] != "main" or row["picture"] not in seen
        seen |= {row["picture"]} if row["kind"] == "main" else set()
    assert sum(row["kind"] == "repeat" for row in rows) == 2


def test_each_picture_gets_eight_questions_of_yes_or_no(new_study):
    study = new_study(trial="yes-no", per_rater=8, raters=1)
    rater = script(study)
    assert rater.rate_all(rater.begin())["ratings"] == 8
    with study.database.reading() as connection:
        rows = connection.execute("SELECT picture, kind, step FROM trial").fetchall()
    main = Counter(row["picture"] for row in rows if row["kind"] == "main")
    assert len(main) == 8 and set(main.values()) == {8}
    identical = Counter(row["picture"] for row in rows if row["kind"] == "catch" and row["step"] == 0)
    assert identical == dict.fromkeys(main, 1)
    assert sum(row["kind"] == "repeat" for row in rows) == 8
