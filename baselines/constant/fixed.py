"""Fixed levels: what a person sets once and never again (JPEG quality 75, 85, 90, 95)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np

from baselines.constant._open_loop import level_of_quality
from baselines.interface.card import Card
from baselines.interface.predictor import JNDPredictor, Prediction
from datasets.common.errors import user_error_of
from datasets.core.codec import Codec
from datasets.core.picture import Picture


@final
class Fixed(JNDPredictor):
    """One fixed quality. Of BPG's quantisers, the one that stands as far along from worst to best."""

    quality: int = 90
    """Of JPEG or of any other codec that counts quality out of 100, 1..100."""

    card = Card(
        name="fixed",
        title="Fixed quality",
        needs_pictures=False,
        deviations=(
            "On BPG, which has no quality, it is taken as a percentage of the range of QP; on JPEG 2000's dB refused.",
        ),
    )

    @classmethod
    def variants(cls) -> dict[str, dict[str, int]]:
        return {f"fixed-{quality}": {"quality": quality} for quality in (75, 85, 90, 95)}

    def refuses(self, codec: Codec) -> str:
        return user_error_of(lambda: level_of_quality(codec, self.quality))

    def fit(self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Fixed:
        return self

    def predict(self, picture: Picture) -> Prediction:
        self.check_codec(picture.codec)
        return Prediction(level_of_quality(picture.codec, self.quality))
