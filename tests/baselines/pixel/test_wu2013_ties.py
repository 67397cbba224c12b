"""Protects how halves are rounded: upwards in any orientation, or to the side of the published run."""

import numpy as np
import pytest

from baselines.pixel._nl_means import nl_means
from baselines.pixel._wu2013_ties import round_as_published, round_half_up
from baselines.pixel.wu2013 import LEAST_SENSITIVITY, local_variance, noise_energy


def test_halves_go_up_in_spite_of_rounding_errors():
    mean = np.array([[0.0, 0.5, 1.5 - 1e-12, 1.5 + 1e-12, 1.4999, 254.5, 255.0]])
    assert round_half_up(mean).tolist() == [[0, 1, 2, 2, 1, 255, 255]]


@pytest.mark.parametrize("border", ["reflect", "zero"])
def test_the_published_run_rounds_halves_alone_in_its_own_way(border):
    """In a rough picture the pixel and its like are two grey levels that weigh the same, and all others nothing."""
    plane = np.clip(np.random.default_rng(0).normal(128, 50, (40, 30)), 0, 255).astype(np.uint8)
    sensitivity = np.full(plane.shape, LEAST_SENSITIVITY)
    mean = nl_means(plane, noise_energy(sensitivity, local_variance(plane, border=border)))
    ties = np.abs(mean % 1 - 0.5) < 1e-8
    up, published = round_half_up(mean), round_as_published(mean, plane, sensitivity, border)
    assert 100 < ties.sum() < 1100
    assert np.array_equal(up[~ties], published[~ties])
    assert set((up[ties] - published[ties]).tolist()) == {0, 1}


def test_where_nothing_is_alike_the_half_goes_up():
    """All weights are 0 in the published run, which divides by them."""
    plane = np.random.default_rng(0).integers(0, 2, (10, 10), dtype=np.uint8) * 255
    mean, sensitivity = np.full(plane.shape, 127.5), np.full(plane.shape, LEAST_SENSITIVITY)
    assert (round_as_published(mean, plane, sensitivity, "zero") == 128).all()


def test_a_picture_without_ties_is_rounded_alike():
    plane = np.full((12, 12), 77, np.uint8)
    mean, sensitivity = np.full(plane.shape, 77.3), np.full(plane.shape, LEAST_SENSITIVITY)
    assert np.array_equal(round_as_published(mean, plane, sensitivity, "zero"), plane)


@pytest.mark.parametrize("grey", [1, 77, 200, 255])
def test_a_tie_is_computed_again_from_the_plane(grey):
    """Even where the plane is flat, and its variance is 0 but for rounding errors below it."""
    plane = np.full((12, 12), grey, np.uint8)
    mean, sensitivity = np.full(plane.shape, grey - 0.5), np.full(plane.shape, LEAST_SENSITIVITY)
    assert np.array_equal(round_as_published(mean, plane, sensitivity, "reflect"), plane)
