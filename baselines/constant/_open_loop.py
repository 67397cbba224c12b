"""Encoders that are asked for a visual distance and turn it into a quality by a fixed rule, whatever the picture."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from baselines.constant.fixed import level_of_quality
from baselines.interface.prediction import Prediction
from baselines.interface.predictor import JNDPredictor
from datasets.core.picture import Picture

Self = TypeVar("Self", bound="OpenLoop")


class OpenLoop(JNDPredictor):
    """The quality that a tool's rule gives for a distance. On another codec, as `fixed-*` does."""

    distance: float
    """Butteraugli distance that the tool is asked for."""

    @abstractmethod
    def quality(self) -> float:
        """The tool's quality for the distance; may lie outside 1..100 or between two."""

    def fit(self: Self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Self:
        """Nothing is learned."""
        return self

    def predict(self, picture: Picture) -> Prediction:
        """The nearest level to the tool's quality, whatever the picture; clipped where the rule leaves JPEG's range."""
        quality = self.quality()
        inside = min(max(quality, 1), 100)
        return Prediction(level_of_quality(picture.codec, inside), clipped=inside != quality)
