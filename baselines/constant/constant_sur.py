"""The constant with a curve: the mean training SUR curve for every picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.interface.predictor import JNDPredictor, Prediction
from datasets.common.errors import UserError
from datasets.core.gev import sur_curve
from datasets.core.picture import Picture


@final
class ConstantSur(JNDPredictor):
    """The mean of the training pictures' SUR curves, and as level the training median."""

    card = Card(
        name="constant-sur",
        title="Constant SUR curve (training mean)",
        needs_pictures=False,
        deviations=("Its level is the training median under the run's truth, as the constant's.",),
    )

    def fit(self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> ConstantSur:
        """Average the training pictures' fitted curves; those without samples have none."""
        curves = [sur_curve(picture.samples, picture.codec) for picture in pictures if picture.samples.size]
        if not curves:
            raise UserError("constant-sur needs training pictures with subjects' samples, and none has any")
        self.sur_ = np.mean(curves, axis=0)
        self.level_ = float(np.median(levels))
        return self

    def predict(self, picture: Picture) -> Prediction:
        return Prediction(self.level_, self.sur_.copy())
