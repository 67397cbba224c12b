"""Observers that see with ColorVideoVDP, in the region where the loss is most visible (`local_loss`).

* 1 JND of JPEG lies at 9.62 JOD, a loss of 0.38, in the example data of JPEG AIC-4. That is a loss of *whole pictures*,
  and cvvdp's JODs depend on the display that it is told; we take its `standard_fhd` (37.8 px/deg).
* `region_factor` (ours) carries that loss over to the most visible region at 24.3 px/deg. It is fitted to the one
  public anchor of KonJND-1k's people: SSIMULACRA2 at the file of the mean JND is 62.55 to 63.10 on average
  (second-hand, see `datasets.obtain.ratings_unit`). On 150 photographs of three origins (Kodak,
  CLIC 2025, CID22; one crop of 512x512 each) the simulated mean JNDs have 62.7. Their spread over pictures is 6.1,
  where people's is 4.7 to 5.0, and their mean QF lie in 13 to 84, where people's lie in 22.5 to 70: no constant here
  changes how far ColorVideoVDP and SSIMULACRA2 disagree about pictures.
* `log_sigma` (ours) is fitted on the same photographs to how much the subjects of MCL-JCI disagree: there, one subject
  against the mean of the others has a mean absolute error of 8.3 QF and subjects spread by 10.2 QF on a picture; here
  by 8.4 and 10.1.
* `share_of_jpegs_loss` (ours) comes from JPEG AIC-4's example data, interpolated linearly: at 1 JND ColorVideoVDP has
  9.65 JOD for JPEG and JPEG XL, 9.68 for AVIF (a loss of 0.32 where JPEG has 0.35), 9.67 for JPEG 2000 (0.33). These
  are five sources, at encoder settings that the data do not name. No people's levels exist to check it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from datasets.sets._simulated_samples import CVVDP
from datasets.simulation.local_loss import PHOTOMETRY, REGION_DEGREES, LocalLoss, cvvdp_version
from datasets.simulation.loss_metric import Loss, LossMetric


@final
@dataclass(frozen=True)
class CvvdpLoss(LossMetric):
    """The loss of the most visible region, in JOD."""

    about = CVVDP
    unit = "JOD"
    package = "cvvdp"
    install = "pip install -e '.[simulate]'"
    one_jnd_loss = 0.38
    region_factor = 3.75
    log_sigma = 0.165
    share_of_jpegs_loss = {"avif": 0.91, "jp2": 0.94}
    knows_geometry = True

    def loss(self, pixels_per_degree: float) -> Loss:
        return LocalLoss(pixels_per_degree).largest

    def made_with(self, pixels_per_degree: float) -> dict[str, object]:
        return {
            "metric": f"{self.about.title}, package {self.package} {cvvdp_version()}",
            "display": PHOTOMETRY,
            "pixels_per_degree": pixels_per_degree,
            "region_degrees": REGION_DEGREES,
        }
