"""Protects how KonJND-1k's ratings are found to be file indices or slider positions: what is measured, what is said."""

import io

import numpy as np
import pytest

from datasets.common.errors import UserError
from datasets.core.dataset import OpenOptions
from datasets.core.imaging import bitmap
from datasets.obtain import ratings_unit
from datasets.obtain.ratings_unit import ANCHORS, measure_both_readings, require_anchor, verdict
from datasets.sets import open_dataset

ANCHOR = ANCHORS["konjnd-1k-jpeg"]


def scores(right: tuple[float, float], other: tuple[float, float], count: int) -> np.ndarray:
    """Of pictures with exactly these means and spreads under the two readings, shape (count, 2)."""
    normal = np.random.default_rng(3).normal(size=(count, 2))
    standard = (normal - normal.mean(0)) / normal.std(0)
    return np.array([right[0], other[0]]) + standard * np.array([right[1], other[1]])


@pytest.mark.parametrize(
    ("both", "wanted"),
    [
        (scores((62.55, 5.03), (66.0, 9.0), 504), "so ratings are file indices"),
        (scores((66.0, 9.0), (63.1, 4.65), 504), "so ratings are slider positions"),
        (scores((62.55, 5.03), (63.5, 7.0), 504), "so ratings are file indices"),
        (scores((62.0, 5.0), (64.0, 4.0), 504), "so this does not tell which they are: both agree"),
        (scores((82.0, 5.0), (40.0, 9.0), 504), "so this does not tell which they are: neither agrees"),
        (scores((62.55, 5.03), (66.0, 7.0), 7), "so this does not tell which they are: both agree"),
    ],
    ids=["indices", "slider", "by the spread alone", "mirrored alike", "of another study", "too few pictures"],
)
def test_the_reading_that_gives_the_published_scores_is_named(both, wanted):
    lines = verdict(ANCHOR, both)
    assert lines[-1] == wanted
    assert lines[0].startswith(f"ratings read as file indices: SSIMULACRA2 {both[:, 0].mean():.2f} +- ")


def test_a_picture_that_cannot_be_measured_is_counted():
    both = scores((62.55, 5.03), (66.0, 9.0), 504)
    both[17] = np.nan
    lines = verdict(ANCHOR, both)
    assert "over 503 pictures" in lines[0] and lines[-1] == "1 pictures could not be measured"
    assert verdict(ANCHOR, both[17:18]) == ["ratings: no picture could be measured"]


@pytest.mark.parametrize("direction", ["up", "down"])
def test_each_picture_is_measured_at_its_rating_and_at_the_mirrored_one_once(
    direction, make_konjnd_jpeg, empty_cache, monkeypatch
):
    from ssimulacra2 import compute_ssimulacra2

    dataset = open_dataset("konjnd-1k-jpeg", make_konjnd_jpeg(direction, qf=45, count=2), OpenOptions())
    both = measure_both_readings(dataset.pictures, workers=1)
    for picture, measured in zip(dataset.pictures, both, strict=True):
        level = round(float(picture.samples.mean()))
        files = [bitmap(picture.ladder.rgb(at)) for at in (level, 101 - level)]
        reference = bitmap(picture.ladder.reference)
        wanted = [compute_ssimulacra2(io.BytesIO(reference), io.BytesIO(file)) for file in files]
        assert measured.tolist() == pytest.approx(wanted, abs=1e-9)
        assert measured[0] < measured[1], "45 is compressed more than 56"
    monkeypatch.setattr(ratings_unit, "ProcessPool", None)
    assert np.array_equal(measure_both_readings(dataset.pictures), both), "what was measured is not measured again"


def test_a_set_of_which_nothing_was_published_is_refused():
    with pytest.raises(UserError, match="--ratings is for konjnd-1k-jpeg and konjnd-1k-bpg"):
        require_anchor("mcl-jci")
