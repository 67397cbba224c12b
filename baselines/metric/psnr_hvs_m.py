"""PSNR-HVS-M (Ponomarenko et al. 2007) as a predictor."""

from __future__ import annotations

from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.metric._base import SEARCHED, MetricPredictor
from baselines.metric._scores import Score
from datasets.common.errors import UserError
from datasets.core.reference import Reference
from datasets.simulation.psnr_hvs_m import BLOCK, psnr_hvs_m, visible_error


@final
class PsnrHvsM(MetricPredictor):
    """PSNR of the luma whose DCT errors are weighted by contrast sensitivity and masked by their block.

    Visibility is the root mean squared error that the PSNR stands for, in grey levels.
    """

    package = "psnr-hvsm"
    install = "pip install -e '.[hvsm]'"
    card = Card(
        name="psnr-hvs-m",
        title="PSNR-HVS-M threshold",
        references=(
            Reference(
                authors=("N. Ponomarenko", "F. Silvestri", "K. Egiazarian", "M. Carli", "J. Astola", "V. Lukin"),
                title="On between-coefficient contrast masking of DCT basis functions",
                venue="Third International Workshop on Video Processing and Quality Metrics",
                year=2007,
            ),
        ),
        cost="slow",
        deviations=(
            "Computed by the PyPI package psnr-hvsm on BT.601 luma from 0 to 255; the package's licence file is that "
            "of the GPL, version 3, so it is an extra that is installed on request (hvsm).",
            "Rows and columns beyond a multiple of 8 pixels are left out.",
            SEARCHED,
        ),
    )

    def against(self, reference: np.ndarray, pixels_per_degree: float) -> Score:
        if min(reference.shape[:2]) < BLOCK:
            raise UserError(f"psnr-hvs-m needs pictures of at least {BLOCK} pixels a side, not {reference.shape[:2]}")
        return psnr_hvs_m(reference)

    def distance(self, score: float) -> float:
        """Root mean squared visible error in grey levels, 0..255."""
        return visible_error(score)
