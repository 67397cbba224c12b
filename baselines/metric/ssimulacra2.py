"""SSIMULACRA2 (Sneyers 2022) as a predictor."""

from __future__ import annotations

import io
from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.metric._base import AIC4, KONJND, SEARCHED, GivenThreshold, MetricPredictor
from baselines.metric._scores import Score
from datasets.core.imaging import bitmap
from datasets.core.reference import Reference


@final
class Ssimulacra2(MetricPredictor):
    """Structural similarity and artefacts over six scales of the XYB colour space, tuned on opinions of pictures.

    Visibility is 100 - score; the score is 100 where pictures are identical, and has no lower end.
    """

    package = "ssimulacra2"
    given = {
        "as-published": GivenThreshold(90.0, "'not noticeable in a flicker test' in the authors' README"),
        "aic4": GivenThreshold(
            75.3, "1 JND of JPEG in AIC-4's example data", elsewhere={"jxl": 75.5, "avif": 78.8, "jp2": 80.3}
        ),
        "konjnd": GivenThreshold(63.1, "where people of KonJND-1k noticed JPEG", "konjnd-1k-jpeg", elsewhere={}),
        "konjnd-bpg": GivenThreshold(65.38, "where people of KonJND-1k noticed BPG", "konjnd-1k-bpg", elsewhere={}),
    }
    quick = {"levels": 4, "exact": False}
    card = Card(
        name="ssimulacra2",
        title="SSIMULACRA2 threshold",
        references=(
            Reference(
                authors=("J. Sneyers",),
                title="SSIMULACRA 2: structural similarity unveiling local and compression related artifacts",
                venue="Cloudinary",
                year=2022,
                url="https://github.com/cloudinary/ssimulacra2",
            ),
        ),
        cost="slow",
        deviations=(
            "Computed by the PyPI package ssimulacra2, whose scores differ from the authors' C++ by up to 1.7 (mostly "
            "below 0.6 from QF 75 to 90).",
            "The threshold of -as-published is the README's meaning of 90 for people; it also names 80 for a "
            "side-by-side comparison.",
            SEARCHED,
            AIC4,
            KONJND,
        ),
    )

    def against(self, reference: np.ndarray, pixels_per_degree: float) -> Score:
        from ssimulacra2 import compute_ssimulacra2

        held = bitmap(reference)
        return lambda rgb: float(compute_ssimulacra2(io.BytesIO(held), io.BytesIO(bitmap(rgb))))

    def distance(self, score: float) -> float:
        return max(100 - score, 0.0)
