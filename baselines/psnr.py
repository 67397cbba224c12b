"""PSNR as a predictor: the level at which the luma error reaches one threshold for all pictures."""

from __future__ import annotations

from typing import final

import numpy as np

from baselines.predictor import Card
from baselines.visibility import VisibilityPredictor
from datasets.picture import Picture


@final
class Psnr(VisibilityPredictor):
    """Visibility is the root mean squared luma error, so one threshold on it is one PSNR for every picture."""

    card = Card(
        name="psnr",
        title="PSNR threshold",
        paper="",
        year=None,
        kind="metric",
        needs_pictures=True,
        deviations=("Levels are interpolated linearly in the root mean squared error, not in dB.",),
    )

    def visibility(self, picture: Picture, level: int) -> float:
        """Root mean squared luma error in grey levels."""
        return float(np.sqrt(picture.ladder.mse(level)))

    def profile(self, picture: Picture) -> np.ndarray:
        """From the ladder's one pass, which every method shares."""
        return np.sqrt(picture.summary().mse)
