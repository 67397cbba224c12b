"""Observers that see with PSNR-HVS-M (Ponomarenko et al. 2007) of the whole picture.

* `one_jnd_loss` (43.3 dB) is ours: nothing is known of what people see at a PSNR-HVS-M. It is set so that the mean
  JND over photographs, 51.1 QF, is that of the two other kinds of observers, which lie at 52.5 (ColorVideoVDP) and 50.0
  (SSIMULACRA2), on every third of the photographs that `cvvdp` was fitted on, over 20 draws.
* `log_sigma` (ours) is fitted on all 150 photographs, over 20 draws of 30 observers, to how much the subjects of
  MCL-JCI disagree: there, one subject against the mean of the others has a mean absolute error of 8.3 QF and subjects
  spread by 10.2 QF on a picture; here by 8.5 and 10.2.
* JPEG's loss is taken for every codec, which is ours, too: no values at 1 JND are known for any.

These observers rank photographs otherwise than the others: their mean JNDs correlate with those of ColorVideoVDP's
observers by -0.03 on the 150 photographs, and with those of SSIMULACRA2's by 0.24 on 50.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from datasets.core.imaging import luma
from datasets.sets._simulated_samples import PSNR_HVS_M
from datasets.simulation.loss_metric import Loss, LossMetric

BLOCK = 8
_IDENTICAL_DB = 100.0
"""What the package gives for identical pictures, and at most."""


@final
@dataclass(frozen=True)
class PsnrHvsMLoss(LossMetric):
    """The root mean squared visible error of the luma, in grey levels."""

    about = PSNR_HVS_M
    unit = "grey levels"
    package = "psnr-hvsm"
    install = "pip install -e '.[hvsm]'"
    one_jnd_loss = 1.75
    log_sigma = 0.26
    knows_geometry = False

    def loss(self, pixels_per_degree: float) -> Loss:
        self.version()
        return lambda reference, test: visible_error(psnr_hvs_m(reference)(test))


def psnr_hvs_m(reference: np.ndarray) -> Callable[[np.ndarray], float]:
    """A function that gives PSNR-HVS-M in dB, at most 100 (identical), by the PyPI package psnr-hvsm.

    Rows and columns beyond a multiple of 8 pixels are left out.

    :param reference: uint8 RGB, shape (height, width, 3), at least 8 pixels a side; the function takes the same.
    """
    with contextlib.redirect_stdout(io.StringIO()):  # it advertises its other backends
        import psnr_hvsm
    compare = psnr_hvsm.BACKENDS["numpy"]["psnr_hvs_hvsm"]
    held = _blocks(reference)

    def score(rgb: np.ndarray) -> float:
        with np.errstate(divide="ignore", invalid="ignore"):  # it divides 0 by 0 in flat blocks, and sorts that out
            return float(compare(held, _blocks(rgb))[1])

    return score


def visible_error(score_db: float) -> float:
    """The root mean squared error that a PSNR stands for, in grey levels 0..255."""
    return 0.0 if score_db >= _IDENTICAL_DB else float(255 * 10 ** (-score_db / 20))


def _blocks(rgb: np.ndarray) -> np.ndarray:
    """Luma from 0 to 1, cropped to whole blocks."""
    height, width = (side - side % BLOCK for side in rgb.shape[:2])
    return luma(rgb)[:height, :width] / 255.0
