"""Protects the Ahumada-Peterson base thresholds: exact against reference tables, sound at any viewing distance."""

import numpy as np
import pytest

from baselines.subband._ahumada_peterson import base_thresholds


@pytest.mark.parametrize(
    ("name", "pixels_per_degree"),
    [
        ("ahumada_peterson_32ppd_L65", 32.0),
        ("ahumada_peterson_33.557ppd_L65 (Zhang 2005 code geometry)", 1 / 0.0298),
    ],
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
