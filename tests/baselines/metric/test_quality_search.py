"""Protects the tools' search: which qualities are tried, which file is kept, and on what picture SSIM is measured."""

import functools

import numpy as np
import pytest

from baselines.metric._quality_search import search_quality, shrink, ssim
from baselines.metric.jpeg_recompress import JpegRecompress
from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture


def searched(least: int) -> tuple[tuple[int, bool], list[int]]:
    """A search where `least` is the smallest quality that is good enough, and the qualities it tried."""
    tried: list[int] = []
    return search_quality(lambda quality: tried.append(quality) or float(quality), least), tried


def of_pixels(pixels: np.ndarray) -> Picture:
    return Picture("p", "p", Jpeg(), 24.3, ladder_or_none=CompressedLadder(Jpeg(), functools.partial(np.array, pixels)))


@pytest.mark.parametrize(
    ("least", "tried", "result"),
    [
        (68, [67, 81, 74, 70, 68, 68], (68, True)),
        (70, [67, 81, 74, 70, 68, 69], (69, False)),
        (40, [67, 53, 46, 42, 40, 40], (40, True)),
        (96, [67, 81, 88, 92, 94, 95], (95, False)),
    ],
)
def test_the_qualities_tried_are_those_worked_out_by_hand(least, tried, result):
    assert searched(least) == (result, tried)


@pytest.mark.parametrize("least", range(30, 101))
def test_the_last_file_tried_is_kept_even_where_it_is_one_too_poor(least):
    (quality, reached), tried = searched(least)
    assert len(tried) == 6
    assert all(40 <= quality <= 95 for quality in tried)
    assert quality == tried[-1]
    assert reached == (quality >= least)
    assert quality in {min(max(least - below, 40), 95) for below in (0, 1)}


def test_pictures_are_averaged_down_to_about_256_and_small_ones_are_left():
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (383, 900), dtype=np.uint8)
    assert np.array_equal(shrink(small), small)
    large = rng.integers(0, 256, (385, 603), dtype=np.uint8)
    squares = large[:384, :602].reshape(192, 2, 301, 2).astype(float)
    assert shrink(large) == pytest.approx(squares.mean(axis=(1, 3)), abs=1e-4)


def test_ssim_of_two_flat_planes_is_its_luminance_term():
    first, second = np.full((20, 30), 100.0), np.full((20, 30), 110.0)
    floor = (0.01 * 255) ** 2
    assert ssim(first, second) == pytest.approx((2 * 100 * 110 + floor) / (100**2 + 110**2 + floor), abs=1e-9)
    assert ssim(first, first) == 1
    with pytest.raises(UserError, match="30x6 pixels is too small"):
        ssim(first[:6], second[:6])


def test_on_a_large_photograph_the_file_kept_has_the_ssim_asked_for():
    """The retina of 1411 pixels is shrunk to a sixth; what is kept or the next better quality is good enough."""
    from skimage import data

    picture, predictor = of_pixels(data.retina()), JpegRecompress(preset="low")
    quality, reached = (predictor.measurement(picture)[name] for name in ("quality", "reached"))
    reference = shrink(picture.reference_luma)
    assert reference.shape == (235, 235)
    near = [ssim(reference, shrink(picture.ladder.luma(quality + step))) for step in (-1, 0, 1)]
    assert 40 < quality < 95
    assert near[0] < 0.999 <= near[2]
    assert reached == (near[1] >= 0.999)
    assert predictor.predict(picture).level == quality
    assert not predictor.predict(picture).clipped


def test_a_small_photograph_never_reaches_the_default_and_a_flat_one_always_does(rated_pictures):
    predictor = JpegRecompress()
    assert predictor.predict(rated_pictures[0]).level == 95
    assert predictor.predict(rated_pictures[0]).clipped
    flat = of_pixels(np.full((64, 64, 3), 128, np.uint8))
    assert predictor.predict(flat).level == 40
    assert predictor.predict(flat).clipped


def test_another_codec_is_refused_in_words():
    picture = Picture("SRC0505", "SRC0505", Bpg(), 24.3)
    with pytest.raises(UserError, match=r"jpeg-recompress .* on BPG QP: .*searches for a JPEG quality.*JPEG set"):
        JpegRecompress().predict(picture)
