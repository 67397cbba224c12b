"""Protects the model: its projections are set from training pictures, its members averaged, its state whole."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from baselines.learned.network.extractor import PictureFeatures, Tokeniser
from baselines.learned.network.imagenet_weights import build, choose
from baselines.learned.network.nets.pixel_examples import PixelExamples
from baselines.learned.network.nets.tokens import PIXEL_DIFFERENCE, PIXEL_REFERENCE
from baselines.learned.network.nets.training import pooled
from baselines.learned.network.patches import cover
from datasets.common.errors import UserError
from sgjnd.config import BRANCHES, STAGES, Config
from sgjnd.nets.model import Model, WholeNetwork

CHANNELS = (6, 9, 12)
LEVEL = np.linspace(0, 1, 8)


def config(**settings: object) -> Config:
    return Config(**{"components": 4, "width": 8, "heads": 2, "members": 2, **settings})


def features(*, pixels: bool = True, pictures: int = 5) -> list[PictureFeatures]:
    """Reference tokens and eight levels of three patches, positive, each level less different than the last."""
    rng, sizes = np.random.default_rng(0), sum(CHANNELS)
    reference, difference = sizes + pixels * PIXEL_REFERENCE, sizes + pixels * PIXEL_DIFFERENCE
    fading = np.geomspace(3, 0.05, 8)[:, None, None, None]
    return [
        PictureFeatures(
            rng.gamma(2, 1, (3, 4, reference)).astype(np.float16),
            (rng.gamma(2, 1, (8, 3, 4, difference)) * fading).astype(np.float16),
            (rng.gamma(2, 0.1, (8, 3, 4, len(CHANNELS) + pixels)) * fading).astype(np.float16),
        )
        for _ in range(pictures)
    ]


def ready(**settings: object) -> Model:
    """Projections fitted, heads drawn at random."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Model(config(**settings), CHANNELS).eval()
        for parameter in model.members.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    model.fit_projections(lambda: features(pixels=settings.get("pixels", True)))
    return model


@pytest.mark.parametrize("stages", STAGES)
@pytest.mark.parametrize("branches", BRANCHES)
@pytest.mark.parametrize("pixels", [True, False])
@pytest.mark.parametrize("components", [0, 4])
def test_every_form_answers(stages, branches, pixels, components):
    if stages == "pixels" and not pixels:
        with pytest.raises(UserError, match="there would be no stage left"):
            config(stages=stages, pixels=pixels)
        return
    model = ready(stages=stages, branches=branches, pixels=pixels, components=components)
    tokens = model.tokens(features(pixels=pixels)[0], LEVEL)
    found = model.probabilities(tokens)
    assert found.shape == (8,) and found.dtype == np.float64 and ((found > 0) & (found < 1)).all()


def test_tokens_and_distances_are_standard_on_what_they_were_fitted_on():
    model = ready()
    tokens = [model.tokens(picture, LEVEL) for picture in features()]
    distance = torch.cat([one.distance.flatten(0, 2) for one in tokens])
    assert distance.shape[1] > 1 + len(CHANNELS), "the pixel stage has more than one"
    assert float(distance.mean(dim=0).abs().max()) < 0.01 and float((distance.std(dim=0) - 1).abs().max()) < 0.02
    reference = torch.cat([one.reference.flatten(0, 1) for one in tokens])
    assert float(reference.mean(dim=0).abs().max()) < 0.01 and reference.shape[1] == 4 * 4
    assert tokens[0].difference.shape == (8, 3, 4, sum(model.difference.widths))


def test_what_masks_an_error_lowers_its_distance():
    model, picture = ready(), features()[0]
    busy = picture.reference.copy()
    busy[..., 3:PIXEL_REFERENCE] *= 4  # all but the three means
    before, after = (model.tokens(each, LEVEL).distance for each in (picture, replace(picture, reference=busy)))
    masked = 1 + len(CHANNELS)
    assert (after[..., masked:] < before[..., masked:]).all()
    assert torch.equal(after[..., :masked], before[..., :masked])


