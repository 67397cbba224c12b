"""Protects features: nothing where nothing changed, more where more did, and the same whatever else is computed."""

import numpy as np
import pytest

from baselines.learned.network.features import LevelTokens, Tokeniser
from baselines.learned.network.imagenet_weights import build, choose
from baselines.learned.network.nets.tokens import PIXEL_DIFFERENCE, PIXEL_REFERENCE
from baselines.learned.network.patches import Patches, cover


@pytest.fixture(scope="module")
def tokeniser() -> Tokeniser:
    return Tokeniser(build(choose("efficientnet-lite0")), cells=2, pixels=True)


@pytest.fixture(scope="module")
def patches() -> Patches:
    return cover(64, 64, 32, 4)


def tokens_of(tokeniser, picture, patches, qf) -> LevelTokens:
    return tokeniser.level(picture.ladder.rgb(qf), patches, tokeniser.reference(picture.reference, patches))


def test_shapes_and_types_are_as_told(tokeniser, rated_pictures, patches):
    known = tokeniser.reference(rated_pictures[0].reference, patches)
    level = tokeniser.level(rated_pictures[0].ladder.rgb(30), patches, known)
    channels = sum(tokeniser.channels)
    assert known.tokens.shape == (4, 4, PIXEL_REFERENCE + channels) and known.tokens.dtype == np.float16
    assert level.difference.shape == (1, 4, 4, PIXEL_DIFFERENCE + channels)
    assert level.distance.shape == (1, 4, 4, 1 + len(tokeniser.channels))
    for part in (known.tokens, level.difference, level.distance):
        assert np.isfinite(part).all()


def test_the_identical_picture_does_not_differ(tokeniser, rated_pictures, patches):
    picture = rated_pictures[0]
    level = tokeniser.level(picture.reference, patches, tokeniser.reference(picture.reference, patches))
    assert level.difference.max() < 1e-4 and level.distance.max() < 1e-4


def test_the_same_level_gives_the_same_bits(tokeniser, rated_pictures, patches):
    one, other = (tokens_of(tokeniser, rated_pictures[0], patches, 30) for _ in range(2))
    assert np.array_equal(one.difference, other.difference) and np.array_equal(one.distance, other.distance)


def test_a_patch_has_the_same_tokens_whatever_else_is_in_the_batch(tokeniser, rated_pictures, patches):
    picture = rated_pictures[0]
    together = tokens_of(tokeniser, picture, patches, 30)
    for number in range(len(patches)):
        alone = Patches(32, patches.tops[[number]], patches.lefts[[number]], patches.shape)
        found = tokens_of(tokeniser, picture, alone, 30)
        assert np.allclose(found.difference[:, 0], together.difference[:, number], rtol=5e-3, atol=1e-3)
        assert np.allclose(found.distance[:, 0], together.distance[:, number], rtol=5e-3, atol=1e-3)


def test_levels_share_the_references_tokens(tokeniser, rated_pictures, patches):
    picture = rated_pictures[0]
    known = tokeniser.reference(picture.reference, patches)
    shared = [tokeniser.level(picture.ladder.rgb(qf), patches, known) for qf in (90, 10, 90)]
    assert np.array_equal(shared[0].difference, shared[2].difference)
    assert np.array_equal(shared[1].difference, tokens_of(tokeniser, picture, patches, 10).difference)


def test_every_stage_differs_more_at_lower_quality(tokeniser, rated_pictures, patches):
    rows = [
        [tokens_of(tokeniser, picture, patches, qf).distance.mean(axis=(0, 1, 2)) for qf in (90, 50, 10)]
        for picture in rated_pictures
    ]
    mean = np.mean(rows, axis=0, dtype=float)
    assert (np.diff(mean, axis=0) > 0).all()


def test_without_the_pixel_stage_its_channels_are_not_there(rated_pictures, patches):
    bare = Tokeniser(build(choose("efficientnet-lite0")), cells=1, pixels=False)
    known = bare.reference(rated_pictures[0].reference, patches)
    assert known.tokens.shape == (4, 1, sum(bare.channels)) and known.pixels is None
    assert tokens_of(bare, rated_pictures[0], patches, 30).distance.shape == (1, 4, 1, len(bare.channels))


def test_bfloat16_gives_nearly_the_same(tokeniser, rated_pictures, patches):
    half = Tokeniser(build(choose("efficientnet-lite0")), cells=2, pixels=True, bf16=True)
    exact, rough = (tokens_of(each, rated_pictures[0], patches, 20) for each in (tokeniser, half))
    assert rough.distance.astype(float).mean() == pytest.approx(exact.distance.astype(float).mean(), rel=0.05)
    assert np.corrcoef(exact.difference.ravel().astype(float), rough.difference.ravel().astype(float))[0, 1] > 0.99


def test_levels_are_joined_in_order(tokeniser, rated_pictures, patches):
    parts = [tokens_of(tokeniser, rated_pictures[0], patches, qf) for qf in (10, 90)]
    joined = LevelTokens.joined(parts)
    assert joined.difference.shape[0] == 2 and np.array_equal(joined.distance[1], parts[1].distance[0])
    assert len(LevelTokens.none().difference) == 0
