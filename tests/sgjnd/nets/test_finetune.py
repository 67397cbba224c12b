"""Protects training from pixels: the right patches, levels and labels, and a backbone whose statistics stay."""

import numpy as np
import pytest
import torch

from baselines.learning.features import Extractor
from baselines.learning.nets.pixel_examples import PixelExamples
from baselines.learning.nets.pooling import pooled
from baselines.learning.patches import cover
from baselines.learning.weights import build, choose
from sgjnd.config import Config
from sgjnd.nets.finetune import WholeNetwork
from sgjnd.nets.model import Model

CONFIG = Config(
    patch_pixels=32, patches_per_picture=3, levels_per_picture=4, batch=5, width=8, heads=2, components=3, members=1
)
POSITIONS = np.array([10, 60])


@pytest.fixture
def labels(rated_pictures) -> np.ndarray:
    """A number that no other picture or level has."""
    return np.linspace(0.95, 0.05, 100) + 1e-4 * np.arange(len(rated_pictures))[:, None]


@pytest.fixture
def examples(rated_pictures, labels) -> PixelExamples:
    return PixelExamples(rated_pictures, labels, [0, 1, 4], [2, 6], CONFIG, "cpu", POSITIONS)


@pytest.fixture(scope="module")
def network() -> WholeNetwork:
    backbone = build(choose("efficientnet-lite0"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Model(CONFIG, backbone.channels)
        for stage in (model.reference, model.difference):
            for name, buffer in stage.named_buffers():
                if name.startswith("axes"):
                    torch.nn.init.normal_(buffer, std=0.1)
        for parameter in model.members.parameters():
            torch.nn.init.normal_(parameter, std=0.2)
    return WholeNetwork(backbone, model, CONFIG, 0)


def places(patch: np.ndarray, pixels: np.ndarray) -> list[tuple[int, int]]:
    """Where a picture has a patch."""
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (32, 32), axis=(0, 1))
    return list(zip(*np.where((windows.transpose(0, 1, 3, 4, 2) == patch).all(axis=(2, 3, 4))), strict=True))


def test_patches_levels_and_labels_belong_together(examples, rated_pictures, labels):
    batch = next(iter(examples.epoch(0)))
    reference, level, at = (one.numpy() for one in batch.inputs)
    for row in range(len(at)):
        number, position = np.argwhere(np.isclose(labels, float(batch.target[row]), atol=1e-6))[0]
        assert at[row] == pytest.approx(position / 99)
        picture = rated_pictures[number]
        compressed = picture.ladder.rgb(int(position) + 1)
        for patch in range(3):
            here = places(reference[row, patch].transpose(1, 2, 0), picture.reference)
            assert here and here[0] in places(level[row, patch].transpose(1, 2, 0), compressed)


def test_an_epoch_has_the_steps_that_are_told_and_is_seeded(examples, labels):
    one, same, other = (list(examples.epoch(seed)) for seed in (2, 2, 3))
    assert len(one) == examples.steps() == 3
    assert all(torch.equal(a.inputs[1], b.inputs[1]) for a, b in zip(one, same, strict=True))
    assert not all(torch.equal(a.target, b.target) for a, b in zip(one, other, strict=True))
    targets = torch.cat([batch.target for batch in one]).numpy()
    assert {int(np.argwhere(np.isclose(labels, target, atol=1e-6))[0, 0]) for target in targets} == {0, 1, 4}


def test_held_out_pictures_are_looked_at_where_prediction_looks(examples, rated_pictures, labels):
    batches = list(examples.held_out())
    assert len(batches) == 2
    for batch, number in zip(batches, (2, 6), strict=True):
        assert np.allclose(batch.target, labels[number, POSITIONS], atol=1e-6)
        expected = cover(64, 64, 32, 3).cut(rated_pictures[number].reference)
        assert np.array_equal(batch.inputs[0][0].numpy().transpose(0, 2, 3, 1), expected)


def test_pictures_with_fewer_patches_are_padded_with_absent_ones(rated_pictures, labels):
    whole = PixelExamples(rated_pictures, labels, [0], [], Config(patch_pixels=48, batch=4), "cpu", POSITIONS)
    batch = next(iter(whole.epoch(0)))
    assert batch.present.shape == batch.inputs[0].shape[:2] == (4, 1) and batch.present.all()


def test_it_sees_what_the_frozen_features_see(network, rated_pictures):
    """Heads are trained on frozen features first: the same tokens must reach them here."""
    picture, patches = rated_pictures[0], cover(64, 64, 32, 3)
    network.eval()
    extractor = Extractor(build(choose("efficientnet-lite0")), cells=CONFIG.token_cells, pixels=True)
    seen = extractor.reference(picture.reference, patches)
    features = extractor.level(picture.ladder.rgb(30), patches, seen)
    model = network._model[0]
    expected = model.probabilities(model.tokens(seen.tokens, features, np.array([29 / 99])))
    pixels = [
        torch.from_numpy(patches.cut(one)).permute(0, 3, 1, 2)[None]
        for one in (picture.reference, picture.ladder.rgb(30))
    ]
    with torch.inference_mode():
        found = pooled(*network(*pixels, torch.tensor([29 / 99])))
    assert found.numpy() == pytest.approx(expected, abs=5e-3)


def test_gradients_reach_the_whole_backbone_and_statistics_stay(network, examples):
    network.train()
    assert network.head.training and not any(module.training for module in network.backbone.modules())
    before = {name: buffer.clone() for name, buffer in network.backbone.named_buffers()}
    batch = next(iter(examples.epoch(0)))
    quality, weight = network(*batch.inputs)
    assert quality.shape == weight.shape == batch.present.shape
    pooled(quality, weight * batch.present).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
    assert all(torch.equal(buffer, before[name]) for name, buffer in network.backbone.named_buffers())
    network.zero_grad(set_to_none=True)


def test_only_backbone_and_head_are_its_own(network):
    assert {name.split(".")[0] for name in network.state_dict()} == {"backbone", "head"}
