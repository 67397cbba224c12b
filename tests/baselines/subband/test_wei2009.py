"""Protects Wei & Ngan 2009: exact base table and masking without edges, and what edges change."""

import numpy as np
import pytest

from baselines.subband._dct_blocks import Blocks
from baselines.subband.wei2009 import Wei2009, basic_thresholds, block_elevation, luminance_elevation

THREE_HEIGHTS = 1 / (2 * np.degrees(np.arctan(1 / (2 * 3 * 768))))
"""Pixels per degree at three times the height of 768 pixels: 40.2."""


@pytest.mark.parametrize(
    ("name", "ppd"), [("wei_ngan_basic_R3_H768_40.2124ppd", THREE_HEIGHTS), ("wei_ngan_basic_32ppd", 32.0)]
)
def test_base_tables_are_exact(name, ppd, reference_values):
    assert basic_thresholds(ppd) == pytest.approx(np.array(reference_values["tables"][name]), abs=1e-6)


@pytest.mark.parametrize("image", ["camera", "astronaut_L"])
def test_thresholds_without_edges_are_exact(image, reference_values, reference_maps):
    """Every block plain, as in the reference row; with edges no reference exists."""
    row = reference_values["dct"][image]["wei_ngan_2009_all_plane"]
    blocks = Blocks.of(reference_maps.images[image], np.float64)
    found = basic_thresholds(THREE_HEIGHTS)[:, :, None, None] * luminance_elevation(blocks.mean_luma)
    found *= block_elevation(blocks, found, np.zeros(blocks.plane.shape, dtype=bool))
    assert found.mean() == pytest.approx(row["mean"], abs=1e-6)
    assert found[:, :, 10, 20] == pytest.approx(np.array(row["block_10_20"]), abs=1e-6)
    if image == "camera":  # block 10, 20 is sky: no edges there
        whole = Wei2009().thresholds(blocks, THREE_HEIGHTS)
        assert whole[:, :, 10, 20] == pytest.approx(np.array(row["block_10_20"]), abs=1e-6)


def test_luminance_by_hand():
    assert luminance_elevation(np.array([0.0, 30, 60, 100, 170, 255])) == pytest.approx([1.4, 1.2, 1, 1, 1, 1.2])


@pytest.mark.parametrize(("pixels", "low", "high"), [(0, 1.0, 1.0), (6, 1.0, 1.0), (12, 1.0, 1.0), (13, 2.25, 1.25)])
def test_more_than_a_fifth_of_edge_pixels_make_a_texture(pixels, low, high):
    blocks = Blocks.of(np.zeros((8, 8)), np.float64)
    edges = np.zeros(64, dtype=bool)
    edges[:pixels] = True
    found = block_elevation(blocks, np.ones((8, 8, 1, 1)), edges.reshape(8, 8))[:, :, 0, 0]
    assert found[0, 0] == found[0, 4] == found[2, 3] == low
    assert found[0, 5] == found[3, 3] == found[7, 7] == high


def test_a_coefficient_raises_its_own_threshold_at_most_four_times():
    blocks = Blocks.of(np.random.default_rng(0).choice([0, 255], (8, 8)), np.float64)
    none = np.zeros((8, 8), dtype=bool)
    tiny = block_elevation(blocks, np.full((8, 8, 1, 1), 1e-3), none)[:, :, 0, 0]
    assert tiny.max() == 4
    assert tiny[0, 1] == tiny[4, 0] == 1
    textured = block_elevation(blocks, np.full((8, 8, 1, 1), 1e-3), ~none)[:, :, 0, 0]
    assert textured.max() == 9
    size = np.abs(blocks.coefficients)
    fair = block_elevation(blocks, size / 2, none)[7, 7, 0, 0]
    assert fair == pytest.approx(2**0.36)


def test_the_edge_threshold_decides_what_is_textured(reference_maps):
    blocks = Blocks.of(reference_maps.images["camera"])
    means = [float(Wei2009(canny_threshold=high).thresholds(blocks, 24.3).mean()) for high in (0.05, 0.2, 0.6)]
    assert means[0] > means[1] > means[2]
