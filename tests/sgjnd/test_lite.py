"""Protects `sgjnd-lite`: levels within range, no network pass where features were measured, every search, any codec."""

import dataclasses
import functools
import pickle

import numpy as np
import pytest
import torch

from baselines.interface.predictor import NotFittedError
from baselines.learned.network.features import Extractor
from baselines.learned.network.search.strategies import STRATEGIES
from datasets.common.errors import UserError
from datasets.core.codec import Jpeg
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture
from sgjnd.lite import SgJndLite


@pytest.fixture
def passes(monkeypatch) -> list[str]:
    """What the backbone is asked for from now on."""
    asked: list[str] = []

    def counted(name):
        whole = getattr(Extractor, name)
        monkeypatch.setattr(Extractor, name, lambda *arguments: asked.append(name) or whole(*arguments))

    counted("reference")
    counted("level")
    return asked


def searching(fitted: SgJndLite, search: str) -> SgJndLite:
    """The same network under another search."""
    other = SgJndLite(settings={**fitted.settings, "search": search}, device="cpu")
    other.fitted_ = fitted.fitted_
    return other


def picture_of(pixels: np.ndarray) -> Picture:
    ladder = CompressedLadder(Jpeg(), functools.partial(np.array, pixels))
    return Picture("one", "one", Jpeg(), 24.3, np.empty(0), {}, ladder)


def numpy_state() -> tuple[list[int], int]:
    """Of the global generator, which nothing may move."""
    _, numbers, place, *_ = np.random.get_state()  # noqa: NPY002
    return numbers.tolist(), place


@pytest.mark.parametrize("search", STRATEGIES)
def test_every_search_ends_within_the_range_with_a_rising_curve(fitted_lite, rated_pictures, search):
    picture = rated_pictures[-1].without_samples()
    predictor = searching(fitted_lite, search)
    assert 1 <= predictor.predict(picture).level <= 100
    curve = predictor.predict(picture).sur
    assert curve.shape == (100,) and (np.diff(curve) >= 0).all() and curve.min() >= 0 and curve.max() <= 1


def test_the_level_is_where_the_curve_reaches_the_truths_share(fitted_lite, rated_pictures):
    picture = rated_pictures[-1].without_samples()
    level, curve = fitted_lite.predict(picture).level, fitted_lite.predict(picture).sur
    assert not fitted_lite.predict(picture).clipped
    assert np.interp(level, np.arange(1, 101), curve) == pytest.approx(fitted_lite.fitted_.share, abs=0.01)


def test_the_grid_was_measured_so_prediction_asks_the_backbone_nothing(fitted_lite, rated_pictures, passes):
    picture = rated_pictures[-1].without_samples()
    fitted_lite.measurement(picture)
    passes.clear()
    predictor = searching(fitted_lite, "grid")
    predictor.predict(picture)
    assert len(predictor.found(picture).asked) == 10 and passes == []


def test_another_search_looks_at_the_reference_once(fitted_lite, rated_pictures, passes):
    picture = rated_pictures[-1].without_samples()
    predictor = searching(fitted_lite, "scan")
    predictor.measurement(picture)
    passes.clear()
    asked = predictor.found(picture).asked
    assert passes.count("reference") == 1
    assert 1 <= passes.count("level") <= len(asked) < 25


def test_level_curve_and_clipping_share_one_search(fitted_lite, rated_pictures, passes):
    picture = rated_pictures[-1].without_samples()
    predictor = searching(fitted_lite, "bisect")
    predictor.predict(picture)
    first = len(passes)
    predictor.predict(picture).sur, predictor.predict(picture).clipped
    assert first > 0 and len(passes) == first


def test_the_same_seed_gives_the_same_bits_and_another_does_not(rated_pictures, true_levels, fitted_lite):
    def fit(seed: int) -> dict[str, torch.Tensor]:
        new = SgJndLite(settings=fitted_lite.settings, device="cpu")
        return new.fit(rated_pictures[:6], true_levels[:6], seed=seed).fitted_.model.state_dict()

    before = torch.get_rng_state(), numpy_state()
    again, other, first = fit(3), fit(4), fitted_lite.fitted_.model.state_dict()
    assert all(torch.equal(tensor, again[name]) for name, tensor in first.items())
    assert any(not torch.equal(tensor, other[name]) for name, tensor in first.items())
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == numpy_state()


