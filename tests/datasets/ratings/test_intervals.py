"""Protects the intervals: they hold known truths as often as they say, for simulated people and real ones."""

import csv
import json

import numpy as np
import pytest

from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.ratings.intervals import split_half, truths_of

TRUTHS = ("mean", "median", "sur50", "sur75")


def test_intervals_hold_known_truths():
    rng = np.random.default_rng(5)
    samples = [np.clip(np.round(rng.normal(50, 10, 25)), 1, 100) for _ in range(60)]
    truths = truths_of(samples, Jpeg(), draws=100)
    true = {"mean": 50, "median": 50, "sur50": 50, "sur75": 50 + 0.6745 * 10}
    for name, level in true.items():
        covered = [getattr(of, name).low <= level <= getattr(of, name).high for of in truths]
        assert np.mean(covered) > 0.85, name


def test_real_people_drawn_again(shared_data):
    """People of 220 sequences stand for all people; 15 drawn of them give intervals that hold what all of them say."""
    with (shared_data / "people" / "1280x720_1st.csv").open(encoding="utf-8") as file:
        everybody = [np.array(json.loads(row["samples"]), float) for row in csv.DictReader(file)][::4]
    rng = np.random.default_rng(6)
    whole = truths_of(everybody, Bpg(), draws=0)
    drawn = truths_of([rng.choice(samples, 15) for samples in everybody], Bpg(), draws=100)
    for name in TRUTHS:
        pairs = [(getattr(of, name), getattr(all_, name).value) for of, all_ in zip(drawn, whole, strict=True)]
        assert np.mean([interval.low <= value <= interval.high for interval, value in pairs]) > 0.8, name


def test_sur75_lies_on_the_side_of_quality():
    samples = [np.arange(20.0, 40.0)]
    jpeg, bpg = (truths_of(samples, codec, draws=0)[0] for codec in (Jpeg(), Bpg()))
    assert bpg.sur50.value == pytest.approx(jpeg.sur50.value)
    assert bpg.sur75.value < bpg.sur50.value < jpeg.sur75.value


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_people_have_values_and_as_much_of_intervals_as_they_give(count):
    truths = truths_of([np.array([40.0, 44.0, 47.0][:count])], Jpeg(), draws=20)[0]
    assert truths.samples == count and 40 <= truths.mean.value <= 47
    assert np.isfinite(truths.mean.low) == (count > 1)
    assert np.isfinite(truths.sur75.low) == (count > 2)


def test_the_order_of_samples_and_of_other_pictures_does_not_matter():
    first, second = np.array([30.0, 50.0, 41.0, 44.0]), np.array([20.0, 25.0, 27.0, 60.0, 31.0])
    both = truths_of([first, second], Jpeg(), draws=30)
    assert truths_of([second, first[::-1]], Jpeg(), draws=30) == both[::-1]


def test_halves_agree_where_pictures_differ_and_not_where_they_do_not():
    rng = np.random.default_rng(7)
    noise = rng.standard_normal((30, 40))
    assert split_half(8 * rng.standard_normal(40) + 10 * noise).correlation == pytest.approx(0.9, abs=0.08)
    assert abs(split_half(10 * noise).correlation) < 0.3
    assert np.isnan(split_half(noise[:1]).correlation)
