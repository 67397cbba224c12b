"""Protects the simulated observers: who notices where, how far they disagree, and that they stay who they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.codecs.avif import Avif
from datasets.codecs.jp2 import Jpeg2000
from datasets.codecs.jxl import JpegXl
from datasets.codecs.webp import WebP
from datasets.core.codec import Codec
from datasets.simulation.observers import (
    LOSS_METRICS,
    PERSONAL_SHARE,
    LossCurve,
    criteria,
    evaluated_levels,
    measure_curve,
    simulated_jnds,
)

LOSSES = st.lists(st.floats(0, 5), min_size=100, max_size=100)


@given(LOSSES, st.lists(st.floats(0.001, 6), min_size=1, max_size=20))
def test_an_observer_notices_at_the_highest_qf_whose_loss_is_above_the_criterion(losses, criteria_jod):
    found = simulated_jnds(LossCurve(evaluated_levels(1), tuple(losses)), np.array(criteria_jod))
    for jnd, criterion in zip(found, criteria_jod, strict=True):
        above = [level for level, loss in enumerate(losses, start=1) if loss > criterion]
        assert jnd == max(above, default=1)


@given(LOSSES)
def test_the_envelope_never_rises_and_lies_on_or_above_the_losses(losses):
    envelope = LossCurve(evaluated_levels(1), tuple(losses)).envelope()
    assert envelope.shape == (100,)
    assert np.all(np.diff(envelope) <= 0)
    assert np.all(envelope >= losses)


def test_the_ends_of_the_scale():
    curve = LossCurve((1, 100), (4.0, 1.0))
    assert simulated_jnds(curve, np.array([9.0])).tolist() == [1]
    assert simulated_jnds(curve, np.array([0.5])).tolist() == [100]


@pytest.mark.parametrize("every", [1, 2, 3, 4, 7, 20])
def test_both_ends_are_always_evaluated(every):
    levels = evaluated_levels(every)
    assert (levels[0], levels[-1]) == (1, 100)
    assert max(np.diff(levels)) <= every
    assert len(set(levels)) == len(levels)


def test_a_straight_curve_loses_nothing_by_interpolation():
    whole = LossCurve(evaluated_levels(1), tuple(np.linspace(3, 0, 100)))
    part = LossCurve(evaluated_levels(4), tuple(np.linspace(3, 0, 100)[np.array(evaluated_levels(4)) - 1]))
    np.testing.assert_allclose(part.envelope(), whole.envelope(), atol=1e-12)


@pytest.mark.parametrize("metric", LOSS_METRICS.values(), ids=LOSS_METRICS)
def test_criteria_are_log_normal_around_the_loss_of_one_jnd(metric):
    logs = np.log(criteria("a", 20_000, 0, metric=metric))
    assert abs(logs.mean() - np.log(metric.one_jnd_loss * metric.region_factor)) < 0.01
    assert abs(logs.std() - metric.log_sigma) < 0.01
    assert abs(((logs - logs.mean()) ** 3).mean() / logs.std() ** 3) < 0.1


def test_a_person_keeps_a_character_over_pictures():
    first, second = (np.log(criteria(name, 20_000, 0)) for name in ("a", "b"))
    assert abs(np.corrcoef(first, second)[0, 1] - PERSONAL_SHARE) < 0.03


def test_observers_of_another_kind_are_other_people():
    """So that what two kinds have in common comes from the pictures, not from the draw."""
    logs = [np.log(criteria("a", 20_000, 0, metric=metric)) for metric in LOSS_METRICS.values()]
    assert np.abs(np.corrcoef(logs) - np.eye(len(logs))).max() < 0.03


def test_an_observer_does_not_change_with_how_many_there_are():
    np.testing.assert_array_equal(criteria("a", 5, 0), criteria("a", 30, 0)[:5])


def test_criteria_depend_on_seed_and_picture_only():
    np.testing.assert_array_equal(criteria("a", 30, 0), criteria("a", 30, 0))
    assert not np.allclose(criteria("a", 30, 0), criteria("a", 30, 1))
    assert not np.allclose(criteria("a", 30, 0), criteria("b", 30, 0))


class Downward(Codec):
    """Quantisers 41 (worst) to 1, every fourth: 3 grey levels are lost a step."""

    name, title, unit, suffix = "downward", "Downward", "QP", ".down"
    worst_level, best_level, step, has_file_sizes = 41, 1, 4, True

    def encode(self, rgb, level):
        return bytes([level])

    def decode(self, encoded):
        return np.full((8, 8, 3), 3 * (encoded[0] - 1) // 4, np.uint8)

    def library(self):
        return "none"


def measured(codec, loss):
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    losses = iter(loss)
    return measure_curve(picture, lambda reference, test: next(losses), codec=codec)


def test_a_curve_has_every_rung_of_a_stepped_codec_and_samples_lie_between_rungs():
    curve = measured(WebP(), np.linspace(25, 0, 26))  # a loss of (100 - quality) / 4
    assert curve.levels == tuple(range(0, 101, 4))
    assert simulated_jnds(curve, np.array([0.3, 5.1, 24.9, 25.0, 0.0])).tolist() == [98, 79, 0, 0, 99]


def test_where_a_level_is_worse_the_higher_it_is_the_best_noticed_is_the_lowest():
    curve = measure_curve(np.zeros((8, 8, 3), np.uint8), lambda _, test: float(test[0, 0, 0]), codec=Downward())
    assert curve.levels == tuple(range(41, 0, -4))
    assert curve.loss == tuple(range(30, -1, -3))
    assert simulated_jnds(curve, np.array([29.9, 8.9, 9.0, 50.0, 0.1])).tolist() == [41, 13, 14, 41, 2]


@pytest.mark.parametrize(
    ("metric", "codec", "share"),
    [
        ("cvvdp", Avif(), 0.91),
        ("cvvdp", Jpeg2000(), 0.94),
        ("cvvdp", JpegXl(), 1),
        ("cvvdp", WebP(), 1),
        ("ssimulacra2", Avif(), 0.85),
        ("ssimulacra2", WebP(), 1),
        ("psnr-hvs-m", Avif(), 1),
    ],
)
def test_criteria_of_a_codec_are_those_of_jpeg_times_its_share(metric, codec, share):
    seen_with = LOSS_METRICS[metric]
    of_jpeg = criteria("a", 30, 0, metric=seen_with)
    np.testing.assert_allclose(criteria("a", 30, 0, codec, seen_with), share * of_jpeg, rtol=1e-12)


def test_criteria_are_the_known_ones():
    """The committed samples of the demo set depend on them."""
    np.testing.assert_allclose(criteria("astronaut-1", 3, 0), KNOWN_CRITERIA, rtol=1e-9)


def test_a_curve_is_measured_at_every_level_with_the_pictures_own_jpeg():
    seen = []

    def loss(reference, test):
        seen.append(test)
        return float(np.abs(reference.astype(float) - test).mean()) - 0.5

    picture = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    curve = measure_curve(picture, loss, every=10)
    assert curve.levels == evaluated_levels(10)
    assert len(seen) == len(curve.levels)
    assert all(test.shape == picture.shape for test in seen)
    assert min(curve.loss) >= 0
    assert curve.loss[0] > curve.loss[-1]


KNOWN_CRITERIA = [1.9480735854543079, 1.1444595434867046, 1.980355435268947]
