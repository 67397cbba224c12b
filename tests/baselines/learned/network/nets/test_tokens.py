"""Protects tokens: sizes of changes are symmetric and in proportion, and gradients finite where nothing changed."""

import numpy as np
import pytest
import torch

from baselines.learned.network.nets.tokens import (
    PIXEL_DIFFERENCE,
    PIXEL_REFERENCE,
    difference_tokens,
    reference_tokens,
    ycbcr,
)
from datasets.core.imaging import luma

CHANNELS = (4, 6)


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
