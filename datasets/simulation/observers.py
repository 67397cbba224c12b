"""Simulated observers: when would people with this criterion have noticed the compression?

**They are no people.** An observer notices at the best level at which ColorVideoVDP shows a loss above that observer's
own criterion, in the region where the loss is most visible (`datasets.simulation.local_loss`).
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
* `SHARE_OF_JPEGS_LOSS` (ours) carries JPEG's criteria over to other codecs. No people's levels exist to check it.

Loss is not monotone in level, so each level counts with the largest loss there or at any better level (envelope).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from datasets.codecs.jpeg import Jpeg
from datasets.common.hashing import seed_of_text
from datasets.core.codec import Codec

ONE_JND_LOSS_JOD = 0.38
REGION_FACTOR = 3.75
LOG_SIGMA = 0.165
PERSONAL_SHARE = 0.5
SHARE_OF_JPEGS_LOSS: Final[Mapping[str, float]] = {"avif": 0.91, "jp2": 0.94}
"""By the name of a codec: its loss at 1 JND as a share of JPEG's; 1 for JPEG XL and every codec that is not here.

Ours, from JPEG AIC-4's example data, interpolated linearly: at 1 JND ColorVideoVDP has 9.65 JOD for JPEG and JPEG XL,
9.68 for AVIF (a loss of 0.32 where JPEG has 0.35), 9.67 for JPEG 2000 (0.33). These are five sources, at encoder
settings that the data do not name.
"""
_JPEG: Final = Jpeg()

_DECIMALS = 4
"""Of a stored loss: finer digits differ between processors, and samples must follow from what is stored."""


@dataclass(frozen=True)
class LossCurve:
    """The loss of a picture's most visible region over a codec's levels.

    :param levels: those that were evaluated, from the worst to the codec's best.
    :param loss_jod: the loss at each, JOD, zero or more.
    """

    levels: tuple[int, ...]
    loss_jod: tuple[float, ...]
    codec: Codec = _JPEG

    def envelope(self) -> np.ndarray:
        """The largest loss at each of `codec.whole_levels` or at any better one, never rising, JOD.

        Between evaluated levels it is interpolated; before the first it stays.
        """
        falling = np.maximum.accumulate(np.array(self.loss_jod)[::-1])[::-1]
        codec = self.codec
        whole, evaluated = (
            np.asarray(codec.position(levels)) for levels in (codec.whole_levels, np.array(self.levels))
        )
        return np.interp(whole, evaluated, falling)


def evaluated_levels(every: int, codec: Codec = _JPEG) -> tuple[int, ...]:
    """The worst level, and every so many from there, and the best."""
    levels = codec.levels.tolist()
    return tuple(dict.fromkeys([*levels[::every], levels[-1]]))


def measure_curve(
    reference: np.ndarray,
    loss: Callable[[np.ndarray, np.ndarray], float],
    *,
    every: int = 1,
    codec: Codec = _JPEG,
) -> LossCurve:
    """Compress a picture and measure what shows.

    :param reference: uint8 RGB, shape (height, width, 3).
    :param loss: of a reference and its compressed version, JOD; `LocalLoss(...).largest`.
    :param every: 1 evaluates all levels. 4 takes a quarter of the time; on the demo set it moves a sample by 0.3 QF on
        average, and one in a hundred by more than 2.
    """
    levels = evaluated_levels(every, codec)
    losses = (loss(reference, codec.decode(codec.encode(reference, level))) for level in levels)
    return LossCurve(levels, tuple(round(max(value, 0.0), _DECIMALS) for value in losses), codec)


def one_jnd_loss_jod(codec: Codec) -> float:
    """The loss of a whole picture at 1 JND of this codec, JOD."""
    return ONE_JND_LOSS_JOD * SHARE_OF_JPEGS_LOSS.get(codec.name, 1.0)


def criteria(picture: str, observers: int, seed: int, codec: Codec = _JPEG) -> np.ndarray:
    """The loss in JOD above which each observer notices, on one picture, shape (observers,), positive.

    Observer k keeps character and criterion however many observers and pictures there are. Of two codecs, criteria
    differ by `SHARE_OF_JPEGS_LOSS` alone.
    """
    personal = _normal(observers, "person", seed)
    passing = _normal(observers, "picture", seed, picture)
    mixed = np.sqrt(PERSONAL_SHARE) * personal + np.sqrt(1 - PERSONAL_SHARE) * passing
    return one_jnd_loss_jod(codec) * REGION_FACTOR * np.exp(LOG_SIGMA * mixed)


def simulated_jnds(curve: LossCurve, criteria_jod: np.ndarray) -> np.ndarray:
    """The best of `codec.whole_levels` at which each observer notices, shape (observers,), int.

    Who would notice nothing even at the worst has the worst, as people who were asked for a point give the end of the
    scale.
    """
    envelope = curve.envelope()
    noticed = (envelope[None, :] > np.asarray(criteria_jod)[:, None]).sum(axis=1)
    return curve.codec.whole_levels[np.maximum(noticed, 1) - 1]


def _normal(count: int, *parts: object) -> np.ndarray:
    name = "/".join(str(part) for part in ("jnd-bench simulated observers", *parts))
    return np.random.default_rng(seed_of_text(name, bits=128)).standard_normal(count)