def test_pictures_of_one_source_are_learned_to_the_last_epoch(rated_pictures, true_levels, quick):
    """Nothing is held out then, so what was trained on must be known: worse is noticed more, and pictures differ."""
    pictures = [dataclasses.replace(picture, source="one") for picture in rated_pictures]
    predictor = SgJndLite(settings={**quick, "epochs": 30}, device="cpu").fit(pictures, true_levels, seed=0)
    for picture, level in zip(pictures, true_levels, strict=True):
        worse, better = predictor.ask(picture)(np.array([0, 99]))
        assert worse > better + 0.2, (picture.name, level)
    found = np.array([predictor.predict(picture.without_samples()).level for picture in pictures])
    constant = np.abs(np.median(true_levels) - true_levels).mean()
    assert np.abs(found - true_levels).mean() < 0.6 * constant


@pytest.mark.parametrize("shape", [(20, 27), (33, 47), (70, 31), (1, 9)])
def test_small_and_odd_pictures_have_an_answer(fitted_lite, shape):
    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert 1 <= fitted_lite.predict(picture_of(pixels)).level <= 100


def test_a_picture_of_another_codec_is_refused(fitted_lite, bpg_pictures):
    with pytest.raises(UserError, match=r"is compressed by bpg, the network was trained for jpeg"):
        fitted_lite.predict(bpg_pictures[0])


def test_bpg_is_learned_and_answered_in_its_own_levels(bpg_pictures, quick):
    levels = np.array([np.mean(picture.samples) for picture in bpg_pictures])
    predictor = SgJndLite(settings=quick, device="cpu").fit(bpg_pictures, levels, seed=0)
    for picture in bpg_pictures:
        asked = picture.without_samples()
        assert 1 <= predictor.predict(asked).level <= 51
        curve = predictor.predict(asked).sur
        assert curve.shape == (51,) and (np.diff(curve) >= 0).all()


def test_a_slip_in_a_setting_is_told_with_what_was_meant(rated_pictures, true_levels):
    predictor = SgJndLite(settings={"patch_pixel": 64})
    with pytest.raises(UserError, match=r"no setting of SG-JND 'patch_pixel'. Did you mean 'patch_pixels'"):
        predictor.fit(rated_pictures[:4], true_levels[:4], seed=0)


def test_predicting_before_fitting_is_told(rated_pictures, quick):
    with pytest.raises(NotFittedError, match="call fit"):
        SgJndLite(settings=quick).predict(rated_pictures[0])


def test_measurements_are_named_by_what_they_depend_on(quick):
    key = SgJndLite(settings=quick).measurement_key()
    for name, value in {"epochs": 9, "width": 16, "label": "hard", "search": "scan", "attention": False}.items():
        assert SgJndLite(settings={**quick, name: value}).measurement_key() == key, name
    for name, value in {"patch_pixels": 48, "most_patches": 2, "grid_levels": 7, "pixels": False}.items():
        assert SgJndLite(settings={**quick, name: value}).measurement_key() != key, name


def test_a_copy_answers_alike_and_leaves_the_last_picture_behind(fitted_lite, rated_pictures):
    picture = rated_pictures[0].without_samples()
    level = fitted_lite.predict(picture).level
    copy = pickle.loads(pickle.dumps(fitted_lite))
    assert copy.predict(picture).level == level
    assert "last_" in fitted_lite.__dict__ and "last_" not in fitted_lite.__getstate__()


def test_the_remark_names_the_network_and_where_it_looked(fitted_lite, rated_pictures):
    assert "EfficientNet-Lite0" in fitted_lite.remark(rated_pictures[0])
    assert "patches of 32 pixels" in fitted_lite.remark(rated_pictures[0])
