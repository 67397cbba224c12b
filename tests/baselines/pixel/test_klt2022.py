"""Protects KLT beyond its reference rows: the critical point, flat pictures, cropped borders, and its own rule."""

import math
from decimal import Decimal, getcontext

import numpy as np
import pytest

from baselines.pixel.klt2022 import SCALE, SHAPE, Klt2022, critical_point, expected_components, lost_map


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    from skimage import data

    return np.ascontiguousarray(data.camera()[100:300, 150:400])  # 200x250: 250 is not a multiple of 8


def test_what_is_lost_has_the_energy_that_the_critical_point_says(photograph):
    whole = photograph[:, :248]
    assert np.mean(lost_map(whole) ** 2) == pytest.approx(critical_point(whole).lost_energy)
    assert critical_point(photograph).lost_energy == critical_point(whole).lost_energy


def test_the_critical_picture_keeps_its_components_and_loses_the_others(photograph):
    """The rest is a projection onto 64 - L directions, so losing twice is losing once."""
    point = critical_point(photograph)
    assert point.rest @ point.rest == pytest.approx(point.rest, abs=1e-9)
    assert np.trace(point.rest) == pytest.approx(64 - point.components)
    assert (np.diff(point.shares) >= -1e-12).all()
    assert point.shares[-1] == pytest.approx(1)


def test_kept_components_agree_with_exact_arithmetic(photograph):
    """The density's exponents run to 893, so it is checked against 60 decimal digits."""
    getcontext().prec = 60
    shares = critical_point(photograph).shares
    ratio = [Decimal(float(share)) / Decimal(str(SCALE)) for share in shares]
    shape = Decimal(str(SHAPE))
    weights = [one ** (shape - 1) * (-(one**shape)).exp() for one in ratio]
    mean = sum(weight * number for number, weight in enumerate(weights, start=1)) / sum(weights)
    assert expected_components(shares) == math.ceil(mean)


def test_tiny_shares_do_not_overflow():
    assert expected_components(np.r_[np.zeros(62), 1e-300, 1.0]) == 64
    assert expected_components(np.ones(64)) == 33


@pytest.mark.parametrize("grey", [0, 1, 128, 255])
def test_a_flat_picture_loses_nothing_and_its_map_is_still_positive(grey):
    flat = np.full((24, 17), grey, np.uint8)
    assert lost_map(flat) == pytest.approx(0, abs=1e-9)
    assert 0 < Klt2022().jnd_map(flat).max() < 1e-6


def test_the_cropped_border_gets_blocks_completed_by_reflection(photograph):
    """The basis does not see it, and the whole blocks' map is the same with and without it."""
    with_border, without = lost_map(photograph), lost_map(photograph[:, :248])
    assert with_border.shape == photograph.shape
    assert with_border[:, :248] == pytest.approx(without)
    border = with_border[:, 248:]
    assert 0.2 < border.mean() / without.mean() < 5


def test_the_map_turns_with_the_picture(photograph):
    """Any fixed order of a block's pixels gives the same basis, but for signs."""
    whole = photograph[:, :248]
    assert lost_map(whole.T) == pytest.approx(lost_map(whole).T, abs=1e-6)
    assert lost_map(whole[::-1, ::-1]) == pytest.approx(lost_map(whole)[::-1, ::-1], abs=1e-6)


def test_edges_only_ever_take_away(photograph):
    protected, bare = Klt2022().jnd_map(photograph), Klt2022(edge_protection=False).jnd_map(photograph)
    assert (protected <= bare + 1e-9).all()
    assert protected.mean() < 0.95 * bare.mean()


@pytest.mark.parametrize("edge_protection", [True, False])
def test_visibility_is_1_where_the_error_is_that_of_the_critical_picture(rated_pictures, edge_protection):
    one = rated_pictures[0]
    profile = Klt2022(edge_protection=edge_protection).profile(one)
    expected = np.sqrt(one.summary().mse / np.mean(lost_map(one.reference_luma) ** 2))
    assert profile == pytest.approx(expected)
    assert profile[0] > 1 > profile[-1]
