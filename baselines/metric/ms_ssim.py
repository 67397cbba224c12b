"""MS-SSIM (Wang et al. 2003) as a predictor."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import numpy as np

from baselines.interface.card import Card
from baselines.metric._base import AIC4, SEARCHED, GivenThreshold, MetricPredictor
from baselines.metric._scores import Score
from datasets.common.errors import UserError
from datasets.common.threads import one_torch_thread
from datasets.core.imaging import luma
from datasets.core.reference import Reference

if TYPE_CHECKING:
    from torch import Tensor

_LEAST_PIXELS = 161
"""A side's least length: an 11x11 window must fit into the fifth scale, as the package asks."""


@final
class MsSsim(MetricPredictor):
    """Structural similarity of the luma over five scales, 1 where identical; visibility is 1 - MS-SSIM."""

    package = "pytorch-msssim"
    given = {"aic4": GivenThreshold(0.9936, "1 JND of JPEG in AIC-4's example data", elsewhere={})}
    card = Card(
        name="ms-ssim",
        title="MS-SSIM threshold",
        references=(
            Reference(
                authors=("Z. Wang", "E. P. Simoncelli", "A. C. Bovik"),
                title="Multiscale structural similarity for image quality assessment",
                venue="37th Asilomar Conference on Signals, Systems and Computers, 1398-1402",
                year=2003,
            ),
        ),
        cost="slow",
        deviations=(
            "Computed by pytorch-msssim with the paper's five scales and weights, on BT.601 luma; its halving is the "
            "mean of 2x2 pixels.",
            f"Pictures need {_LEAST_PIXELS} pixels a side: smaller ones fail, rather than be judged on fewer scales.",
            SEARCHED,
            AIC4,
        ),
    )

    def against(self, reference: np.ndarray, pixels_per_degree: float) -> Score:
        if min(reference.shape[:2]) < _LEAST_PIXELS:
            raise UserError(
                f"ms-ssim needs at least {_LEAST_PIXELS} pixels a side for its five scales; this picture is "
                f"{reference.shape[1]}x{reference.shape[0]}"
            )
        import torch
        from pytorch_msssim import ms_ssim

        held = _tensor(reference)

        def score(rgb: np.ndarray) -> float:
            with torch.no_grad(), one_torch_thread():
                return float(ms_ssim(held, _tensor(rgb), data_range=255))

        return score

    def distance(self, score: float) -> float:
        return max(1 - score, 0.0)


def _tensor(rgb: np.ndarray) -> Tensor:
    import torch

    return torch.from_numpy(luma(rgb).astype(np.float32))[None, None]
