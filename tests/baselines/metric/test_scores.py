"""Protects the memory of scores: each level is measured once, on disk too, and never under another thing's key."""

import dataclasses
import functools

import numpy as np
import pytest

from baselines.metric._scores import PictureScores
from datasets.common import cache
from datasets.core.codec import Jpeg
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture

PIXELS = np.random.default_rng(3).integers(0, 256, (24, 32, 3), dtype=np.uint8)
MADE_WITH = {"metric": "mean", "ingredients": {"package": "1.0"}}


class Begin:
    """A score that counts how often it is begun and asked."""

    def __init__(self, value: float | None = None) -> None:
        self.begun = self.asked = 0
        self.value = value

    def __call__(self, reference, pixels_per_degree):
        self.begun += 1

        def score(rgb):
            self.asked += 1
            return float(np.abs(rgb.astype(float) - reference).mean()) if self.value is None else self.value

        return score


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("JND_BENCH_CACHE", str(tmp_path))
    return tmp_path


def small_picture(pixels=PIXELS, pixels_per_degree=24.3) -> Picture:
    ladder = CompressedLadder(Jpeg(), functools.partial(np.array, pixels))
    return Picture("one", "one", Jpeg(), pixels_per_degree, ladder_or_none=ladder)


def ask(picture: Picture, begin: Begin, positions, made_with=MADE_WITH) -> list[float]:
    scores = PictureScores(picture, begin, made_with)
    return [scores.at(position) for position in positions]


def test_each_level_is_measured_once_in_memory_and_on_disk():
    picture, begin = small_picture(), Begin()
    first = ask(picture, begin, [0, 50, 99, 50])
    assert (begin.begun, begin.asked) == (1, 3)
    assert ask(picture.without_samples(), begin, [50, 99]) == [first[1], first[2]]
    assert ask(dataclasses.replace(picture, measurements={}), begin, [0, 99]) == [first[0], first[2]]
    assert (begin.begun, begin.asked) == (1, 3)


def test_positions_count_from_the_worst_level():
    picture = small_picture()
    worst, best = ask(picture, Begin(), [0, 99])
    assert worst == pytest.approx(np.abs(picture.ladder.rgb(1).astype(float) - PIXELS).mean())
    assert best < worst


def test_nothing_is_read_or_hashed_where_nothing_is_asked(monkeypatch):
    picture = small_picture()
    monkeypatch.setattr("baselines.metric._scores.key_of", lambda *_: pytest.fail("hashed"))
    assert ask(picture, Begin(), []) == []


@pytest.mark.parametrize(
    ("other", "made_with"),
    [
        (small_picture(PIXELS[::-1].copy()), MADE_WITH),
        (small_picture(pixels_per_degree=60.0), MADE_WITH),
        (small_picture(), {**MADE_WITH, "metric": "median"}),
        (small_picture(), {**MADE_WITH, "ingredients": {"package": "1.1"}}),
    ],
    ids=["pixels", "geometry", "metric", "version"],
)
def test_another_thing_is_measured_anew(other, made_with):
    ask(small_picture(), Begin(), [10])
    begin = Begin()
    ask(other, begin, [10], made_with)
    assert begin.asked == 1


def test_what_other_processes_stored_is_not_lost():
    picture, other = small_picture(), small_picture()
    ask(other, Begin(), [1])
    scores = PictureScores(picture, Begin(), MADE_WITH)
    scores.at(2)
    ask(other, Begin(), [3])  # after `scores` has read the file
    scores.at(4)
    begin = Begin()
    ask(small_picture(), begin, [1, 2, 3, 4])
    assert begin.asked == 0


def test_each_score_says_what_it_took_and_only_reused_ones_are_added_to_the_clock():
    ask(small_picture(), Begin(), [5])
    scores = PictureScores(small_picture(), Begin(), MADE_WITH)
    scores.at(5), scores.at(6)
    assert scores.asked == [5, 6]
    assert scores.reused_ms == scores.ms(5) > 0
    assert scores.ms(6) > 0


def test_a_score_that_is_no_number_is_an_error_and_is_not_kept():
    with pytest.raises(ValueError, match="the score at QF 8 is nan"):
        ask(small_picture(), Begin(float("nan")), [7])
    begin = Begin()
    ask(small_picture(), begin, [7])
    assert begin.asked == 1


def test_a_damaged_file_is_measured_again(empty_cache):
    (first,) = ask(small_picture(), Begin(), [5])
    (file,) = empty_cache.rglob("*.arrays")
    file.write_bytes(file.read_bytes()[:-9])
    begin = Begin()
    with pytest.warns(cache.CacheWarning, match="damaged"):
        assert ask(small_picture(), begin, [5]) == [first]
    assert begin.asked == 1
