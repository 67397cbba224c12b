"""Protects `surfeatnet2020`: GEV curves of both codecs, learning, and features that are measured once for all."""

import dataclasses

import numpy as np
import pytest
import torch

from baselines.interface.measurements import measure_or_load
from baselines.learned.network.extractor import PictureFeatures
from baselines.learned.network.imagenet_weights import channels_of
from baselines.learned.surfeatnet2020 import GevCurve, SurFeatNet2020, pooled_features
from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.core.gev import GevFit, fit_gev, sur_curve, sur_level
from sgjnd.predictors import SgJndLite

FEATURES = {"patch_pixels": 32, "most_patches": 4, "grid_levels": 5}
CODECS = pytest.mark.parametrize("codec", [Jpeg(), Bpg()], ids=lambda codec: codec.name)
FIT = GevFit(0.1, 28.0, 5.0)


@CODECS
def test_a_gev_is_the_curve_that_truths_are_made_from(codec):
    """The same distribution of JNDs gives the same SUR, read as a prediction or as a truth."""
    samples = np.array([22.0, 25, 27, 28, 30, 33, 35])
    curve, count = GevCurve(fit_gev(samples), codec), len(codec.levels)
    assert np.allclose(1 - curve.noticeable(count), sur_curve(samples, codec), atol=1e-12)
    for share in (0.25, 0.5, 0.9):
        assert codec.level_at(curve.position_at(share)) == pytest.approx(sur_level(samples, codec, share))


@CODECS
def test_a_level_stands_where_its_share_is_satisfied(codec):
    curve, positions = GevCurve(FIT, codec), np.arange(len(codec.levels))
    satisfied = 1 - curve.noticeable(len(positions))
    assert (np.diff(satisfied) >= 0).all() and satisfied[0] < 0.05 and satisfied[-1] > 0.95
    at = [curve.position_at(share) for share in (0.1, 0.5, 0.9)]
    assert at == sorted(at)
    assert np.interp(at, positions, satisfied) == pytest.approx([0.1, 0.5, 0.9], abs=0.01)


@CODECS
@pytest.mark.parametrize(("location", "clipped"), [(-40.0, True), (28.0, False), (140.0, True)])
def test_a_median_beyond_the_range_is_told(codec, location, clipped):
    assert GevCurve(GevFit(0.0, location, 5.0), codec).clipped == clipped


def test_what_was_learned_is_known(learned_surfeatnet, same_source, true_levels):
    found = np.array([learned_surfeatnet.predict(picture.without_samples()).level for picture in same_source])
    constant = np.abs(np.median(true_levels) - true_levels).mean()
    assert np.abs(found - true_levels).mean() < 0.5 * constant
    for picture in same_source:
        worst, best = learned_surfeatnet.ask(picture)(np.array([2, 95]))
        assert worst > best, picture.name


def test_curves_rise_and_the_level_stands_at_the_truths_share(learned_surfeatnet, same_source):
    inside = 0
    for picture in same_source:
        asked = picture.without_samples()
        level, curve = learned_surfeatnet.predict(asked).level, learned_surfeatnet.predict(asked).sur
        assert 1 <= level <= 100 and curve.shape == (100,)
        assert (np.diff(curve) >= 0).all() and curve.min() >= 0 and curve.max() <= 1
        if not learned_surfeatnet.predict(asked).clipped:
            inside += 1
            reached = np.interp(level, np.arange(1, 101), curve)
            assert reached == pytest.approx(learned_surfeatnet.fitted_.share, abs=0.01)
    assert inside >= 4


def test_the_curve_is_the_gev_nearest_to_the_shares(learned_surfeatnet, same_source):
    picture = same_source[0].without_samples()
    positions = learned_surfeatnet.extractor().positions(picture.codec)
    shares = learned_surfeatnet.ask(picture)(positions)
    curve = learned_surfeatnet.curve(picture)
    off = np.square(curve.noticeable(100)[positions] - shares).mean()
    assert off < np.square(0.5 - shares).mean() and off < 0.02
    moved = GevCurve(dataclasses.replace(curve.fit, location=curve.fit.location + 3), picture.codec)
    assert off < np.square(moved.noticeable(100)[positions] - shares).mean()


