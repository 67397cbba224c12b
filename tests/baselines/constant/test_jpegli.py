"""Protects cjpegli's rule, on all three of its branches."""

import numpy as np
import pytest

from baselines.constant.jpegli import Jpegli
from baselines.interface.registry import registry
from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.core.picture import Picture


@pytest.mark.parametrize(
    ("quality", "distance"), [(100, 0.01), (95, 0.55), (90, 1.0), (75, 2.35), (30, 6.4), (15, 11.725), (0, 25.0)]
)
def test_qualities_worked_out_by_hand(quality, distance):
    assert Jpegli(distance=distance).quality() == pytest.approx(quality)


def test_it_undoes_cjpeglis_distance_at_every_quality():
    qualities = np.append(np.arange(0, 100, 0.25), 100)
    parabola = 53 / 3000 * qualities**2 - 23 / 20 * qualities + 25
    distances = np.select([qualities >= 100, qualities >= 30], [0.01, 0.1 + 0.09 * (100 - qualities)], parabola)
    assert [Jpegli(distance=distance).quality() for distance in distances] == pytest.approx(qualities)


@pytest.mark.parametrize(
    ("distance", "level", "clipped"), [(0.05, 100, False), (0.001, 100, True), (25.0, 1, True), (40.0, 1, True)]
)
def test_beyond_jpegs_qualities_it_is_clipped_and_says_so(distance, level, clipped):
    picture = Picture("p", "p", Jpeg(), 24.3)
    assert Jpegli(distance=distance).predict(picture).level == level
    assert Jpegli(distance=distance).predict(picture).clipped is clipped


def test_the_name_is_the_default_on_jpeg_and_as_far_along_on_bpg():
    predictor = registry()["jpegli-1.0"].make()
    assert predictor.predict(Picture("p", "p", Jpeg(), 24.3)).level == 90
    assert predictor.predict(Picture("p", "p", Bpg(), 24.3)).level == 6
