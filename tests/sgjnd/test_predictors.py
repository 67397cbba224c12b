"""Protects SG-JND: levels within range, no network pass where features were measured; every backbone is fine-tuned."""

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from baselines.learned.network.checkpoint import load_predictor, save_predictor
from baselines.learned.network.imagenet_weights import BACKBONES, build, channels_of, choose, read_tensors
from baselines.learned.network.search import STRATEGIES
from baselines.learned.network.training_set import no_progress
from datasets.codecs.jpeg import Jpeg
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture
from sgjnd.config import PAPER
from sgjnd.predictors import CPU_SIZED, SgJnd, SgJndLite, SgJndPlus, WholeSgJnd


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
    prediction = predictor.predict(picture)
    assert 1 <= prediction.level <= 100
    curve = prediction.sur
    assert curve.shape == (100,) and (np.diff(curve) >= 0).all() and curve.min() >= 0 and curve.max() <= 1


def test_the_level_is_where_the_curve_reaches_the_truths_share(fitted_lite, rated_pictures):
    picture = rated_pictures[-1].without_samples()
    prediction = fitted_lite.predict(picture)
    assert not prediction.clipped
    assert np.interp(prediction.level, np.arange(1, 101), prediction.sur) == pytest.approx(
        fitted_lite.fitted_.share, abs=0.01
    )


def test_the_grid_was_measured_so_prediction_asks_the_backbone_nothing(fitted_lite, rated_pictures, passes):
    picture = rated_pictures[-1].without_samples()
    fitted_lite.measurement(picture)
    passes.clear()
    predictor = searching(fitted_lite, "grid")
    predictor.predict(picture)
    assert len(predictor.curve(picture).asked) == 10 and passes == []


def test_another_search_computes_the_references_features_once(fitted_lite, rated_pictures, passes):
    picture = rated_pictures[-1].without_samples()
    predictor = searching(fitted_lite, "scan")
    predictor.measurement(picture)
    passes.clear()
    asked = predictor.curve(picture).asked
    assert passes.count("reference") == 1
    assert 1 <= passes.count("level") <= len(asked) < 25


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


def test_bpg_is_learned_and_answered_in_its_own_levels(bpg_pictures, quick):
    levels = np.array([np.mean(picture.samples) for picture in bpg_pictures])
    predictor = SgJndLite(settings=quick, device="cpu").fit(bpg_pictures, levels, seed=0)
    for picture in bpg_pictures:
        prediction = predictor.predict(picture.without_samples())
        assert 1 <= prediction.level <= 51
        curve = prediction.sur
        assert curve.shape == (51,) and (np.diff(curve) >= 0).all()


def test_measurements_are_named_by_what_they_depend_on(quick):
    key = SgJndLite(settings=quick).measurement_key()
    for name, value in {"epochs": 9, "width": 16, "label": "hard", "search": "scan", "attention": False}.items():
        assert SgJndLite(settings={**quick, name: value}).measurement_key() == key, name
    features = {"patch_pixels": 48, "most_patches": 2, "grid_levels": 7, "pixels": False, "precision": "bfloat16"}
    for name, value in features.items():
        assert SgJndLite(settings={**quick, name: value}).measurement_key() != key, name


def test_the_remark_names_the_network_and_its_patches(fitted_lite, rated_pictures):
    assert "EfficientNet-Lite0" in fitted_lite.remark(rated_pictures[0])
    assert "patches of 32 pixels" in fitted_lite.remark(rated_pictures[0])
    assert "float" not in fitted_lite.remark(rated_pictures[0])
    asked = SgJndLite(settings={"precision": "bfloat16"}).remark(rated_pictures[0])
    assert ", in bfloat16; patches" in asked


TWO_STEPS = {
    **SgJndPlus.quick["settings"],
    "patch_pixels": 32,
    "grid_levels": 4,
    "batch": 3,
    "accumulate": 1,
    "search": "bisect",
}
"""Three training pictures at two levels each, in batches of three."""


@pytest.fixture
def fit(rated_pictures, true_levels):
    """Fine-tune on four small pictures of two sources, one of which is held out."""

    def run(progress=no_progress, method=SgJndPlus, **settings) -> WholeSgJnd:
        predictor = method(settings={**TWO_STEPS, **settings}, device="cpu")
        return predictor.fit(rated_pictures[:4], true_levels[:4], seed=0, progress=progress)

    return run


@pytest.fixture(scope="session")
def resnet50_file(tmp_path_factory):
    """A ResNet-50's weights as torchvision names them, classifier included: random ones."""
    from torchvision.models import resnet50

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        state = resnet50(weights=None).state_dict()
    path = tmp_path_factory.mktemp("weights") / "mine.pth"
    torch.save(state, path)
    return path


