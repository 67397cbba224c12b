"""Protects Bae & Kim 2013: exact base table, elevations by hand, and that it says how little is known of it."""

import numpy as np
import pytest

from baselines.subband._dct_blocks import Blocks
from baselines.subband.bae2013 import Bae2013, base_thresholds, edge_elevation, luminance_elevation


def test_base_table_is_exact(reference_values):
    tables = reference_values["tables"]
    assert base_thresholds(33.0) == pytest.approx(np.array(tables["bae_2013_base_s1_N8_33ppd"]), abs=1e-6)


def test_luminance_by_hand():
    """The parabolas of frequency are the elevations at luma 0.1 and 0.9; at 0.3 there is none."""
    greys = 255 * np.array([[0.1, 0.3, 0.9]])
    found = luminance_elevation(greys, 16.0)
    assert found[0, 0, 0] == pytest.approx([1.14, 1, 1.34])
    assert found[0, 7, 0] == pytest.approx(
        [2.468e-4 * 49 + 4.466e-3 * 7 + 1.14, 1, 1.230e-3 * 49 + 1.433e-2 * 7 + 1.34]
    )


def test_edges_by_hand():
    """Half as much where at most a fifth of a block's pixels are edges."""
    found = edge_elevation(np.array([[0.0, 0.2, 0.25, 1.0]]), 16.0)
    gain = 2.817 + 1.558 * np.exp(-(((7 - 4.12) / 7.16) ** 2))
    assert found[0, 7, 0] == pytest.approx([1, 1 + gain * 0.1, 1 + gain * 0.25, 1 + gain])


def test_a_flat_block_has_no_edges_and_float_planes_are_seen_like_whole_numbers():
    flat = Bae2013().thresholds(Blocks.of(np.full((8, 8), 76.5)), 33.0)[:, :, 0, 0]
    assert flat == pytest.approx(base_thresholds(33.0), rel=1e-4)
    noise = np.random.default_rng(0).integers(0, 256, (16, 16), dtype=np.uint8)
    found = [Bae2013().thresholds(Blocks.of(plane), 33.0) for plane in (noise, noise.astype(float))]
    assert np.array_equal(*found)


def test_its_card_says_that_one_code_source_is_all():
    assert "one code source" in Bae2013.card.title
    assert any("not verified" in text for text in Bae2013.card.deviations)
