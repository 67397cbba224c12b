"""Protects the fixed levels: the quality itself on JPEG, the same place along the range on another codec."""

import pytest

from baselines.constant.fixed import Fixed
from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.core.picture import Picture


@pytest.mark.parametrize("quality", range(1, 101))
def test_on_jpeg_it_is_the_quality(quality):
    assert Fixed(quality=quality).predict(Picture("p", "p", Jpeg(), 24.3)).level == quality


@pytest.mark.parametrize(("quality", "qp"), [(1, 51), (100, 1), (75, 14), (90, 6)])
def test_on_bpg_it_stands_as_far_from_the_worst(quality, qp):
    assert Fixed(quality=quality).predict(Picture("p", "p", Bpg(), 24.3)).level == qp


def test_the_four_that_people_use_are_registered():
    assert {name: Fixed(**given).quality for name, given in Fixed.variants().items()} == {
        "fixed-75": 75,
        "fixed-85": 85,
        "fixed-90": 90,
        "fixed-95": 95,
    }
