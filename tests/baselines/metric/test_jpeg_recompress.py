"""Protects jpeg-recompress's presets: their targets, their names, and what a default run takes of them."""

import pytest

from baselines.interface.registry import registry
from baselines.metric.jpeg_recompress import JpegRecompress
from datasets.common.errors import UserError


@pytest.mark.parametrize(
    ("name", "target", "cost"),
    [
        ("jpeg-recompress-low", 0.999, "slow"),
        ("jpeg-recompress", 0.9999, "light"),
        ("jpeg-recompress-high", 0.99995, "slow"),
        ("jpeg-recompress-veryhigh", 0.99999, "slow"),
    ],
)
def test_every_preset_is_registered_and_the_default_alone_stands_in_every_run(name, target, cost):
    entry = registry()[name]
    assert entry.make().target == target
    assert entry.cost == cost


def test_an_unknown_preset_is_told(rated_pictures):
    with pytest.raises(UserError, match=r"no preset 'best'\. It has low, medium, high, veryhigh"):
        JpegRecompress(preset="best").predict(rated_pictures[0])
