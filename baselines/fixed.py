"""Fixed levels: what a person sets once and never again (JPEG quality 75, 85, 90, 95)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np

from baselines.predictor import Card, JNDPredictor
from datasets.picture import Picture


@final
class Fixed(JNDPredictor):
    """One fixed JPEG quality. On another codec, the level that stands as far along from worst to best.

    :param quality: JPEG QF, 1..100.
    """

    card = Card(
        name="fixed",
        title="Fixed quality",
        paper="",
        year=None,
        kind="constant",
        needs_pictures=False,
        deviations=("On BPG, which has no QF, the quality is taken as a percentage of the range of QP.",),
    )

    def __init__(self, *, quality: int = 90) -> None:
        self.quality = quality

    @classmethod
    def variants(cls) -> dict[str, dict[str, int]]:
        """The four qualities people use."""
        return {f"fixed-{quality}": {"quality": quality} for quality in (75, 85, 90, 95)}

    def fit(self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Fixed:
        """Nothing is learned."""
        return self

    def predict(self, picture: Picture) -> float:
        """The fixed level, whatever the picture."""
        last = len(picture.codec.levels) - 1
        return float(picture.codec.level_at(round((self.quality - 1) / 99 * last)))
