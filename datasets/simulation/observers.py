"""Simulated observers: when would people with this criterion have noticed the compression?

**They are no people.** An observer notices at the highest JPEG quality at which ColorVideoVDP shows a loss above that
observer's own criterion, in the region where the loss is most visible (`datasets.simulation.local_loss`).
What is known and what is ours:

* 1 JND of JPEG lies at 9.62 JOD, a loss of 0.38, in the example data of JPEG AIC-4. That is a loss of *whole pictures*,
  and cvvdp's JODs depend on the display that it is told; we take its `standard_fhd` (37.8 px/deg).
* `REGION_FACTOR` (ours) carries that loss over to the most visible region at 24.3 px/deg. It is fitted to the one
  public anchor of KonJND-1k's people: SSIMULACRA2 at the file of the mean JND is 62.55 to 63.10 on average
  (second-hand, see `datasets.obtain.ratings_unit`). On 150 photographs of three origins (Kodak,
  CLIC 2025, CID22; one crop of 512x512 each) the simulated mean JNDs have 62.7. Their spread over pictures is 6.1,
  where people's is 4.7 to 5.0, and their mean QF lie in 13 to 84, where people's lie in 22.5 to 70: no constant here
  changes how far ColorVideoVDP and SSIMULACRA2 disagree about pictures.
* People's criteria are log-normal. `LOG_SIGMA` (ours) is fitted on the same photographs to how much the subjects of
  MCL-JCI disagree: there, one subject against the mean of the others has a mean absolute error of 8.3 QF and subjects
  spread by 10.2 QF on a picture; here by 8.4 and 10.1.
* `PERSONAL_SHARE` (ours): half of that variance belongs to the person, who is strict or lenient on every
  picture; the other half to the person's day with that picture.

Loss is not monotone in QF, so each level counts with the largest loss there or at any better level (envelope).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from datasets.codecs.jpeg import Jpeg
from datasets.common.hashing import seed_of_text

ONE_JND_LOSS_JOD = 0.38
REGION_FACTOR = 3.75
LOG_SIGMA = 0.165
PERSONAL_SHARE = 0.5

_DECIMALS = 4
"""Of a stored loss: finer digits differ between processors, and samples must follow from what is stored."""


@dataclass(frozen=True)
class LossCurve:
    """The loss of a picture's most visible region over JPEG quality.

    :param levels: the QF that were evaluated, rising, the last one 100.
    :param loss_jod: the loss at each, JOD, zero or more.
    """

    levels: tuple[int, ...]
    loss_jod: tuple[float, ...]

    def envelope(self) -> np.ndarray:
        """The largest loss at each QF from 1 to 100 or at any better one, shape (100,), never rising, JOD.

        Between evaluated levels it is interpolated; below the first it stays.
        """
        falling = np.maximum.accumulate(np.array(self.loss_jod)[::-1])[::-1]
        return np.interp(Jpeg().levels, self.levels, falling)


def evaluated_levels(every: int) -> tuple[int, ...]:
    """QF 1, and every so many from there, and QF 100."""
    levels = Jpeg().levels.tolist()
    return tuple(sorted({*levels[::every], levels[-1]}))


def measure_curve(
    reference: np.ndarray, loss: Callable[[np.ndarray, np.ndarray], float], *, every: int = 1
) -> LossCurve:
    """Compress a picture and measure what shows.

    :param reference: uint8 RGB, shape (height, width, 3).
    :param loss: of a reference and its compressed version, JOD; `LocalLoss(...).largest`.
    :param every: 1 evaluates all 100 QF. 4 takes a quarter of the time; on the demo set it moves a sample by 0.3 QF on
        average, and one in a hundred by more than 2.
    """
    codec = Jpeg()
    levels = evaluated_levels(every)
    losses = (loss(reference, codec.decode(codec.encode(reference, level))) for level in levels)
    return LossCurve(levels, tuple(round(max(value, 0.0), _DECIMALS) for value in losses))


def criteria(picture: str, observers: int, seed: int) -> np.ndarray:
    """The loss in JOD above which each observer notices, on one picture, shape (observers,), positive.

    Observer k keeps character and criterion however many observers and pictures there are.
    """
    personal = _normal(observers, "person", seed)
    passing = _normal(observers, "picture", seed, picture)
    mixed = np.sqrt(PERSONAL_SHARE) * personal + np.sqrt(1 - PERSONAL_SHARE) * passing
    return ONE_JND_LOSS_JOD * REGION_FACTOR * np.exp(LOG_SIGMA * mixed)


def simulated_jnds(curve: LossCurve, criteria_jod: np.ndarray) -> np.ndarray:
    """The highest QF at which each observer notices, shape (observers,), int, 1..100.

    Who would notice nothing even at QF 1 has 1, as people who were asked for a point give the end of the scale.
    """
    envelope = curve.envelope()
    noticed = (envelope[None, :] > np.asarray(criteria_jod)[:, None]).sum(axis=1)
    return np.maximum(noticed, Jpeg().worst_level)


def _normal(count: int, *parts: object) -> np.ndarray:
    name = "/".join(str(part) for part in ("jnd-bench simulated observers", *parts))
    return np.random.default_rng(seed_of_text(name, bits=128)).standard_normal(count)
