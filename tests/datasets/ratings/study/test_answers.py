"""Protects answers: one a trial whatever is sent twice, and nothing that is no answer."""

import dataclasses
import threading

import pytest

from tests.datasets.ratings.study.test_entry import script


def stored(study):
    with study.database.reading() as connection:
        return {(row["trial"], row["attempt"]): row for row in connection.execute("SELECT * FROM answer")}


def test_the_same_attempt_again_is_acknowledged_again_and_another_is_not(new_study):
    study = new_study()
    rater = script(study)
    trial = rater.begin()
    _, state = rater.answer(trial, attempt="first")
    assert rater.answer(trial, attempt="first") == (200, state)
    status, refused = rater.answer(trial, attempt="second", step=77)
    assert status == 409 and refused["state"] == state
    assert rater.answer(state, attempt="first")[0] == 409  # of another trial
    assert [key[1] for key in stored(study)] == ["first"]


def test_two_tabs_and_double_clicks_store_one_answer(new_study):
    study = new_study(per_rater=4)
    rater = script(study)
    state = rater.begin()
    statuses = []
    while state["stage"] == "trial":
        clicks = [threading.Thread(target=lambda s=state: statuses.append(rater.answer(s)[0])) for _ in range(3)]
        for click in clicks:
            click.start()
        for click in clicks:
            click.join()
        assert sorted(statuses[-3:]) == [200, 409, 409]
        state = rater.send("GET", "/api/state")[1]
    assert stored(study).keys() == rater.acknowledged.keys()
    assert len({trial for trial, _ in stored(study)}) == len(stored(study)) == statuses.count(200)


def test_another_persons_trial_is_not_answered(new_study):
    study = new_study()
    rater, other = script(study), script(study)
    rater.begin()
    status, reply = rater.answer(other.begin())
    assert status == 409 and reply["state"]["stage"] == "trial" and not stored(study)


@pytest.mark.parametrize(
    "wrong",
    [
        {"step": 0},
        {"step": 101},
        {"step": 41.5},
        {"step": "40"},
        {"step": True},
        {"step": None},
        {"censored": None},
        {"ms": -1},
        {"ms": float("nan")},
        {"ms": float("inf")},
        {"ms": None},
        {"dropped": 1.5},
        {"device_pixel_ratio": 0},
        {"viewport": [1, 2, 3]},
        {"viewport": "large"},
        {"moves": [[0, 1]] * 2001},
        {"moves": [[0]]},
        {"moves": {"0": 1}},
        {"attempt": ""},
        {"attempt": "a" * 65},
        {"attempt": "a\u202eb"},
        {"trial": -1},
        {"trial": 1.5},
        {"trial": 10**400},
    ],
)
def test_what_is_no_answer_is_refused_and_stores_nothing(new_study, wrong):
    study = new_study()
    rater = script(study)
    status, reply = rater.answer(rater.begin(), **wrong)
    assert status == 400 and "error" in reply and not stored(study)


def test_nothing_beyond_what_may_flicker_is_an_answer(new_study, prepared):

    study = new_study(per_rater=1)
    for name, picture in prepared.pictures.items():
        study.pictures[name] = dataclasses.replace(picture, flickers_until=60)
    rater = script(study)
    state = rater.begin()
    while state["practice"]:
        _, state = rater.answer(state)
    assert state["flickers_until"] == 60
    assert rater.answer(state, step=61)[0] == 400
    assert rater.answer(state, censored=True)[0] == 200
    assert [row["step"] for row in stored(study).values() if row["censored"]] == [60]
