"""Protects the order of trials: one in eight is a catch, one picture in eight comes again later, all by the seed."""

from collections import Counter

import pytest

from datasets.ratings.study.plan import QUESTIONS, plan


@pytest.mark.parametrize("pictures", [1, 3, 8, 30, 50])
@pytest.mark.parametrize("seed", range(20))
def test_a_slider_study_mixes_ratings_repeats_and_catches(pictures, seed):
    slots = plan("slider", pictures, seed)
    kinds = Counter(slot.kind for slot in slots)
    assert kinds["main"] == pictures and kinds["repeat"] == pictures // 8
    assert abs(kinds["catch"] - len(slots) / 8) <= 0.75
    assert [slot.run for slot in slots if slot.kind == "main"] == list(range(pictures)) and slots[0].kind == "main"
    for place, slot in enumerate(slots):
        if slot.kind == "repeat":
            first = next(index for index, other in enumerate(slots) if other.run == slot.run)
            assert place - first >= 4
    assert slots == plan("slider", pictures, seed)


@pytest.mark.parametrize("seed", range(5))
def test_questions_of_four_pictures_alternate_each_with_an_identical_pair(seed):
    slots = plan("yes-no", 12, seed)
    counts = Counter((slot.kind, slot.run) for slot in slots if slot.kind != "catch")
    assert counts == {**{("main", run): QUESTIONS for run in range(12)}, **dict.fromkeys(_repeats(slots), QUESTIONS)}
    assert len(_repeats(slots)) == 1
    identical = [slot.run for slot in slots if slot.kind == "catch" and not slot.plain]
    assert sorted(identical) == list(range(12))
    assert {slot.run for slot in slots[:34]} == {0, 1, 2, 3} and len({slot.run for slot in slots[:8]}) > 1


def _repeats(slots):
    return {(slot.kind, slot.run) for slot in slots if slot.kind == "repeat"}
