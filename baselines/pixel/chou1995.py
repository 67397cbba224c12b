"""Chou & Li 1995: a spatial JND map from luminance adaptation and gradient masking, whichever is larger."""

from __future__ import annotations

from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.pixel._base import LEVEL_OF_A_MAP, PixelMapPredictor, check_size
from baselines.pixel._masking import (
    background_luminance,
    gradient_masking,
    largest_gradient,
    luminance_adaptation,
    pointwise,
)
from datasets.core.reference import Reference


@final
class Chou1995(PixelMapPredictor):
    """The larger of gradient masking and luminance adaptation at each pixel."""

    border: str = "reflect"
    """How filters see beyond the edge: `reflect`, or `zero` as in the published MATLAB."""

    card = Card(
        name="chou1995",
        title="Chou & Li 1995",
        references=(
            Reference(
                authors=("C.-H. Chou", "Y.-C. Li"),
                title="A perceptually tuned subband image coder based on the measure of just-noticeable-distortion "
                "profile",
                venue="IEEE TCSVT 5(6):467-476",
                year=1995,
            ),
        ),
        deviations=(
            LEVEL_OF_A_MAP,
            "Borders are reflected; the paper does not say.",
            "The map stands for the paper's viewing distance of six picture heights, whatever the study's.",
        ),
    )

    def jnd_map(self, luma: np.ndarray) -> np.ndarray:
        """The larger of two maskings at each pixel (Eqs 1-5, lambda = 1/2)."""
        check_size(luma)
        background = background_luminance(luma, border=self.border)
        return pointwise(_larger_masking, largest_gradient(luma, border=self.border), background)


def _larger_masking(gradient: np.ndarray, background: np.ndarray) -> np.ndarray:
    return np.maximum(gradient_masking(gradient, background), luminance_adaptation(background))
