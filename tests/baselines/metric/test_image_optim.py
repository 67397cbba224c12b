"""Protects image_optim: its numbers are jpeg-recompress's presets, and so are its answers."""

import pytest

from baselines.metric.image_optim import ImageOptim
from baselines.metric.jpeg_recompress import JpegRecompress
from datasets.common.errors import UserError


@pytest.mark.parametrize(("number", "preset"), [(0, "low"), (1, "medium"), (2, "high"), (3, "veryhigh")])
def test_its_numbers_are_the_presets(number, preset):
    assert ImageOptim(preset=number).target == JpegRecompress(preset=preset).target


def test_it_answers_as_jpeg_recompress_at_veryhigh(rated_pictures):
    for picture in rated_pictures[:3]:
        assert ImageOptim().predict(picture).level == JpegRecompress(preset="veryhigh").predict(picture).level


def test_lossless_is_no_preset_here():
    with pytest.raises(UserError, match=r"no preset 4. It has 0 \(low\) to 3 \(veryhigh\)"):
        _ = ImageOptim(preset=4).target
