"""PSNR as a predictor: the level at which the luma error reaches one threshold for all pictures."""

from __future__ import annotations

from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.interface.visibility import VisibilityPredictor
from baselines.metric._base import AIC4
from datasets.core.picture import Picture

_AIC4_DB = 39.83


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
        return {**super().variants(), "psnr-aic4": {"threshold": 255 * 10 ** (-_AIC4_DB / 20)}}

    def visibility(self, picture: Picture, level: int) -> float:
        """Root mean squared luma error in grey levels."""
        return float(np.sqrt(picture.ladder.mse(level)))

    def needs_summary(self, picture: Picture) -> bool:
        return True

    def meter(self, picture: Picture) -> None:
        """None: `profile` needs no level's pixels."""

    def profile(self, picture: Picture) -> np.ndarray:
        return np.sqrt(picture.summary().mse)
