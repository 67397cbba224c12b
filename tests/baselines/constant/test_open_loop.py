"""Protects rules that use no picture: a level that exists, whatever quality the rule gives."""

from typing import final

import pytest

from baselines.constant._open_loop import OpenLoop
from baselines.interface.card import Card
from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.core.picture import Picture


@final
class Inverse(OpenLoop):
    card = Card(name="inverse", title="Inverse", needs_pictures=False)

    distance: float = 50.0

    def quality(self) -> float:
        return 100 - self.distance


@pytest.mark.parametrize(
    ("distance", "jpeg", "bpg", "clipped"),
    [(10, 90, 6, False), (9.6, 90, 6, False), (0, 100, 1, False), (-5, 100, 1, True), (100, 1, 51, True)],
)
def test_it_is_the_nearest_level_within_the_range(distance, jpeg, bpg, clipped):
    predictor = Inverse(distance=distance).fit([], [], seed=0)
    for codec, level in ((Jpeg(), jpeg), (Bpg(), bpg)):
        picture = Picture("p", "p", codec, 24.3)
        assert predictor.predict(picture).level == level
        assert predictor.predict(picture).clipped is clipped
