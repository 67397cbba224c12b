"""Protects fine-tuning: it sees what the frozen features see, everything is trained, and statistics stay."""

import numpy as np
import pytest
import torch

from baselines.learned.network.features import Extractor
from baselines.learned.network.nets.pixel_examples import PixelExamples
from baselines.learned.network.nets.pooling import pooled
from baselines.learned.network.patches import cover
from baselines.learned.network.weights import build, choose
from sgjnd.config import Config
from sgjnd.nets.finetune import WholeNetwork
from sgjnd.nets.model import Model

CONFIG = Config(
    patch_pixels=32, patches_per_picture=3, levels_per_picture=4, batch=5, width=8, heads=2, components=3, members=1
)


@pytest.fixture
def examples(rated_pictures) -> PixelExamples:
    labels = np.tile(np.linspace(0.95, 0.05, 100), (len(rated_pictures), 1))
    return PixelExamples(rated_pictures, labels, [0, 1, 4], [2, 6], CONFIG, "cpu", np.array([10, 60]))


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
