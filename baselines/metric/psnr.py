"""PSNR as a predictor: the level at which the luma error reaches one threshold for all pictures."""

from __future__ import annotations

from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.interface.predictor import Prediction
from baselines.interface.visibility import VisibilityPredictor
from baselines.metric._base import AIC4, OF_JPEG_AND_BPG
from datasets.core.codec import Codec
from datasets.core.picture import Picture

_AIC4_RMSE = 255 * 10 ** (-39.83 / 20)
"""Of 39.83 dB."""


@final
class Psnr(VisibilityPredictor):
    """Visibility is the root mean squared luma error, so one threshold on it is one PSNR for every picture."""

    card = Card(
        name="psnr",
        title="PSNR threshold",
        deviations=("Levels are interpolated linearly in the root mean squared error, not in dB.", AIC4),
    )

    @classmethod
    def variants(cls) -> dict[str, dict[str, float | None]]:
        """The calibrated method, and one at the PSNR of 1 JND of JPEG in AIC-4's example data (luma, 39.83 dB)."""
        return {**super().variants(), "psnr-aic4": {"threshold": _AIC4_RMSE}}

    def refuses(self, codec: Codec) -> str:
        known = self.threshold != _AIC4_RMSE or codec.name in OF_JPEG_AND_BPG
        return "" if known else "its threshold stands for 1 JND of JPEG in AIC-4's example data"

    def predict(self, picture: Picture) -> Prediction:
        """As the base class.

        :raises UserError: where the threshold is AIC-4's, and the codec another.
        """
        self.check_codec(picture.codec)
        return super().predict(picture)

    def visibility(self, picture: Picture, level: int) -> float:
        """Root mean squared luma error in grey levels."""
        return float(np.sqrt(picture.ladder.mse(level)))

    def needs_summary(self, picture: Picture) -> bool:
        return True

    def meter(self, picture: Picture) -> None:
        """None: `profile` needs no level's pixels."""

    def profile(self, picture: Picture) -> np.ndarray:
        return np.sqrt(picture.summary().mse)
