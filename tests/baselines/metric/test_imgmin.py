"""Protects imgmin's answer: the qualities that it tries, and what it takes for good enough."""

from __future__ import annotations

import numpy as np
import pytest

from baselines.metric.imgmin import Imgmin, colours, pixel_error, search_quality
from datasets.common.errors import UserError


def test_its_error_is_imagemagicks_over_its_divisor():
    black, grey = np.zeros((2, 3, 3), np.uint8), np.full((2, 3, 3), 2, np.uint8)
    assert pixel_error(black, grey) == pytest.approx(3 * 2 * 257 / 380)
    assert pixel_error(grey, black) == pixel_error(black, grey)


def test_colours_are_counted_as_triples():
    rgb = np.array([[[1, 2, 3], [3, 2, 1], [1, 2, 3]], [[0, 0, 255], [255, 0, 0], [0, 0, 255]]], np.uint8)
    assert colours(rgb) == 4


@pytest.mark.parametrize(
    ("least", "tried", "answer"),
    [
        (60, [82, 76, 73, 71], 71),
        (80, [82, 76, 79, 80], 80),
        (94, [82, 88, 91, 93, 94], 94),
        (99, [82, 88, 91, 93, 94], 95),
    ],
)
def test_it_tries_what_its_source_tries(least, tried, answer):
    """`least` is the smallest quality that is good enough; the tool never writes 70, its lowest."""
    asked: list[int] = []
    assert search_quality(lambda quality: asked.append(quality) or quality >= least) == answer
    assert asked == tried


def test_the_answer_is_good_enough_and_clipped_at_the_ends(rated_pictures):
    for picture in rated_pictures[:4]:
        prediction = Imgmin(most_error=8.0).predict(picture.unmeasured())
        level = picture.ladder.rgb(round(prediction.level))
        assert prediction.clipped == (prediction.level in (71, 95))
        new = abs(colours(level) / colours(picture.reference) - 1)
        assert prediction.level == 95 or (pixel_error(picture.reference, level) <= 8 and new <= 0.11)


def test_a_looser_limit_gives_a_lower_quality(rated_pictures):
    strict, loose = (Imgmin(most_error=limit).predict(rated_pictures[1].unmeasured()).level for limit in (0.1, 50.0))
    assert strict == 95 and loose <= strict


def test_another_codec_is_refused(bpg_pictures):
    with pytest.raises(UserError, match="searches for a JPEG quality"):
        Imgmin().predict(bpg_pictures[0])
