"""Simulated observers: when would people with this criterion have noticed the compression?

**They are no people.** An observer notices at the best level at which a metric (`datasets.simulation.loss_metric`)
shows a loss above that observer's own criterion. Criteria are log-normal, as people's are. Each metric's file says
where its constants come from, what is known and what is ours. Ours is `PERSONAL_SHARE`, too: half of the variance of a
criterion belongs to the person, who is strict or lenient on every picture; the other half to the person's day with that
picture.

Loss is not monotone in level, so each level counts with the largest loss there or at any better level (envelope).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from datasets.codecs.jpeg import Jpeg
from datasets.common.hashing import seed_of_text
from datasets.core.codec import Codec
from datasets.simulation.cvvdp import CvvdpLoss
from datasets.simulation.loss_metric import Loss, LossMetric
from datasets.simulation.psnr_hvs_m import PsnrHvsMLoss
from datasets.simulation.ssimulacra2 import Ssimulacra2Loss

LOSS_METRICS: Final[Mapping[str, LossMetric]] = {
    metric.about.name: metric for metric in (CvvdpLoss(), Ssimulacra2Loss(), PsnrHvsMLoss())
}
"""By name."""

PERSONAL_SHARE = 0.5
_CVVDP: Final = CvvdpLoss()
_JPEG: Final = Jpeg()

_DECIMALS = 4
"""Of a stored loss: finer digits differ between processors, and samples must follow from what is stored."""


@dataclass(frozen=True)
class LossCurve:
    """A picture's loss over a codec's levels.

    :param levels: those that were evaluated, from the worst to the codec's best.
    :param loss: at each, in the unit of the metric, zero or more.
    """

    levels: tuple[int, ...]
    loss: tuple[float, ...]
    codec: Codec = _JPEG

    def envelope(self) -> np.ndarray:
        """The largest loss at each of `codec.whole_levels` or at any better one, never rising.

        Between evaluated levels it is interpolated; before the first it stays.
        """
        falling = np.maximum.accumulate(np.array(self.loss)[::-1])[::-1]
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
    loss: Loss,
    *,
    every: int = 1,
    codec: Codec = _JPEG,
) -> LossCurve:
    """Compress a picture and measure what shows.

    :param reference: uint8 RGB, shape (height, width, 3).
    :param loss: of a reference and its compressed version.
    :param every: 1 evaluates all levels. 4 takes a quarter of the time; on the demo set it moves a sample by 0.3 QF on
        average, and one in a hundred by more than 2.
    """
    levels = evaluated_levels(every, codec)
    losses = (loss(reference, codec.decode(codec.encode(reference, level))) for level in levels)
    return LossCurve(levels, tuple(round(max(value, 0.0), _DECIMALS) for value in losses), codec)


def criteria(picture: str, observers: int, seed: int, codec: Codec = _JPEG, metric: LossMetric = _CVVDP) -> np.ndarray:
    """The loss above which each observer notices, on one picture, shape (observers,), positive, in the metric's unit.

    Observer k keeps character and criterion however many observers and pictures there are. Of two codecs, criteria
    differ by `LossMetric.share_of_jpegs_loss` alone. Observers with different metrics are different people: no draw is
    the same, so what one kind has in common with another comes from the pictures.
    """
    kind = () if metric == _CVVDP else (metric.about.name,)
    personal = _normal(observers, *kind, "person", seed)
    passing = _normal(observers, *kind, "picture", seed, picture)
    mixed = np.sqrt(PERSONAL_SHARE) * personal + np.sqrt(1 - PERSONAL_SHARE) * passing
    return metric.criterion(codec) * np.exp(metric.log_sigma * mixed)


def simulated_jnds(curve: LossCurve, noticed_above: np.ndarray) -> np.ndarray:
    """The best of `codec.whole_levels` at which each observer notices, shape (observers,), int.

    Who would notice nothing even at the worst has the worst, as people who were asked for a point give the end of the
    scale.
    """
    envelope = curve.envelope()
    noticed = (envelope[None, :] > np.asarray(noticed_above)[:, None]).sum(axis=1)
    return curve.codec.whole_levels[np.maximum(noticed, 1) - 1]


def _normal(count: int, *parts: object) -> np.ndarray:
    name = "/".join(str(part) for part in ("jnd-bench simulated observers", *parts))
    return np.random.default_rng(seed_of_text(name, bits=128)).standard_normal(count)
