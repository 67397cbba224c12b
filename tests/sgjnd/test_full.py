"""Protects `sgjnd`: every backbone is fine-tuned and predicts, from a weight file too, and what it learned is kept."""

import functools
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from baselines.learned.network.extractor import Looker
from baselines.learned.network.training_set import Lesson
from baselines.learned.network.weights import BACKBONES, build, choose, read_tensors
from sgjnd.checkpoint import load_checkpoint, save_checkpoint
from sgjnd.config import Config
from sgjnd.fitting import fit_whole
from sgjnd.full import DEFAULTS, SgJnd

TWO_STEPS = {
    **SgJnd.quick["settings"],
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

    def run(**settings) -> SgJnd:
        predictor = SgJnd(settings={**TWO_STEPS, **settings}, device="cpu")
        return predictor.fit(rated_pictures[:4], true_levels[:4], seed=0)

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


def assert_tuned(predictor: SgJnd, picture, before: Mapping[str, torch.Tensor]) -> None:
    """The backbone has moved from where it started, its statistics have not, and there is an answer."""
    after = predictor.fitted_.backbone.state_dict()
    moved = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    parameters = {name for name, _ in predictor.fitted_.backbone.named_parameters()}
    assert moved and moved <= parameters, "batch normalisation keeps its ImageNet statistics"
    assert 1 <= predictor.predict(picture.without_samples()).level <= 100
    curve = predictor.predict(picture.without_samples()).sur
    assert curve.shape == (100,) and (np.diff(curve) >= 0).all()


SLOW = pytest.mark.slow(reason="finds principal components of 2048 channels")


@pytest.mark.parametrize(
    "backbone", [pytest.param(name, marks=SLOW) if name == "resnet50" else name for name in BACKBONES]
)
def test_every_backbone_is_trained_and_answers(fit, rated_pictures, backbone):
    before = build(choose(backbone, "none")).state_dict()
    assert_tuned(fit(backbone=backbone, weights="none"), rated_pictures[-1], before)


def test_resnet50_is_trained_from_a_weight_file(fit, rated_pictures, resnet50_file):
    predictor = fit(backbone="auto", weights=str(resnet50_file))
    assert predictor.remark(rated_pictures[-1]) == "fine-tuned from resnet50 with weights from mine.pth"
    started = read_tensors(resnet50_file)
    found = predictor.fitted_.backbone.state_dict()["conv1.weight"]
    assert torch.allclose(found, started["conv1.weight"], atol=2e-3), "it began with the file's weights"
    assert_tuned(predictor, rated_pictures[-1], started)


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


def test_a_killed_tuning_goes_on_to_the_same_bits(rated_pictures, true_levels, tmp_path):
    looker = Looker(Config.of({**TWO_STEPS, "epochs": 2}, **DEFAULTS), device="cpu")
    pictures = rated_pictures[:4]
    lesson = Lesson(pictures, true_levels[:4], [looker.measure(picture) for picture in pictures])
    whole, histories = fit_whole(looker, lesson, seed=0)

    def stop(member, epoch, history) -> None:
        if (member, epoch) == (1, 0):  # heads are done, and one epoch of the whole network
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_whole(looker, lesson, seed=0, folder=tmp_path, say=stop)
    told = []
    resumed, again = fit_whole(
        looker, lesson, seed=0, folder=tmp_path, say=lambda member, epoch, _: told.append((member, epoch))
    )
    assert told == [(1, 1)] and again == histories
    for part in ("model", "backbone"):
        states = [getattr(fitted, part).state_dict() for fitted in (whole, resumed)]
        assert all(torch.equal(tensor, states[1][name]) for name, tensor in states[0].items()), part


def test_a_checkpoint_keeps_the_backbone_that_was_trained(fit, rated_pictures, tmp_path):
    predictor = fit(members=2, backbone_learning_rate=1e-2)
    looker = Looker(predictor.config(), device="cpu")
    path = tmp_path / "tuned.safetensors"
    save_checkpoint(path, predictor.fitted_, looker.config, looker.chosen, looker.channels, {})
    read = load_checkpoint(path)
    assert read.config.members == 1, "one head was tuned with the backbone"
    again = SgJnd(settings=vars(read.config), device="cpu")
    again.fitted_ = read.fitted
    picture = rated_pictures[-1].without_samples()
    at = np.array([10, 60])
    assert np.array_equal(again.ask(picture)(at), predictor.ask(picture)(at))
    again.fitted_ = functools.partial(type(read.fitted), **{**vars(read.fitted), "backbone": None})()
    assert not np.allclose(again.ask(picture)(at), predictor.ask(picture)(at), atol=1e-4)


def test_the_defaults_are_the_papers_backbone_where_it_can_be_had():
    config = SgJnd().config()
    assert config.backbone == "auto" and config.members == 1 and config.batch * config.accumulate == 32
    assert SgJnd.card.cost == "heavy" and any("EfficientNet-Lite0 stands in" in one for one in SgJnd.card.deviations)
