"""The base of encoders that turn a visual distance into a quality by a fixed rule, and the level of a quality."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from typing_extensions import Self

from baselines.interface.predictor import JNDPredictor, Prediction
from datasets.core.codec import Codec
from datasets.core.picture import Picture

OTHER_CODEC = "On a codec without QF the quality is taken as a percentage of the range."
"""What the cards of such tools say."""


class OpenLoop(JNDPredictor):
    """A tool's rule that turns a distance into a quality; the picture plays no part."""

    distance: float
    """The Butteraugli distance that the tool is asked for."""

    @abstractmethod
    def quality(self) -> float:
        """The tool's quality for the distance; may lie outside 1..100 or between two."""

    def fit(self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Self:
        return self

    def predict(self, picture: Picture) -> Prediction:
        """The nearest level to the tool's quality, whatever the picture; clipped where the rule leaves JPEG's range."""
        quality = self.quality()
        inside = min(max(quality, 1), 100)
        return Prediction(level_of_quality(picture.codec, inside), clipped=inside != quality)


def level_of_quality(codec: Codec, quality: float) -> float:
    """The level nearest to a JPEG quality, 1..100; on another codec, the one that stands as far along to the best."""
    last = len(codec.levels) - 1
    return float(codec.level_at(round((quality - 1) / 99 * last)))
