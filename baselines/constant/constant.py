"""The constant: the same level for every picture. A strong method, and the row every other is read against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.interface.predictor import JNDPredictor, Prediction
from datasets.common.errors import UserError
from datasets.core.picture import Picture


@final
class Constant(JNDPredictor):
    """The training pictures' median level, which minimises the training MAE among constants."""

    card = Card(name="constant", title="Constant (training median)", needs_pictures=False)

    def fit(self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Constant:
        if not np.size(levels):
            raise UserError("a median needs training pictures, and there are none")
        self.level_ = float(np.median(levels))
        return self

    def predict(self, picture: Picture) -> Prediction:
        return Prediction(self.level_)
