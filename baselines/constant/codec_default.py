"""The quality that an encoder takes where nobody names one: WebP 80, AVIF 75, JPEG XL 90."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.interface.predictor import JNDPredictor, Prediction
from datasets.core.codec import Codec
from datasets.core.picture import Picture


@final
class CodecDefault(JNDPredictor):
    """The default of the codec's own tool, for every picture."""

    card = Card(
        name="codec-default",
        title="The encoder's default",
        needs_pictures=False,
        deviations=("Refused on JPEG, whose tools differ in theirs: fixed-75, fixed-90 and fixed-95 are some.",),
    )

    def refuses(self, codec: Codec) -> str:
        return "" if codec.default_level is not None else "no one default is known for it"

    def fit(self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> CodecDefault:
        return self

    def predict(self, picture: Picture) -> Prediction:
        """The default.

        :raises UserError: on a codec without one.
        """
        self.check_codec(picture.codec)
        assert picture.codec.default_level is not None
        return Prediction(float(picture.codec.default_level))
