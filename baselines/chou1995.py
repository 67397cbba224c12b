"""Chou & Li 1995: a spatial JND map from luminance adaptation and gradient masking, whichever is larger."""

from __future__ import annotations

from typing import final

import numpy as np

from baselines.pixel_masking import background_luminance, largest_gradient, luminance_adaptation
from baselines.predictor import Card
from baselines.visibility import VisibilityPredictor
from datasets.picture import Picture


@final
class Chou1995(VisibilityPredictor):
    """Visibility is the error's root mean square against the map's: 1 where the level has the PSNR of JND noise.

    :param threshold: multiple of the published map (the paper's distortion index d, Eq 6); None is fitted.
    :param border: how filters see beyond the edge: `reflect`, or `zero` as in the published MATLAB.
    """

    card = Card(
        name="chou1995",
        title="Chou & Li 1995",
        paper="C.-H. Chou and Y.-C. Li, A perceptually tuned subband image coder based on the measure of "
        "just-noticeable-distortion profile, IEEE TCSVT 5(6):467-476, 1995",
        year=1995,
        kind="pixel",
        needs_pictures=True,
        deviations=(
            "The paper gives a map, not a picture's level: here the level whose error energy equals that of noise "
            "of the map's amplitude, times one factor fitted on the training pictures (none in -as-published).",
            "Borders are reflected; the paper does not say.",
            "The map stands for the paper's viewing distance of six picture heights, whatever the study's.",
        ),
    )
    published_threshold = 1.0

    def __init__(self, *, threshold: float | None = None, border: str = "reflect") -> None:
        super().__init__(threshold=threshold)
        self.border = border

    def visibility(self, picture: Picture, level: int) -> float:
        """Root of the luma error energy over the map's energy at one level."""
        return float(np.sqrt(picture.ladder.mse(level) / np.mean(self.jnd_map(picture.reference_luma) ** 2)))

    def profile(self, picture: Picture) -> np.ndarray:
        """One map, and the ladder's one pass."""
        return np.sqrt(picture.summary().mse / np.mean(self.jnd_map(picture.reference_luma) ** 2))

    def jnd_map(self, luma: np.ndarray) -> np.ndarray:
        """The largest change nobody notices at each pixel (Eqs 1-5, lambda = 1/2).

        :param luma: 0..255, uint8 or float, shape (height, width).
        :returns: grey levels, positive, same shape.
        """
        plane = np.asarray(luma, dtype=float)
        background = background_luminance(plane, border=self.border)
        gradient = largest_gradient(plane, border=self.border)
        masking = gradient * (0.0001 * background + 0.115) + (0.5 - 0.01 * background)
        return np.maximum(masking, luminance_adaptation(background))
