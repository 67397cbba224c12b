"""How much of a compression's loss shows in the region where it shows most, by ColorVideoVDP (Mantiuk et al. 2024).

ColorVideoVDP splits both pictures into colour channels and bands of spatial frequency, weighs the differences by
sensitivity and masking, takes their root mean square over the picture, and maps the sum over bands and channels to JOD
(10: no difference; one JOD less: 75 % of people prefer the other picture). Here the mean goes over a window of
`REGION_DEGREES` instead of the whole picture. Its heat map would not do: it adds the bands up without that last
mapping. Cut-out windows would not, either: they lose the low frequencies and have borders.

A window that is the whole picture must give the metric's own JOD, which every call checks: so a version of the package
that works differently is noticed.
"""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, final

import numpy as np

from datasets.common.errors import UserError
from datasets.common.threads import one_torch_thread

if TYPE_CHECKING:
    from types import ModuleType

    from torch import Tensor

REGION_DEGREES = 2.6
"""Side of the region in degrees of visual angle: what the fovea sees at one glance; 63 pixels at 24.3 px/deg."""

PHOTOMETRY = "standard_fhd"
"""ColorVideoVDP's display of 200 cd/m2 with a contrast of 1000:1 in an office of 250 lux."""

_AGREEMENT_JOD = 1e-3


@final
class LocalLoss:
    """ColorVideoVDP for one viewing geometry, on the CPU, and pooled over regions. Deterministic.

    :param pixels_per_degree: of visual angle, positive.
    :raises UserError: where the package is not installed.
    """

    def __init__(self, pixels_per_degree: float) -> None:
        cvvdp = import_cvvdp()
        import torch

        self.pixels_per_degree = pixels_per_degree
        self._bands = _Bands()
        self._metric = cvvdp.cvvdp(
            display_photometry=cvvdp.vvdp_display_photometry.load(PHOTOMETRY, []),
            display_geometry=cvvdp.vvdp_display_geometry((1920, 1080), ppd=pixels_per_degree),
            device=torch.device("cpu"),
            quiet=True,
            dump_channels=self._bands,
        )

    def largest(self, reference: np.ndarray, test: np.ndarray) -> float:
        """The loss of the region that loses most, in JOD, zero or more; see `by_region`."""
        return float(self.by_region(reference, test).max())

    def by_region(self, reference: np.ndarray, test: np.ndarray) -> np.ndarray:
        """The loss of every region, in JOD, shape (rows, columns). Neighbouring regions overlap by half.

        :param reference: uint8 RGB, shape (height, width, 3), at least 16 pixels a side.
        :param test: the same for the compressed picture.
        """
        import torch

        half = REGION_DEGREES / 2 * self.pixels_per_degree
        height, width = reference.shape[:2]
        cells = max(1, round(height / half)), max(1, round(width / half))
        window = min(2, cells[0]), min(2, cells[1])
        with torch.no_grad(), one_torch_thread():  # processes for speed
            whole_jod = float(self._metric.predict(test.copy(), reference.copy(), dim_order="HWC")[0])
            difference = abs(whole_jod - float(self._pooled_jod((1, 1), (1, 1))))
            if difference > _AGREEMENT_JOD:
                raise UserError(
                    f"this version of the package cvvdp pools differently from 0.5.7: {difference:.4f} JOD apart on a "
                    "whole picture. Install the version that is known to work: pip install cvvdp==0.5.7"
                )
            jod = self._pooled_jod(cells, window).numpy()
        return np.maximum(10 - jod.reshape(cells[0] - window[0] + 1, cells[1] - window[1] + 1), 0.0)

    def _pooled_jod(self, cells: tuple[int, int], window: tuple[int, int]) -> Tensor:
        """The metric's pooling with its mean over windows of cells; the last call's bands, shape (windows,)."""
        import torch
        from pycvvdp.cvvdp_metric import safe_pow
        from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d

        metric = self._metric
        weight = (metric.get_ch_weights(3) * metric.image_int).view(1, 3, 1, 1)
        pooled = []
        for weighted in self._bands.differences:
            power = safe_pow(weighted[:, :, 0] / weight, metric.beta)
            mean = avg_pool2d(adaptive_avg_pool2d(power, cells), window, stride=1)
            pooled.append(safe_pow(mean, 1 / metric.beta)[0].flatten(1).T)
        return metric.do_pooling_and_jods(torch.stack(pooled, dim=-1)[:, :, None, :])


@final
class _Bands:
    """Takes every band's weighted differences, where ColorVideoVDP offers them to be drawn."""

    def __init__(self) -> None:
        self.differences: list[Tensor] = []

    def open(self, frames_per_second: float) -> None:
        self.differences = []

    def set_diff_band(self, width: int, height: int, pixels_per_degree: float, band: int, differences: Tensor) -> None:
        self.differences.append(differences)

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Whatever else may be drawn is not wanted."""
        return lambda *_: None


def import_cvvdp() -> ModuleType:
    """The package `pycvvdp`, without what it says when it finds no GPU.

    :raises UserError: where it is not installed.
    """
    talkative = logging.getLogger("torch.utils.cpp_extension")  # warns of a missing GPU, which is not used here
    level = talkative.level
    talkative.setLevel(logging.ERROR)
    try:
        import pycvvdp
    except ImportError as error:
        raise _not_installed(error) from error
    finally:
        talkative.setLevel(level)
    return pycvvdp


def cvvdp_version() -> str:
    """The version of the installed package.

    :raises UserError: where it is not installed.
    """
    try:
        return importlib.metadata.version("cvvdp")
    except importlib.metadata.PackageNotFoundError as error:
        raise _not_installed(error) from error


def _not_installed(error: ImportError) -> UserError:
    return UserError(
        f"simulated observers need ColorVideoVDP, the package cvvdp, which is not installed ({error}). "
        "Install it from the checkout's folder: pip install -e '.[simulate]'"
    )