def test_bpg_is_learned_and_answered_in_its_own_levels(bpg_pictures, learned_surfeatnet):
    levels = np.array([np.mean(picture.samples) for picture in bpg_pictures])
    predictor = SurFeatNet2020(settings=learned_surfeatnet.settings, device="cpu").fit(bpg_pictures, levels, seed=0)
    for picture in bpg_pictures:
        asked = picture.without_samples()
        assert 1 <= predictor.predict(asked).level <= 51
        curve = predictor.predict(asked).sur
        assert curve.shape == (51,) and (np.diff(curve) >= 0).all()
        worst, best = predictor.ask(asked)(np.array([0, 50]))
        assert worst > best, "QP 51 stands first"


@pytest.mark.parametrize("order", [(SgJndLite, SurFeatNet2020), (SurFeatNet2020, SgJndLite)])
def test_it_shares_stored_features_with_sgjnd_lite(order, empty_cache, rated_pictures, passes):
    """Features cost most of the time of both: who comes second finds all of them, in this process or another."""
    first, second = (method(settings=FEATURES, device="cpu") for method in order)
    assert first.measurement_key() == second.measurement_key()
    assert first.ingredients() == second.ingredients()
    picture, again = (dataclasses.replace(rated_pictures[1], measurements={}) for _ in range(2))
    measure_or_load(picture, first)
    assert passes == ["reference"] + ["level"] * 5
    measure_or_load(again, second)
    for other in (second.measurement(again), second.measurement(picture)):
        assert all(np.array_equal(values, other[name]) for name, values in first.measurement(picture).items())
    assert len(passes) == 6 and len([path for path in empty_cache.rglob("*") if path.is_file()]) == 1


def test_the_default_features_are_sgjnd_lites():
    assert SurFeatNet2020(device="cpu").measurement_key() == SgJndLite(device="cpu").measurement_key()


def test_prediction_asks_the_backbone_nothing_about_measured_levels(learned_surfeatnet, same_source, passes):
    picture = same_source[0].without_samples()
    learned_surfeatnet.measurement(picture)
    passes.clear()
    learned_surfeatnet.predict(picture)
    assert passes == []


def test_pooled_features_are_means_over_the_picture_without_the_pixels(learned_surfeatnet, same_source):
    features = PictureFeatures(**learned_surfeatnet.measure(same_source[0]))
    reference, difference = pooled_features(features, learned_surfeatnet.config())
    channels = sum(channels_of("efficientnet-lite0"))
    assert reference.shape == (channels,) and difference.shape == (10, channels)
    assert reference.dtype == difference.dtype == np.float32
    tokens = features.difference[4].astype(float).reshape(-1, channels + 3)
    assert np.allclose(difference[4], tokens.mean(axis=0)[3:], rtol=1e-3, atol=1e-4)
    assert difference[0].mean() > difference[-1].mean(), "the worst level has changed most"
    without = dataclasses.replace(learned_surfeatnet.config(), pixels=False)
    assert len(pooled_features(features, without)[0]) == channels + 7


def test_the_same_seed_gives_the_same_bits_and_another_does_not(rated_pictures, true_levels):
    def fit(seed: int) -> dict[str, torch.Tensor]:
        settings = {**FEATURES, "epochs": 2, "components": 2, "hidden": 4}
        predictor = SurFeatNet2020(settings=settings, device="cpu")
        return predictor.fit(rated_pictures[:4], true_levels[:4], seed=seed).fitted_.model.state_dict()

    before = torch.get_rng_state()
    one, again, other = fit(3), fit(3), fit(4)
    assert all(torch.equal(tensor, again[name]) for name, tensor in one.items())
    assert any(not torch.equal(tensor, other[name]) for name, tensor in one.items())
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"dropout": 1.5}, "surfeatnet2020's dropout is a share"),
        ({"components": 0}, "components is a whole number from 1 up"),
        ({"component": 3}, "no setting of surfeatnet2020 'component'. Did you mean 'components'"),
        ({"backbone": "efficientnet"}, "no backbone of surfeatnet2020"),
    ],
)
def test_settings_out_of_range_are_told(settings, text):
    with pytest.raises(UserError, match=text):
        SurFeatNet2020(settings=settings).config()


@pytest.mark.parametrize("settings", [{"search": "window"}, {"evidence": 15.0}])
def test_a_search_that_would_be_ignored_is_an_error(settings):
    with pytest.raises(UserError, match="fits a GEV through the grid's levels"):
        SurFeatNet2020(settings=settings).config()
