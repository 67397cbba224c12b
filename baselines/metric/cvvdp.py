"""ColorVideoVDP (Mantiuk et al. 2024) as a predictor."""

from __future__ import annotations

import functools
from typing import Any, final

import numpy as np

from baselines.interface.card import Card
from baselines.metric._base import AIC4, SEARCHED, GivenThreshold, MetricPredictor
from baselines.metric._scores import Score
from datasets.common.errors import UserError
from datasets.common.threads import one_torch_thread
from datasets.core.reference import Reference
from datasets.simulation.local_loss import PHOTOMETRY, import_cvvdp

_LEAST_PIXELS = 16


@final
class Cvvdp(MetricPredictor):
    """Visible differences in colour channels and bands of spatial frequency, as seen on a display, over the picture.

    Visibility is 10 - JOD, the loss in units of just-objectionable difference; the viewing geometry is the picture's.
    """

    package = "cvvdp"
    install = "pip install -e '.[simulate]'"
    given = {
        "as-published": GivenThreshold(9.0, "1 JOD lost: 75 % of people prefer the reference"),
        "aic4": GivenThreshold(
            9.622, "1 JND of JPEG in AIC-4's example data", elsewhere={"jxl": 9.65, "avif": 9.68, "jp2": 9.67}
        ),
    }
    quick = {"levels": 4, "exact": False}
    card = Card(
        name="cvvdp",
        title="ColorVideoVDP threshold",
        references=(
            Reference(
                authors=("R. K. Mantiuk", "P. Hanji", "M. Ashraf", "Y. Asano", "A. Chapiro"),
                title="ColorVideoVDP: a visual difference predictor for image, video and display distortions",
                venue="ACM Transactions on Graphics 43(4):129",
                year=2024,
            ),
        ),
        cost="slow",
        deviations=(
            "The observers of the demo set, and of simulated sets that name no other metric, are made from this very "
            "metric (its most visible region): there its score says nothing.",
            f"The display is the package's {PHOTOMETRY}, at the pixels per degree of the study.",
            "The paper names no threshold of noticing: -as-published takes its unit, 1 JOD, at which 75 % of people "
            "prefer the reference.",
            SEARCHED,
            AIC4,
        ),
    )

    def against(self, reference: np.ndarray, pixels_per_degree: float) -> Score:
        if min(reference.shape[:2]) < _LEAST_PIXELS:
            raise UserError(f"cvvdp needs at least {_LEAST_PIXELS} pixels a side, not {reference.shape[:2]}")
        import torch

        metric, held = _metric(pixels_per_degree), reference.copy()

        def score(rgb: np.ndarray) -> float:
            with torch.no_grad(), one_torch_thread(), torch.random.fork_rng(devices=[]):  # it draws and discards
                return float(metric.predict(rgb.copy(), held, dim_order="HWC")[0])

        return score

    def distance(self, score: float) -> float:
        """The loss in JOD, 0..10 and more."""
        return max(10 - score, 0.0)


@functools.lru_cache(maxsize=2)
def _metric(pixels_per_degree: float) -> Any:
    import torch

    cvvdp = import_cvvdp()
    with torch.random.fork_rng(devices=[]):
        return cvvdp.cvvdp(
            display_photometry=cvvdp.vvdp_display_photometry.load(PHOTOMETRY, []),
            display_geometry=cvvdp.vvdp_display_geometry((1920, 1080), ppd=pixels_per_degree),
            device=torch.device("cpu"),
            quiet=True,
        )
