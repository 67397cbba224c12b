"""PSNR-HVS-M (Ponomarenko et al. 2007) as a predictor."""

from __future__ import annotations

import contextlib
import io
from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.metric._base import SEARCHED, MetricPredictor
from baselines.metric._scores import Score
from datasets.common.errors import UserError
from datasets.core.imaging import luma
from datasets.core.reference import Reference

_BLOCK = 8
_IDENTICAL_DB = 100.0
"""What the package gives for identical pictures, and at most."""


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
        if min(reference.shape[:2]) < _BLOCK:
            raise UserError(f"psnr-hvs-m needs pictures of at least {_BLOCK} pixels a side, not {reference.shape[:2]}")
        with contextlib.redirect_stdout(io.StringIO()):  # it advertises its other backends
            import psnr_hvsm
        compare = psnr_hvsm.BACKENDS["numpy"]["psnr_hvs_hvsm"]
        held = _blocks(reference)

        def score(rgb: np.ndarray) -> float:
            with np.errstate(divide="ignore", invalid="ignore"):  # it divides 0 by 0 in flat blocks, and sorts that out
                return float(compare(held, _blocks(rgb))[1])

        return score

    def distance(self, score: float) -> float:
        """Root mean squared visible error in grey levels, 0..255."""
        return 0.0 if score >= _IDENTICAL_DB else float(255 * 10 ** (-score / 20))


def _blocks(rgb: np.ndarray) -> np.ndarray:
    """Luma from 0 to 1, cropped to whole blocks."""
    height, width = (side - side % _BLOCK for side in rgb.shape[:2])
    return luma(rgb)[:height, :width] / 255.0
