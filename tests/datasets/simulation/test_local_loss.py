"""Protects the loss that observers see: ColorVideoVDP's own value, in the place where the loss is, digit for digit."""

import sys

import numpy as np
import pytest
from skimage import data

from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.simulation.local_loss import PHOTOMETRY, LocalLoss


@pytest.fixture(scope="module")
def loss():
    return LocalLoss(24.3)


@pytest.fixture(scope="module")
def picture():
    return np.ascontiguousarray(data.astronaut()[:192, 100:292])


def at(picture, quality):
    return Jpeg().decode(Jpeg().encode(picture, quality))


def test_no_difference_is_no_loss(loss, picture):
    assert loss.largest(picture, picture) == 0


def test_worse_quality_loses_more(loss, picture):
    losses = [loss.largest(picture, at(picture, quality)) for quality in (5, 30, 90)]
    assert losses[0] > losses[1] > losses[2] > 0


def test_a_region_as_large_as_the_picture_gives_the_metrics_own_value(picture):
    import pycvvdp
    import torch

    degrees = 200.0  # the region is 520 pixels then
    metric = pycvvdp.cvvdp(
        display_photometry=pycvvdp.vvdp_display_photometry.load(PHOTOMETRY, []),
        display_geometry=pycvvdp.vvdp_display_geometry((1920, 1080), ppd=degrees),
        device=torch.device("cpu"),
        quiet=True,
    )
    own = 10 - float(metric.predict(at(picture, 10), picture, dim_order="HWC")[0])
    assert LocalLoss(degrees).by_region(picture, at(picture, 10)).shape == (1, 1)
    assert LocalLoss(degrees).largest(picture, at(picture, 10)) == pytest.approx(own, abs=1e-4)


def test_loss_is_found_where_it_is(loss, picture):
    test = picture.copy()
    test[128:, 128:] = at(picture, 5)[128:, 128:]
    regions = loss.by_region(picture, test)
    assert np.unravel_index(regions.argmax(), regions.shape) == (regions.shape[0] - 1, regions.shape[1] - 1)
    assert regions[0, 0] < 0.05 * regions.max()


def test_the_most_visible_region_loses_more_than_the_picture(loss, picture):
    regions = loss.by_region(picture, at(picture, 30))
    assert regions.max() > regions.mean()


def test_the_number_of_threads_changes_no_digit(loss, picture):
    import torch

    threads = torch.get_num_threads()
    found = []
    try:
        for count in (1, 2, 1):
            torch.set_num_threads(count)
            found.append(loss.by_region(picture, at(picture, 40)))
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


@pytest.mark.parametrize("shape", [(16, 16), (40, 200), (129, 131)])
def test_any_shape_of_picture_has_a_loss(loss, shape):
    picture = np.ascontiguousarray(data.chelsea()[: shape[0], : shape[1]])
    assert 0 < loss.largest(picture, at(picture, 10)) < 10


def test_inputs_are_left_alone(loss, picture):
    test = at(picture, 10)
    before = picture.copy(), test.copy()
    picture.setflags(write=False)
    loss.largest(picture, test)
    np.testing.assert_array_equal(picture, before[0])
    np.testing.assert_array_equal(test, before[1])


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pycvvdp", None)
    with pytest.raises(UserError, match=r"pip install -e '\.\[simulate\]'"):
        LocalLoss(24.3)
