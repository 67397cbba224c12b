"""Protects MATLAB-like Canny edges: where they lie, what the thresholds do, and the weight that spares them."""

import numpy as np
import pytest
from scipy import ndimage

from baselines.pixel._canny import edge_weight, matlab_canny, smooth_derivatives, unprotected, weight_around
from datasets.common.errors import UserError

NOISE = np.random.default_rng(0).integers(0, 256, (60, 80), dtype=np.uint8)


def step(angle_degrees: float, *, low: int = 60, high: int = 180) -> np.ndarray:
    """A straight edge through the middle of 64x64 pixels, antialiased, uint8."""
    down, across = np.mgrid[-31.5:32, -31.5:32]
    angle = np.radians(angle_degrees)
    distance = across * np.cos(angle) + down * np.sin(angle)
    return np.round(low + (high - low) * np.clip(distance + 0.5, 0, 1)).astype(np.uint8)


@pytest.mark.parametrize("angle", [0, 20, 45, 70, 90, 120, 135, 160])
def test_a_straight_edge_is_found_where_it_is_thin_and_whole(angle):
    found = matlab_canny(step(angle), 0.5)
    down, across = np.mgrid[-31.5:32, -31.5:32]
    distance = np.abs(across * np.cos(np.radians(angle)) + down * np.sin(np.radians(angle)))
    inner = np.s_[6:-6, 6:-6]
    assert distance[inner][found[inner]].max() <= 1
    assert 45 <= found[inner].sum() <= 2 * 52
    assert ndimage.label(found[inner], np.ones((3, 3)))[1] == 1


@pytest.mark.parametrize("grey", [0, 1, 77, 255])
def test_a_flat_plane_has_no_edge(grey):
    assert not matlab_canny(np.full((20, 30), grey, np.uint8), 0.1).any()


def test_derivatives_are_those_of_a_gaussian_of_sigma_root_2():
    """MATLAB filters with the differences of a sampled Gaussian across its own direction, the Gaussian along it."""
    reach = np.arange(-8, 9)
    gaussian = np.exp(-(reach**2) / 4)
    gaussian /= gaussian.sum()
    expected = ndimage.correlate1d(NOISE.astype(float), np.gradient(gaussian)[::-1], axis=1, mode="nearest")
    expected = ndimage.correlate1d(expected, gaussian, axis=0, mode="nearest")
    across, down = smooth_derivatives(NOISE)
    assert across[:, 1:-1] == pytest.approx(expected[:, 1:-1], abs=1e-3)
    assert pytest.approx(down, abs=1e-3) == smooth_derivatives(NOISE.T.copy())[0].T


def test_thresholds_are_shares_of_the_largest_gradient():
    """Contrast does not matter, and a higher threshold finds no new edges."""
    faint = (NOISE // 8).astype(float)
    assert np.array_equal(matlab_canny(faint, 0.4), matlab_canny(faint * 8, 0.4))
    loose, strict = matlab_canny(NOISE, 0.2), matlab_canny(NOISE, 0.6)
    assert strict.any()
    assert not (strict & ~loose).any()


def test_weak_edges_stay_only_where_they_hang_on_strong_ones():
    """One line that fades from strong to weak is kept to its end; a weak line of its own is not."""
    plane = np.full((64, 64), 100.0)
    plane[20:, 10:] += np.linspace(100, 60, 54)[None, :]
    alone = np.full((64, 64), 100.0)
    alone[40:] += 60
    strong_corner = alone.copy()
    strong_corner[:12, :12] += 100
    assert matlab_canny(plane, 0.8)[18:22, 50:60].any(axis=0).all()
    assert not matlab_canny(strong_corner, 0.8)[36:44].any()


def test_uint8_and_float_have_the_same_edges():
    differing = matlab_canny(NOISE, 0.3) != matlab_canny(NOISE.astype(float), 0.3)
    assert differing.mean() < 0.001  # float32 against float64 in front of a comparison


def test_the_weight_is_1_far_away_and_falls_to_what_is_left():
    plane = step(0)
    weight = edge_weight(plane, 0.5, strength=0.9, radius=0, window=7, border="reflect")
    assert weight[:, :24] == pytest.approx(1)
    assert weight[32].min() == pytest.approx(1 - 0.9 * 0.5, abs=0.1)  # a thin line under a blur of sigma 0.8
    wide = edge_weight(plane, 0.5, strength=0.9, radius=6, window=7, border="reflect")
    assert wide[32].min() == pytest.approx(0.1)
    assert (wide <= weight + 1e-6).all()


def test_edges_are_widened_by_a_true_disk():
    dot = np.zeros((21, 21), bool)
    dot[10, 10] = True
    weight = weight_around(dot, strength=1, radius=3, window=1, border="reflect")
    down, across = np.mgrid[-10:11, -10:11]
    assert np.array_equal(weight == 0, down**2 + across**2 <= 9)


def test_with_zero_borders_the_weight_falls_at_the_picture_s_edge_as_in_matlab():
    flat = np.full((20, 20), 9, np.uint8)
    zero = edge_weight(flat, 0.5, strength=1, radius=3, window=5, border="zero")
    assert zero[10, 10] == pytest.approx(1)
    assert zero[0, 0] < zero[0, 10] < 0.8
    assert edge_weight(flat, 0.5, strength=1, radius=3, window=5, border="reflect") == pytest.approx(1)


def test_the_threshold_of_wu_2017_ends_at_0_8():
    """A faint step is an edge all the same: its steepest gradient is below 75 grey levels, so 0.8 applies."""
    assert unprotected(step(0, low=100, high=110), border="reflect")[32, 29:35].max() < 0.5
    assert unprotected(np.full((16, 16), 50, np.uint8), border="reflect") == pytest.approx(1)


def test_an_unknown_border_says_which_there_are():
    with pytest.raises(UserError, match=r"no border 'wrap'.*reflect, zero"):
        edge_weight(NOISE, 0.5, strength=1, radius=0, window=5, border="wrap")