def test_nothing_at_all_is_finite():
    model = ready()
    nothing = PictureFeatures(*map(np.zeros_like, vars(features()[0]).values()))
    assert np.isfinite(model.probabilities(model.tokens(nothing, LEVEL))).all()


def test_members_are_averaged_and_one_can_be_kept():
    model = ready()
    tokens = model.tokens(features()[0], LEVEL)
    both = model.probabilities(tokens)
    each = []
    for number in range(2):
        one = ready()
        one.keep_member(number)
        assert len(one.members) == 1
        each.append(one.probabilities(tokens))
    assert not np.allclose(each[0], each[1]) and np.allclose(both, np.mean(each, axis=0), atol=1e-6)


def test_patches_are_told_with_their_shares():
    model = ready()
    quality, share = model.patches(model.tokens(features()[0], LEVEL))
    assert quality.shape == share.shape == (8, 3)
    assert torch.allclose(share.sum(dim=1), torch.ones(8)) and (share > 0).all()
    assert ((quality > 0) & (quality < 1)).all()


def test_levels_are_judged_one_by_one():
    model, picture = ready(), features()[0]
    whole = model.probabilities(model.tokens(picture, LEVEL))
    part = replace(picture, difference=picture.difference[[5, 2]], distance=picture.distance[[5, 2]])
    assert np.allclose(model.probabilities(model.tokens(part, LEVEL[[5, 2]])), whole[[5, 2]], atol=1e-6)


def test_the_state_holds_all_that_was_found_and_trained():
    model, other = ready(), Model(config(), CHANNELS).eval()
    other.load_state_dict(model.state_dict())
    picture = features()[0]
    found = [each.probabilities(each.tokens(picture, LEVEL)) for each in (model, other)]
    assert np.array_equal(*found)


def test_a_reference_branch_is_blind_to_compression_and_a_difference_branch_to_content():
    first, second = features()[:2]
    blind = ready(branches="reference")
    other_levels = replace(second, reference=first.reference)
    assert np.array_equal(*(blind.probabilities(blind.tokens(each, LEVEL)) for each in (first, other_levels)))
    without = ready(branches="difference", pixels=False)
    first, second = features(pixels=False)[:2]
    other_content = replace(first, reference=second.reference)
    assert np.array_equal(*(without.probabilities(without.tokens(each, LEVEL)) for each in (first, other_content)))


TUNED = Config(
    patch_pixels=32, patches_per_picture=3, levels_per_picture=4, batch=5, width=8, heads=2, components=3, members=1
)


@pytest.fixture
def examples(rated_pictures) -> PixelExamples:
    labels = np.tile(np.linspace(0.95, 0.05, 100), (len(rated_pictures), 1))
    return PixelExamples(rated_pictures, labels, [0, 1, 4], [2, 6], TUNED, "cpu", np.array([10, 60]))


@pytest.fixture(scope="module")
def network() -> WholeNetwork:
    backbone = build(choose("efficientnet-lite0"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Model(TUNED, backbone.channels)
        for stage in (model.reference, model.difference):
            for name, buffer in stage.named_buffers():
                if name.startswith("axes"):
                    torch.nn.init.normal_(buffer, std=0.1)
        for parameter in model.members.parameters():
            torch.nn.init.normal_(parameter, std=0.2)
    return WholeNetwork(backbone, model, TUNED, 0)


def test_fine_tuning_starts_from_the_tokens_of_the_frozen_features(network, rated_pictures):
    """Heads are trained on frozen features first: the same tokens must reach them here."""
    picture, patches = rated_pictures[0], cover(64, 64, 32, 3)
    network.eval()
    tokeniser = Tokeniser(build(choose("efficientnet-lite0")), cells=TUNED.token_cells, pixels=True)
    known = tokeniser.reference(picture.reference, patches)
    difference, distance = tokeniser.level(picture.ladder.rgb(30), patches, known)
    model = network._model[0]
    tokens = model.tokens(PictureFeatures(known.tokens, difference[None], distance[None]), np.array([29 / 99]))
    expected = model.probabilities(tokens)
    pixels = [
        torch.from_numpy(patches.cut(rgb)).permute(0, 3, 1, 2)[None]
        for rgb in (picture.reference, picture.ladder.rgb(30))
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
