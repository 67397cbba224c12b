"""Protects bits per pixel: of the ladder's own file on JPEG, of a JPEG made for it on another codec."""

import dataclasses

import pytest

from baselines.learned.bits2025 import Bits2025
from baselines.learned.gradient2022 import Gradient2022
from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture


def in_bpg(picture: Picture) -> Picture:
    ladder = CompressedLadder(Bpg(), lambda: picture.reference)
    return dataclasses.replace(picture, codec=Bpg(), ladder_or_none=ladder, measurements={})


def test_it_is_the_files_size_over_its_pixels(rated_pictures):
    for one in rated_pictures[:2]:
        for quality in (50, 90):
            bits = 8 * len(Jpeg().encode(one.reference, quality)) / (64 * 64)
            assert Bits2025(quality=quality).feature(one) == pytest.approx(bits)
            assert 8 * one.summary().size_bytes[quality - 1] / (64 * 64) == pytest.approx(bits)


def test_on_bpg_a_jpeg_is_made(rated_pictures):
    one = rated_pictures[0]
    assert Bits2025().feature(in_bpg(one)) == Bits2025().feature(one)


def test_it_orders_pictures_nearly_as_their_gradient_does(rated_pictures):
    """Both say how busy a picture is; a mistake in either shows as another order."""
    from scipy.stats import spearmanr

    bits, gradients = ([made.feature(one) for one in rated_pictures] for made in (Bits2025(), Gradient2022()))
    assert spearmanr(bits, gradients).statistic > 0.8


@pytest.mark.parametrize("quality", [0, 101])
def test_a_quality_that_jpeg_lacks_is_told(quality, rated_pictures):
    with pytest.raises(UserError, match=f"JPEG quality of 1 to 100, not {quality}"):
        Bits2025(quality=quality).measure(rated_pictures[0])