def assert_tuned(predictor: WholeSgJnd, picture, before: Mapping[str, torch.Tensor]) -> None:
    """The backbone has moved from where it started, its statistics have not, and there is an answer."""
    after = predictor.fitted_.backbone.state_dict()
    moved = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    parameters = {name for name, _ in predictor.fitted_.backbone.named_parameters()}
    assert moved and moved <= parameters, "batch normalisation keeps its ImageNet statistics"
    prediction = predictor.predict(picture.without_samples())
    assert 1 <= prediction.level <= 100
    assert prediction.sur.shape == (100,) and (np.diff(prediction.sur) >= 0).all()


@pytest.mark.parametrize("backbone", [name for name in BACKBONES if name != "resnet50"])
def test_every_backbone_is_trained_from_a_weight_file_and_answers(fit, rated_pictures, tmp_path, backbone):
    """`tests/survival` does it with ResNet-50."""
    started = build(choose(backbone, "none")).state_dict()
    save_file(started, path := tmp_path / "mine.safetensors")
    predictor = fit(backbone=backbone, weights=str(path))
    assert predictor.remark(rated_pictures[-1]) == f"fine-tuned from {backbone} with weights from mine.safetensors"
    assert_tuned(predictor, rated_pictures[-1], started)
    tuned = predictor.fitted_.backbone.state_dict()
    assert all(torch.allclose(tuned[name], tensor, atol=2e-3) for name, tensor in started.items()), (
        "it began with the file's weights"
    )


def test_resnet50_takes_a_safetensors_file(resnet50_file, tmp_path):
    state = read_tensors(resnet50_file)
    save_file(state, path := tmp_path / "mine.safetensors")
    found = build(choose("resnet50", str(path))).state_dict()
    assert len(found) > 300 and all(torch.equal(tensor, state[name]) for name, tensor in found.items())


def test_the_same_seed_tunes_to_the_same_bits(fit, rated_pictures):
    one, other = fit(weights="none"), fit(weights="none")
    states = (one.fitted_.backbone.state_dict(), other.fitted_.backbone.state_dict())
    assert all(torch.equal(tensor, states[1][name]) for name, tensor in states[0].items())
    picture = rated_pictures[-1].without_samples()
    assert one.predict(picture).level == other.predict(picture).level


def test_a_checkpoint_holds_the_backbone_that_was_trained(fit, rated_pictures, tmp_path):
    predictor = fit(members=2, backbone_learning_rate=1e-2)
    save_predictor(path := tmp_path / "tuned.safetensors", predictor, {})
    again = load_predictor(path, device="cpu")
    assert len(again.fitted_.model.members) == 1, "one head was tuned with the backbone"
    picture = rated_pictures[-1].without_samples()
    at = np.array([10, 60])
    assert np.array_equal(again.ask(picture)(at), predictor.ask(picture)(at))
    again.fitted_ = dataclasses.replace(again.fitted_, backbone=None)
    assert not np.allclose(again.ask(picture)(at), predictor.ask(picture)(at), atol=1e-4)


def test_the_papers_network_is_trained_whole_from_the_start_and_asked_about_all_levels(
    fit, rated_pictures, passes, tmp_path
):
    """And its file says all that answering takes."""
    epochs = []
    settings = {**TWO_STEPS, **PAPER, "backbone_learning_rate": 1e-2}
    predictor = fit(lambda member, epoch, _: epochs.append((member, epoch)), SgJnd, **settings)
    assert epochs == [(1, 0)], "no head was trained before"
    assert len(predictor.fitted_.model.members) == 1 and predictor.fitted_.share == 0.5
    assert_tuned(predictor, rated_pictures[-1], build(choose("efficientnet-lite0")).state_dict())
    picture = rated_pictures[-1].without_samples()
    passes.clear()
    assert sorted(predictor.curve(picture).asked) == list(range(100)) and passes.count("level") == 100
    save_predictor(path := tmp_path / "whole.safetensors", predictor, {})
    at = np.array([10, 60])
    assert np.array_equal(load_predictor(path, device="cpu").ask(picture)(at), predictor.ask(picture)(at))


@pytest.mark.parametrize("backbone", BACKBONES)
def test_channels_are_known_without_weights(backbone):
    state = torch.get_rng_state()
    channels_of.cache_clear()
    assert channels_of(backbone) == build(choose(backbone, "none")).channels
    assert torch.equal(state, torch.get_rng_state())


def test_sgjnd_is_the_papers_network_and_plus_has_all_that_lite_has():
    paper, plus, lite = (method().config() for method in (SgJnd, SgJndPlus, SgJndLite))
    assert paper.backbone == plus.backbone == "auto" and paper.batch * paper.accumulate == 32
    assert {name: getattr(paper, name) for name in PAPER} == PAPER and not paper.heads_first
    assert {name for name in PAPER if getattr(plus, name) != getattr(lite, name)} == {"search", "members"}
    small = SgJnd(settings=CPU_SIZED).config()
    assert {name: getattr(small, name) for name in PAPER} == PAPER, "its sizes alone are smaller"
    for method in (SgJnd, SgJndPlus):
        assert method.card.cost == "heavy"
        assert any("EfficientNet-Lite0 stands in" in text for text in method.card.deviations)
    assert not any("components" in text or "is an input" in text for text in SgJnd.card.deviations)
