"""Protects the pair network: one branch for both pictures, changes alone in the difference, maps that weigh patches."""

import pytest
import torch
from torch import Tensor

from baselines.learned.network.nets.convolution import PairNetwork
from baselines.learned.network.nets.training import LEAST_WEIGHT, pooled
from baselines.learned.network.pixel_predictor import PixelSettings

FORM = {"blocks": 2, "first_channels": 4, "hidden": 6, "dropout": 0.0}
SIDE = 16
either = pytest.mark.parametrize("has_plane", [False, True], ids=["pixels", "with a plane"])


def network_of(*, random: bool = True, has_plane: bool = False, **form: object) -> PairNetwork:
    """In evaluation mode; with every number drawn at random, as a new network's last layers are zero."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = PairNetwork(PixelSettings(**{**FORM, **form}), has_plane=has_plane).eval()
        if random:
            for layers in (network.quality, network.weight):
                torch.nn.init.normal_(layers[-1].weight, std=0.5)
            torch.nn.init.constant_(network.weight[-1].bias, 2.0)
    return network


def inputs(has_plane: bool, batch: int = 3, patches: int = 5) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    reference = torch.randint(0, 256, (batch, patches, 3, SIDE, SIDE), generator=generator, dtype=torch.uint8)
    change = torch.randint(-20, 21, reference.shape, generator=generator)
    level = (reference.int() + change).clamp(0, 255).to(torch.uint8)
    plane = 20 * torch.rand(batch, patches, SIDE, SIDE, generator=generator)
    return [reference, level, torch.rand(batch, generator=generator), *([plane] if has_plane else [])]


@either
def test_there_is_a_logit_and_a_positive_weight_a_patch(has_plane):
    with torch.inference_mode():
        quality, weight = network_of(has_plane=has_plane)(*inputs(has_plane))
    assert quality.shape == weight.shape == (3, 5) and quality.dtype == torch.float32
    assert (weight >= LEAST_WEIGHT).all() and quality.isfinite().all()
    assert quality.std() > 0 and weight.std() > 0


@pytest.mark.parametrize(("blocks", "side"), [(1, 16), (2, 16), (4, 16), (2, 17)])
def test_features_have_a_cell_for_what_the_blocks_leave(blocks, side):
    features = network_of(blocks=blocks).features(torch.zeros(2, 3, side, side, dtype=torch.uint8), None)
    assert features.shape == (2, 4 * 2 ** (blocks - 1), (side // 2**blocks) ** 2)


@either
def test_an_untrained_network_answers_alike_for_all(has_plane):
    """Training starts from one half everywhere and from equal weights, whatever the pictures."""
    network = network_of(random=False, has_plane=has_plane)
    with torch.inference_mode():
        quality, weight = network(*inputs(has_plane))
    assert not quality.any() and torch.equal(weight, torch.full((3, 5), 1.0 + LEAST_WEIGHT))


def test_identical_patches_have_changed_in_nothing():
    """What weighs changes has no say over a pair of identical patches, and has over one that differs."""
    network, (reference, level, _) = network_of(), inputs(False)
    features = [network.features(pixels.flatten(0, 1), None) for pixels in (reference, level)]
    same, other = (network.compare(features[0], features[number], None)[0] for number in (0, 1))
    with torch.no_grad():
        network.quality[0].weight[:, 2 * features[0].shape[1] :] *= 3
    same_after, other_after = (network.compare(features[0], features[number], None)[0] for number in (0, 1))
    assert torch.equal(same, same_after) and not torch.allclose(other, other_after, atol=1e-3)


def test_changes_do_not_cancel_out_over_a_patch():
    """Brighter here and darker there is a change, though the mean over the patch stays."""
    network, features = network_of(), torch.rand(2, 8, 16, generator=torch.Generator().manual_seed(0))
    moved = features.clone()
    moved[..., ::2] += 0.2
    moved[..., 1::2] -= 0.2
    assert torch.allclose(moved.mean(dim=-1), features.mean(dim=-1), atol=1e-6)
    quality = [network.compare(features, level, None)[0] for level in (features, moved)]
    assert not torch.allclose(*quality, atol=1e-3)


def test_both_pictures_go_through_one_branch():
    network, (reference, level, at) = network_of(), inputs(False)
    swapped = network(level, reference, at)[0]
    assert not torch.allclose(network(reference, level, at)[0], swapped, atol=1e-3), "a level is no reference"
    assert {name.split(".")[0] for name in network.state_dict()} == {"branch", "quality", "weight"}


def test_a_plane_weighs_the_patches_and_pixels_do_not_where_there_is_one():
    network, (reference, level, at, plane) = network_of(has_plane=True), inputs(True)
    quality, weight = network(reference, level, at, plane)
    other_quality, other_weight = network(255 - reference, 255 - level, at, plane)
    assert torch.equal(weight, other_weight) and not torch.allclose(quality, other_quality)
    moved_quality, moved_weight = network(reference, level, at, 20 - plane)
    assert not torch.allclose(weight, moved_weight) and not torch.allclose(quality, moved_quality)


def test_without_a_plane_the_pair_weighs_the_patches():
    network, (reference, level, at) = network_of(), inputs(False)
    assert network.plane_branch is None and network.plane_features(torch.zeros(2, SIDE, SIDE)) is None
    assert not torch.allclose(network(reference, level, at)[1], network(255 - reference, level, at)[1])


@either
def test_the_position_is_not_looked_at(has_plane):
    """A network that knew the level could answer by it alone."""
    network, (reference, level, at, *plane) = network_of(has_plane=has_plane), inputs(has_plane)
    assert torch.equal(network(reference, level, at, *plane)[0], network(reference, level, at * 0, *plane)[0])


@either
def test_a_batch_is_what_each_picture_is_by_itself(has_plane):
    network, given = network_of(has_plane=has_plane), inputs(has_plane)
    with torch.inference_mode():
        quality, weight = network(*given)
        for row in range(3):
            alone = network(*(one[row : row + 1] for one in given))
            assert torch.allclose(alone[0][0], quality[row], atol=1e-5)
            assert torch.allclose(alone[1][0], weight[row], atol=1e-5)


@either
def test_gradients_reach_every_parameter(has_plane):
    network, (reference, level, at, *plane) = network_of(has_plane=has_plane), inputs(has_plane)
    pooled(*network.train()(reference, level, at, *plane)).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all() and parameter.grad.any(), name


@either
def test_the_first_step_from_a_new_network_moves_the_quality(has_plane):
    """Zero last layers must not leave training without a way to start."""
    network, given = network_of(random=False, has_plane=has_plane), inputs(has_plane)
    pooled(*network.train()(*given)).sum().backward()
    assert network.quality[-1].weight.grad.any() and network.quality[-1].bias.grad.any()


def test_dropout_is_off_in_evaluation_and_on_in_training():
    network, given = network_of(dropout=0.5), inputs(False)
    assert torch.equal(network(*given)[0], network(*given)[0])
    network.train()
    assert not torch.equal(network(*given)[0], network(*given)[0])


def test_a_weight_that_wants_below_nothing_leaves_equal_shares():
    network = network_of()
    torch.nn.init.constant_(network.weight[-1].bias, -1e4)
    quality, weight = network(*inputs(False))
    assert torch.allclose(weight, torch.full((3, 5), LEAST_WEIGHT))
    assert torch.allclose(pooled(quality, weight), quality.sigmoid().mean(dim=1), atol=1e-6)
