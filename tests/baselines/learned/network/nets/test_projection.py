"""Protects projections: standard, uncorrelated numbers of what they were fitted on, the same ones every time."""

import numpy as np
import pytest
import torch

from baselines.learned.network.nets.projection import Projection

CHANNELS = (3, 8, 20)


@pytest.fixture
def blocks() -> list[np.ndarray]:
    """Correlated tokens of very different sizes in three blocks, the first stage positive."""
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(3, 40, 4, 31)) @ (rng.normal(size=(31, 31)) * np.geomspace(1, 30, 31)) + 5
    mixed[..., :3] = np.exp(mixed[..., :3] / mixed[..., :3].std())
    return [np.clip(block, -6e4, 6e4).astype(np.float16) for block in mixed]


def fitted(blocks, components: int = 4) -> Projection:
    projection = Projection(CHANNELS, components, logarithm=(0, 3))
    projection.fit(iter(blocks))
    return projection


def projected(projection: Projection, blocks) -> np.ndarray:
    return projection(torch.from_numpy(np.stack(blocks))).reshape(-1, sum(projection.widths)).double().numpy()


def test_components_are_capped_by_each_stages_channels():
    assert Projection(CHANNELS, 12, logarithm=(0, 0)).widths == (3, 8, 12)
    assert Projection(CHANNELS, 1, logarithm=(0, 0)).widths == (1, 1, 1)


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


def test_what_was_fitted_is_in_the_state(blocks):
    projection, other = fitted(blocks), Projection(CHANNELS, 4, logarithm=(0, 3))
    other.load_state_dict(projection.state_dict())
    assert np.array_equal(projected(other, blocks), projected(projection, blocks))
    assert list(projection.parameters()) == [], "found, not trained"
