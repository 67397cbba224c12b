"""Protects tokens (sizes of changes are symmetric and in proportion) and projections (standard numbers)."""

import numpy as np
import pytest
import torch

from baselines.learned.network.nets.tokens import (
    PIXEL_DIFFERENCE,
    PIXEL_REFERENCE,
    Projection,
    difference_tokens,
    reference_tokens,
    ycbcr,
)
from datasets.core.imaging import luma

CHANNELS = (4, 6)
STAGES = (3, 8, 20)


@pytest.fixture
def maps() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randn(3, CHANNELS[0], 8, 8, generator=generator),
        torch.randn(3, CHANNELS[1], 1, 1, generator=generator),
    ]


@pytest.fixture
def patch() -> torch.Tensor:
    return torch.randint(0, 256, (3, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("cells", [1, 2, 3])
def test_shapes(maps, patch, cells):
    pixels = ycbcr(patch)
    assert reference_tokens(maps, pixels, cells).shape == (3, cells**2, PIXEL_REFERENCE + sum(CHANNELS))
    assert reference_tokens(maps, None, cells).shape == (3, cells**2, sum(CHANNELS))
    difference, distance = difference_tokens(maps, maps, (pixels, pixels), cells)
    assert difference.shape == (3, cells**2, PIXEL_DIFFERENCE + sum(CHANNELS))
    assert distance.shape == (3, cells**2, 1 + len(CHANNELS))


def test_a_token_is_the_mean_of_its_own_cell(maps):
    tokens = reference_tokens(maps, None, 2)
    assert torch.allclose(tokens[:, 1, : CHANNELS[0]], maps[0][:, :, :4, 4:].mean(dim=(2, 3)), atol=1e-6)
    assert torch.allclose(tokens[:, 3, CHANNELS[0] :], maps[1][..., 0, 0], atol=1e-6)


def test_equal_maps_do_not_differ(maps, patch):
    pixels = ycbcr(patch)
    for part in difference_tokens(maps, maps, (pixels, pixels), 2):
        assert float(part.max()) < 1e-4


def test_differences_are_symmetric_and_grow_in_proportion(maps):
    changed = [one + 0.1 for one in maps]
    more = [one + 0.2 for one in maps]
    there, back = difference_tokens(maps, changed, None, 2), difference_tokens(changed, maps, None, 2)
    assert all(torch.allclose(one, other) for one, other in zip(there, back, strict=True))
    assert torch.allclose(there[0], torch.tensor(0.1), atol=1e-4)
    assert torch.allclose(difference_tokens(maps, more, None, 2)[0], torch.tensor(0.2), atol=1e-4)


def test_distances_do_not_grow_with_contrast(maps):
    changed = [one + 0.3 * torch.roll(one, 1, 1) for one in maps]
    _, distance = difference_tokens(maps, changed, None, 2)
    _, louder = difference_tokens([9 * one for one in maps], [9 * one for one in changed], None, 2)
    assert torch.allclose(distance, louder, atol=1e-3)


@pytest.mark.parametrize("equal", [True, False])
def test_gradients_are_finite_where_nothing_changed_and_where_nothing_is(maps, equal):
    here = [torch.zeros_like(one, requires_grad=True) for one in maps]
    there = [torch.zeros_like(one, requires_grad=True) if equal else one.clone().requires_grad_() for one in maps]
    flat = torch.full((3, 3, 16, 16), 7.0)
    difference, distance = difference_tokens(here, there, None, 2)
    (difference.sum() + distance.sum() + reference_tokens(here, flat, 2).sum()).backward()
    assert all(one.grad.isfinite().all() for one in (*here, *there))


def test_luma_is_that_of_the_data_sets_up_to_rounding(patch):
    found = ycbcr(patch)[:, 0].numpy() * 16
    expected = np.stack([luma(np.ascontiguousarray(one.permute(1, 2, 0).numpy())) for one in patch])
    assert np.abs(found - expected).max() <= 0.51


def test_grey_has_no_chroma_and_a_flat_patch_no_spread():
    grey = torch.full((1, 3, 16, 16), 100, dtype=torch.uint8)
    pixels = ycbcr(grey)
    assert float(pixels[:, 1:].abs().max()) < 1e-5
    tokens = reference_tokens([], pixels, 1)[0, 0]
    assert tokens[0] == pytest.approx(100 / 16, abs=1e-4)
    assert float(tokens[3:].abs().max()) < 1e-3, "all but the three means"


def test_edges_count_alike_whichever_way_they_run():
    edge = torch.zeros(1, 3, 16, 16, dtype=torch.uint8)
    edge[..., 7:] = 160
    upright, lying = (reference_tokens([], ycbcr(one), 1)[0, 0] for one in (edge, edge.transpose(2, 3)))
    assert torch.allclose(upright, lying, atol=1e-5)
    assert float(upright[3]) > 0.1 and float(upright[4:6].abs().max()) < 1e-3, "luma alone"


@pytest.fixture
def blocks() -> list[np.ndarray]:
    """Correlated tokens of very different sizes in three blocks, the first stage positive."""
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(3, 40, 4, 31)) @ (rng.normal(size=(31, 31)) * np.geomspace(1, 30, 31)) + 5
    mixed[..., :3] = np.exp(mixed[..., :3] / mixed[..., :3].std())
    return [np.clip(block, -6e4, 6e4).astype(np.float16) for block in mixed]


def fitted(blocks, components: int = 4) -> Projection:
    projection = Projection(STAGES, components, logarithm=(0, 3))
    projection.fit(iter(blocks))
    return projection


def projected(projection: Projection, blocks) -> np.ndarray:
    return projection(torch.from_numpy(np.stack(blocks))).reshape(-1, sum(projection.widths)).double().numpy()


def test_components_are_capped_by_each_stages_channels():
    assert Projection(STAGES, 12, logarithm=(0, 0)).widths == (3, 8, 12)
    assert Projection(STAGES, 1, logarithm=(0, 0)).widths == (1, 1, 1)


def test_what_it_was_fitted_on_becomes_standard_and_uncorrelated_within_a_stage(blocks):
    projection = fitted(blocks)
    found = projected(projection, blocks)
    assert found.shape[1] == sum(projection.widths) == 11
    assert np.abs(found.mean(axis=0)).max() < 0.01
    spread = found.std(axis=0)
    assert spread.max() < 1.01 and spread.min() > 0.7, "the ridge takes a little of the smallest"
    start = 0
    for width in projection.widths:
        correlation = np.corrcoef(found[:, start : start + width].T)
        assert np.abs(correlation - np.eye(width)).max() < 0.02
        start += width


def test_the_sign_is_decided(blocks):
    """Eigenvectors are found up to their sign: each one's largest weight is positive, whatever the library."""
    projection = fitted(blocks)
    for stage, width in enumerate(projection.widths):
        axes = projection.get_buffer(f"axes_{stage}").numpy()
        assert axes.shape[1] == width
        assert (axes[np.abs(axes).argmax(axis=0), np.arange(width)] > 0).all()


def test_blocks_may_be_cut_anywhere(blocks):
    whole = np.concatenate(blocks)
    one = projected(fitted([whole]), blocks)
    other = projected(fitted([whole[:7], whole[7:50], whole[50:]]), blocks)
    assert np.allclose(one, other, atol=2e-2)
    assert np.array_equal(projected(fitted(blocks), blocks), projected(fitted(blocks), blocks))


def test_each_token_is_projected_by_itself(blocks):
    projection = fitted(blocks)
    together = projection(torch.from_numpy(blocks[0]))
    assert torch.allclose(projection(torch.from_numpy(blocks[0][5, 2])), together[5, 2], atol=1e-4)
    assert together.dtype == torch.float32


def test_channels_that_never_vary_do_not_blow_up(blocks):
    dead = [block.copy() for block in blocks]
    for block in dead:
        block[..., 3:11] = 2.0
    projection = fitted(dead)
    found = projected(projection, dead)
    assert np.isfinite(found).all() and np.abs(found).max() < 50
    dead[0][0, 0, 5] = 2.01  # a picture that is the first to differ there
    assert np.abs(projected(projection, dead)).max() < 500


def test_sizes_over_decades_count_by_their_logarithm():
    sizes = np.geomspace(1e-3, 1e3, 200, dtype=np.float32).reshape(-1, 1, 1)
    projection = Projection((1,), 1, logarithm=(0, 1))
    projection.fit([sizes])
    found = projection(torch.from_numpy(sizes)).flatten()
    assert (found.diff() > 0).all() and float(found.max()) < 3, "a thousand times as much is not a thousand steps away"


def test_without_components_channels_stay_and_are_standard(blocks):
    projection = fitted(blocks, components=0)
    found = projected(projection, blocks)
    assert projection.widths == STAGES and found.shape[1] == sum(STAGES)
    assert np.abs(found.mean(axis=0)).max() < 0.01 and np.abs(found.std(axis=0) - 1).max() < 0.02
    assert set(projection.state_dict()) == {"mean", "spread"}


def test_what_was_fitted_is_in_the_state(blocks):
    projection, other = fitted(blocks), Projection(STAGES, 4, logarithm=(0, 3))
    other.load_state_dict(projection.state_dict())
    assert np.array_equal(projected(other, blocks), projected(projection, blocks))
    assert list(projection.parameters()) == [], "found, not trained"
