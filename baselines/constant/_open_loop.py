"""The base of encoders that turn a visual distance into a quality by a fixed rule, and the level of a quality."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from typing_extensions import Self

from baselines.interface.predictor import JNDPredictor, Prediction
from datasets.common.errors import UserError
from datasets.core.codec import Codec
from datasets.core.picture import Picture

OTHER_CODEC = "Other codecs are refused, but for BPG, where the quality is taken as a percentage of the range of QP."
"""What the cards of such tools say."""


class OpenLoop(JNDPredictor):
    """A tool's rule that turns a distance into a quality; the picture plays no part."""

    distance: float
    """The Butteraugli distance that the tool is asked for."""

    scales: ClassVar[tuple[str, ...]] = ("jpeg",)
    """Codecs on whose scale the tool's quality is one."""

    @abstractmethod
    def quality(self) -> float:
        """The tool's quality for the distance; may lie outside 1..100 or between two."""

    def fit(self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Self:
        return self

    def refuses(self, codec: Codec) -> str:
        known = codec.name in self.scales or _is_quantiser(codec)
        return "" if known else f"its rule gives a quality of {' or '.join(self.scales)}, which is none there"

    def predict(self, picture: Picture) -> Prediction:
        """The nearest level to the tool's quality, whatever the picture; clipped where the rule leaves the range."""
        self.check_codec(picture.codec)
        quality = self.quality()
        codec = picture.codec
        lowest, highest = (codec.lowest, codec.highest) if codec.is_quality else (1, 100)
        inside = min(max(quality, lowest), highest)
        return Prediction(level_of_quality(codec, inside), clipped=inside != quality)


def level_of_quality(codec: Codec, quality: float) -> float:
    """The whole level nearest to a quality, 1..100; of a quantiser, the one that stands as far along to the best.

    :raises UserError: where the codec's levels are neither.
    """
    if codec.is_quality:
        return float(np.clip(round(quality), codec.lowest, codec.highest))
    if not _is_quantiser(codec):
        raise UserError(f"{codec.label} is no scale of quality out of 100. Give a level of its own.")
    last = len(codec.levels) - 1
    return float(codec.level_at(round((quality - 1) / 99 * last)))


def _is_quantiser(codec: Codec) -> bool:
    return not codec.is_quality and codec.sign < 0
