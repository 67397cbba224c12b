"""Observers that see with SSIMULACRA2 (Sneyers 2022) of the whole picture.

* `one_jnd_loss` (a score of 62.9) has an anchor: at the file of the mean JND of KonJND-1k's people, JPEGs have 62.55 to
  63.10 on average (second-hand, see `datasets.obtain.ratings_unit`). On 50 photographs (every third of those that
  `cvvdp` was fitted on) the simulated mean JNDs have 62.8. Their spread over pictures is 0.8 there, where people's is
  4.7 to 5.0: people do not notice at one score, and these observers do.
* `log_sigma` (ours) is fitted on these photographs, over 20 draws of 30 observers, to how much the subjects of MCL-JCI
  disagree: there, one subject against the mean of the others has a mean absolute error of 8.3 QF and subjects spread by
  10.2 QF on a picture; here by 8.5 and 10.0.
* `share_of_jpegs_loss` (ours) comes from JPEG AIC-4's example data, interpolated linearly: at 1 JND SSIMULACRA2 has
  75.1 for JPEG, 75.5 for JPEG XL, 78.8 for AVIF and 80.3 for JPEG 2000. These are five sources of another protocol, at
  encoder settings that the data do not name. No people's levels exist to check it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import final

import numpy as np

from datasets.core.imaging import bitmap
from datasets.sets._simulated_samples import SSIMULACRA2
from datasets.simulation.loss_metric import Loss, LossMetric

_IDENTICAL = 100.0


@final
@dataclass(frozen=True)
class Ssimulacra2Loss(LossMetric):
    """What is missing to the score of identical pictures, in points of SSIMULACRA2."""

    about = SSIMULACRA2
    unit = "points"
    package = "ssimulacra2"
    install = "pip install -e ."
    one_jnd_loss = 37.1
    log_sigma = 0.145
    share_of_jpegs_loss = {"jxl": 0.98, "avif": 0.85, "jp2": 0.79}
    knows_geometry = False

    def loss(self, pixels_per_degree: float) -> Loss:
        self.version()
        return lambda reference, test: _IDENTICAL - ssimulacra2(reference, test)


def ssimulacra2(reference: np.ndarray, test: np.ndarray) -> float:
    """The score of the PyPI package, at most 100 (identical).

    :param reference: uint8 RGB, shape (height, width, 3).
    :param test: the same for the compressed picture.
    """
    from ssimulacra2 import compute_ssimulacra2

    return float(compute_ssimulacra2(io.BytesIO(bitmap(reference)), io.BytesIO(bitmap(test))))
