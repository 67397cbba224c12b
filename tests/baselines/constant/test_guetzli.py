"""Protects Guetzli's table: the distances it was made of, its default, and its ends."""

import pytest

from baselines.constant.guetzli import Guetzli
from baselines.interface.registry import registry
from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.core.picture import Picture


@pytest.mark.parametrize(("distance", "quality"), [(1.945, 84), (1.474, 90), (0.972, 95), (0.212, 100)])
def test_the_tables_distances_give_back_its_qualities(distance, quality):
    assert Guetzli(distance=distance).quality() == quality


@pytest.mark.parametrize(("distance", "quality"), [(2.5, 84), (0.0, 100), ((0.972 + 1.474) / 2, 92.5)])
def test_between_and_beyond(distance, quality):
    assert Guetzli(distance=distance).quality() == pytest.approx(quality)


def test_the_name_is_the_default_on_jpeg_and_as_far_along_on_bpg():
    predictor = registry()["guetzli-95"].make()
    assert predictor.predict(Picture("p", "p", Jpeg(), 24.3)).level == 95
    assert (
        predictor.predict(Picture("p", "p", Bpg(), 24.3)).level
        == registry()["fixed-95"].make().predict(Picture("p", "p", Bpg(), 24.3)).level
    )
