"""Protects Zhang et al. 2005: exact thresholds, block classes and pooling, and what raises which threshold."""

import numpy as np
import pytest

from baselines.subband._dct_blocks import Blocks
from baselines.subband._dct_error import QuantisedErrors
from baselines.subband._dct_pooling import Pooling
from baselines.subband.zhang2005 import HIGH, LOW, MIDDLE, Zhang2005, base_thresholds, classify, luminance_elevation

IMAGES = ("camera", "astronaut_L")
PPD = 1 / 0.0298
"""Of the reference rows."""


@pytest.fixture(scope="module")
def rows(reference_values):
    return reference_values["dct"]


@pytest.mark.parametrize("image", IMAGES)
def test_thresholds_are_exact(image, rows, reference_maps):
    row = rows[image]["zhang_2005_paper"]
    found = Zhang2005().thresholds(Blocks.of(reference_maps.images[image], np.float64), PPD)
    assert found.mean() == pytest.approx(row["mean"], abs=1e-6)
    assert found[:, :, 10, 20] == pytest.approx(np.array(row["block_10_20"]), abs=1e-6)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("image", IMAGES)
def test_block_classes_are_exact(image, dtype, rows, reference_maps):
    """In float32 too: the shares are of 4096 blocks, and no block lies that near a limit."""
    found = classify(Blocks.of(reference_maps.images[image], dtype))
    assert not (found.edge & found.texture).any()
    plain = ~(found.edge | found.texture)
    shares = [plain.mean(), found.edge.mean(), found.texture.mean()]
    assert shares == pytest.approx(rows[image]["zhang_2005_paper"]["class_fractions_plain_edge_texture"], abs=1e-6)


@pytest.mark.parametrize("quality", [25, 50, 75, 90])
@pytest.mark.parametrize("image", IMAGES)
def test_pooled_errors_are_exact(image, quality, rows, reference_maps):
    """With exponent 4 for all frequencies, as the reference row has it."""
    blocks = Blocks.of(reference_maps.images[image], np.float64)
    pooling = Pooling(np.full((8, 8), 4.0), 4.0)
    weights = pooling.weights(Zhang2005().thresholds(blocks, PPD))
    found = pooling.pool(QuantisedErrors(blocks).errors(quality), weights)
    assert found == pytest.approx(rows[image][f"jpeg_luma_Q{quality}"]["zhang_meanblk_beta4"], abs=1e-6)


def test_every_frequency_but_dc_belongs_to_one_group():
    assert (LOW.sum(), MIDDLE.sum(), HIGH.sum()) == (5, 12, 46)
    groups = LOW.astype(int) + MIDDLE + HIGH
    assert groups[0, 0] == 0
    assert groups.sum() == 63
    assert groups.max() == 1
    expected = {(0, 3), (0, 4), (0, 5), (0, 6), (1, 2), (2, 1), (2, 2), (3, 3), (3, 0), (4, 0), (5, 0), (6, 0)}
    assert {(int(i), int(j)) for i, j in np.argwhere(MIDDLE)} == expected


def test_luminance_by_hand():
    planes = [np.full((8, 8), grey, float) for grey in (0, 64, 128, 192, 256)]
    found = [luminance_elevation(Blocks.of(plane))[0, 0] for plane in planes]
    assert found == pytest.approx([3, 1.25, 1, 1.2, 1.8])


def test_a_flat_block_is_plain_and_raised_by_luminance_alone():
    blocks = Blocks.of(np.full((8, 8), 128, np.uint8), np.float64)
    classes = classify(blocks)
    assert not classes.edge.any()
    assert not classes.texture.any()
    assert Zhang2005().thresholds(blocks, 24.3)[:, :, 0, 0] == pytest.approx(base_thresholds(24.3), rel=1e-6)


def test_a_straight_edge_is_an_edge_and_masks_less_than_texture():
    edge = np.repeat([[60, 60, 60, 60, 200, 200, 200, 200]], 8, axis=0)
    texture = np.random.default_rng(0).integers(116, 141, (8, 8))
    found = [classify(Blocks.of(plane)) for plane in (edge, texture)]
    assert [bool(one.edge[0, 0]) for one in found] == [True, False]
    assert [bool(one.texture[0, 0]) for one in found] == [False, True]
    assert found[0].elevation[0, 0] in (1.125, 1.25)


def test_blocking_frequencies_have_their_own_exponent():
    found = Zhang2005().exponents()
    assert {(int(i), int(j)) for i, j in np.argwhere(found == 2.3)} == {(0, 0), (0, 1), (1, 0)}
    assert (found == 4).sum() == 61


def test_a_brighter_display_shows_more():
    blocks = Blocks.of(np.full((8, 8), 128, np.uint8))
    assert (Zhang2005(white=260.0).thresholds(blocks, 32.0) < Zhang2005().thresholds(blocks, 32.0)).all()


@pytest.mark.parametrize(
    ("name", "pixels_per_degree"),
    [("ahumada_peterson_32ppd_L65", 32.0), ("ahumada_peterson_33.557ppd_L65 (Zhang 2005 code geometry)", 1 / 0.0298)],
)
def test_exact_against_the_reference_tables(name, pixels_per_degree, reference_values):
    assert base_thresholds(pixels_per_degree) == pytest.approx(np.array(reference_values["tables"][name]), abs=1e-6)


@pytest.mark.parametrize("pixels_per_degree", [4.0, 24.3, 47.0, 93.0, 200.0])
@pytest.mark.parametrize("luminance", [1.0, 13.45, 65.0, 300.0, 1000.0])
def test_thresholds_are_positive_symmetric_and_finite(pixels_per_degree, luminance):
    found = base_thresholds(pixels_per_degree, luminance=luminance, white=2 * luminance)
    assert np.isfinite(found).all()
    assert (found > 0).all()
    assert found == pytest.approx(found.T)


def test_dc_has_the_lower_of_its_neighbours_thresholds():
    """Before normalisation; DC's factor is smaller by the root of 2."""
    found = base_thresholds(32.0)
    assert found[0, 0] == pytest.approx(np.sqrt(2) * min(found[0, 1], found[1, 0]))


def test_the_eye_adapts_to_luminance_continuously():
    """The pieces of the model meet at 13.45 and 300 cd/m2 (the first within the rounding of its constants)."""
    for luminance in (13.45, 300.0):
        below = base_thresholds(32.0, luminance=luminance * (1 - 1e-9))
        above = base_thresholds(32.0, luminance=luminance * (1 + 1e-9))
        assert above == pytest.approx(below, rel=1e-3)


def test_a_brighter_white_is_seen_at_smaller_steps():
    assert base_thresholds(32.0, white=260.0) == pytest.approx(base_thresholds(32.0) / 2)
