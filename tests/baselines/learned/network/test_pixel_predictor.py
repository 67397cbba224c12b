"""Protects networks on pixels: presets, learning, the same bits whatever happens on the way, and any codec."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np
import pytest
import torch

from baselines.interface.predictor import NotFittedError
from baselines.interface.registry import registry
from baselines.learned.network.nets.pixel_examples import PixelExamples
from baselines.learned.network.pixel_predictor import FAST, FULL, QUICK, PixelPredictor, PixelSettings
from baselines.learned.pwjnd2020 import Pwjnd2020
from baselines.learned.vpjnd2025 import VpJnd2025
from datasets.codecs.jpeg import Jpeg
from datasets.common.cache import cache_folder
from datasets.common.errors import UserError
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture

METHODS = (Pwjnd2020, VpJnd2025)
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.card.name)
THREE_EPOCHS = {**QUICK, "epochs": 3, "first_channels": 4, "dropout": 0.3, "learning_rate": 5e-3}
"""With dropout, so that training draws random numbers."""


@pytest.fixture
def fit(rated_pictures, true_levels) -> Callable[..., PixelPredictor]:
    """Fit on four pictures of two sources, one of which is held out."""

    def run(method: type = Pwjnd2020, seed: int = 0, **settings) -> PixelPredictor:
        predictor = method(preset=FAST, settings={**THREE_EPOCHS, **settings}, device="cpu")
        return predictor.fit(rated_pictures[:4], true_levels[:4], seed=seed)

    return run


def same(one: PixelPredictor, other: PixelPredictor) -> bool:
    theirs = other.fitted_.model.state_dict()
    return all(torch.equal(tensor, theirs[name]) for name, tensor in one.fitted_.model.state_dict().items())


def pictures_training() -> list[str]:
    """Trainings of which something is kept."""
    return [str(path) for path in (cache_folder() / "training").glob("*")]


@every_method
def test_a_variant_a_preset_and_only_the_small_one_without_a_gpu(method):
    name = method.card.name
    assert method.variants() == {name: {"preset": FULL}, f"{name}-fast": {"preset": FAST}}
    assert method.cost_of({"preset": FULL}) == method.cost_of({}) == method.card.cost == "heavy"
    assert method.cost_of({"preset": FAST}) == "slow"
    assert registry()[f"{name}-fast"].cost == "slow" and registry()[name].cost == "heavy"


@every_method
def test_a_preset_fills_in_what_is_not_set(method):
    full, fast = (method(preset=preset).config() for preset in (FULL, FAST))
    assert (fast.blocks, fast.first_channels, fast.threads) == (4, 8, 1)
    assert (full.blocks, full.first_channels) == (5, 32) and full.epochs > fast.epochs
    changed = method(preset=FAST, settings={"blocks": 2, "search": "grid"}).config()
    assert (changed.blocks, changed.search, changed.first_channels) == (2, "grid", 8)
    assert method().config() == full


@every_method
def test_a_preset_or_setting_that_does_not_exist_suggests(method, rated_pictures):
    name = method.card.name
    with pytest.raises(UserError, match=rf"no preset of {name} 'fats'\. Did you mean 'fast'"):
        method(preset="fats").config()
    with pytest.raises(UserError, match=rf"no setting of {name} 'block'\. Did you mean 'blocks'"):
        method(settings={"block": 3}).fit(rated_pictures[:2], np.array([40.0, 50.0]), seed=0)


def test_patches_must_outlast_the_blocks():
    with pytest.raises(UserError, match="6 blocks halve a patch of 32 pixels away"):
        PixelSettings(patch_pixels=32, blocks=6)
    assert PixelSettings(patch_pixels=32, blocks=5).blocks == 5


@every_method
def test_the_remark_tells_which_network_it_was(method, rated_pictures):
    assert method(preset=FAST).remark(rated_pictures[0]).startswith("preset fast: 4 blocks up to 64 channels")
    assert method(preset=FULL).remark(rated_pictures[0]).startswith("preset full: 5 blocks up to 512 channels")
    assert "2 blocks up to 4 channels" in method(preset=FAST, settings=QUICK).remark(rated_pictures[0])


@pytest.mark.parametrize("learned", ["learned_pwjnd", "learned_vpjnd"])
def test_what_was_learned_is_known(learned, same_source, true_levels, request):
    """Worse is told from better, and pictures from each other: half the error that one level for all makes."""
    predictor = request.getfixturevalue(learned)
    ends = np.array([predictor.ask(picture)(np.array([0, 99])) for picture in same_source])
    assert (ends[:, 0] > ends[:, 1]).all() and (ends[:, 0] - ends[:, 1]).mean() > 0.5
    found = np.array([predictor.predict(picture.without_samples()).level for picture in same_source])
    constant = np.abs(np.median(true_levels) - true_levels).mean()
    assert np.abs(found - true_levels).mean() < 0.5 * constant


def test_curves_rise_and_the_level_stands_at_the_truths_share(learned_pwjnd, same_source):
    for picture in same_source:
        asked = picture.without_samples()
        level, curve = learned_pwjnd.predict(asked).level, learned_pwjnd.predict(asked).sur
        assert 1 <= level <= 100 and curve.shape == (100,) and (np.diff(curve) >= 0).all()
        if not learned_pwjnd.predict(asked).clipped:
            assert np.interp(level, np.arange(1, 101), curve) == pytest.approx(0.5, abs=0.01)


def test_a_level_is_asked_alike_whatever_else_is_asked(learned_pwjnd, same_source):
    picture = same_source[0]
    together = learned_pwjnd.ask(picture)(np.array([5, 50, 90]))
    alone = [float(learned_pwjnd.ask(picture)(np.array([position]))[0]) for position in (5, 50, 90)]
    assert together.tolist() == alone


def test_the_same_seed_gives_the_same_bits_and_another_does_not(fit):
    before = torch.get_rng_state()
    one, again, other = fit(seed=3), fit(seed=3), fit(seed=4)
    assert same(one, again) and not same(one, other)
    assert torch.equal(before, torch.get_rng_state())


def test_one_thread_gives_the_same_bits_whatever_the_threads(fit):
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(fit(threads=1))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert same(*found)


def test_a_fit_and_an_answer_take_the_threads_they_are_given(fit, rated_pictures, monkeypatch):
    before, seen = torch.get_num_threads(), []
    whole = PixelExamples.epoch
    monkeypatch.setattr(
        PixelExamples, "epoch", lambda self, seed: seen.append(torch.get_num_threads()) or whole(self, seed)
    )
    torch.set_num_threads(2)
    try:
        fit(threads=1, epochs=1)
        fit(threads=0, epochs=1)
    finally:
        torch.set_num_threads(before)
    assert seen == [1, 2]


@every_method
def test_a_killed_training_goes_on_to_the_same_bits(method, fit, monkeypatch, empty_cache):
    whole, epochs, asked = fit(method), PixelExamples.epoch, []
    assert pictures_training() == [], "nothing is left of a training that ended"

    def killed(self, seed):
        asked.append(seed)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return epochs(self, seed)

    monkeypatch.setattr(PixelExamples, "epoch", killed)
    with pytest.raises(KeyboardInterrupt):
        fit(method)
    assert len(pictures_training()) == 1
    resumed = fit(method)
    assert len(asked) == 4, "two epochs were kept, the third is trained again"
    assert same(resumed, whole) and pictures_training() == []


def test_another_fit_does_not_go_on_with_what_is_left_of_one(fit, monkeypatch, empty_cache):
    expected, epochs, asked = fit(seed=5), PixelExamples.epoch, []

    def killed(self, seed):
        asked.append(seed)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return epochs(self, seed)

    monkeypatch.setattr(PixelExamples, "epoch", killed)
    with pytest.raises(KeyboardInterrupt):
        fit(seed=6)
    assert same(fit(seed=5), expected) and len(asked) == 5
    assert len(pictures_training()) == 1, "what the other left is still there to go on with"


@every_method
def test_bpg_is_learned_and_answered_in_its_own_levels(method, bpg_pictures):
    pictures = [dataclasses.replace(picture, source="one") for picture in bpg_pictures]
    levels = np.array([np.mean(picture.samples) for picture in pictures])
    more = {"epochs": 20, "first_channels": 4, "hidden": 16, "learning_rate": 5e-3, "levels_per_picture": 12}
    predictor = method(preset=FAST, settings={**QUICK, **more}, device="cpu").fit(pictures, levels, seed=0)
    for picture in pictures:
        asked = picture.without_samples()
        assert 1 <= predictor.predict(asked).level <= 51
        curve = predictor.predict(asked).sur
        assert curve.shape == (51,) and (np.diff(curve) >= 0).all()
        worst, best = predictor.ask(asked)(np.array([0, 50]))
        assert worst > best + 0.1, "QP 51 stands first"


def test_a_picture_of_another_codec_than_was_trained_for_is_told(learned_pwjnd, bpg_pictures):
    with pytest.raises(UserError, match=r"astronaut-2 is compressed by bpg, the network was trained for jpeg"):
        learned_pwjnd.predict(bpg_pictures[0])


@pytest.mark.parametrize("shape", [(20, 27), (33, 47), (70, 31), (8, 9)])
@pytest.mark.parametrize("learned", ["learned_pwjnd", "learned_vpjnd"])
def test_small_and_odd_pictures_have_an_answer(learned, shape, request):
    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    ladder = CompressedLadder(Jpeg(), functools.partial(np.array, pixels))
    picture = Picture("one", "one", Jpeg(), 24.3, np.empty(0), {}, ladder)
    assert 1 <= request.getfixturevalue(learned).predict(picture).level <= 100


def test_what_cannot_be_learned_from_is_told(rated_pictures):
    predictor = Pwjnd2020(preset=FAST, settings=QUICK, device="cpu")
    with pytest.raises(UserError, match="two training pictures or more"):
        predictor.fit(rated_pictures[:1], np.array([40.0]), seed=0)
    with pytest.raises(NotFittedError, match="call fit"):
        predictor.predict(rated_pictures[0])


def test_hard_labels_need_no_samples(rated_pictures, true_levels):
    """Both methods learn from the truth alone, so data sets without subjects' samples serve."""
    pictures = [picture.without_samples() for picture in rated_pictures[:4]]
    predictor = Pwjnd2020(preset=FAST, settings=QUICK, device="cpu").fit(pictures, true_levels[:4], seed=0)
    assert predictor.fitted_.share == 0.5
