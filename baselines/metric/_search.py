"""Finding where a costly distance falls to a threshold without measuring it at every level.

Positions count levels from the worst, starting at 0. Every function works on what has been measured so far: a mapping
from positions to visibilities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np


def coarse_positions(number: int, count: int) -> np.ndarray:
    """Positions spread evenly over a ladder, both ends among them, shape (at most number,), int, rising.

    :param number: how many, at least 2.
    :param count: number of levels.
    """
    return np.unique(np.round(np.linspace(0, count - 1, min(number, count))).astype(int))


def search(
    visibility: Callable[[int], float],
    measured: Mapping[int, float],
    threshold: float,
    coarse: Sequence[int],
    count: int,
) -> tuple[float, bool]:
    """Where visibility falls to a threshold, measured exactly at the two levels around it.

    The answer lies between the last position that was measured above the threshold and the next measured one, and
    that gap is halved: at coarse positions first, then at any. So visibility is taken to fall inside a gap.

    :param visibility: measures one position.
    :param measured: what is known already; with every coarse position in it, only one gap is searched.
    :param count: number of levels.
    :returns: the position, interpolated, and whether it was clipped because visibility lies on one side.
    """
    known = dict(measured)
    while True:
        above, below = _gap(known, threshold, count)
        between = [place for place in coarse if above < place < below] or list(range(above + 1, below))
        if not between:
            break
        middle = between[len(between) // 2]
        known[middle] = visibility(middle)
    if above < 0:
        return 0.0, threshold > max(known.values())
    if below == count:
        return float(count - 1), True
    under = max(value for place, value in known.items() if place >= below)
    return above + (known[above] - threshold) / (known[above] - under), False


def interpolated(measured: Mapping[int, float], count: int) -> np.ndarray:
    """The monotone envelope at every position, shape (count,), never rising.

    Between measured positions the logarithm of the envelope follows a monotone cubic (PCHIP), for visibilities fall
    by orders of magnitude over a ladder. A visibility of zero stays zero.

    :param measured: both ends among them.
    """
    places = np.array(sorted(measured))
    envelope = np.maximum.accumulate(np.array([measured[int(place)] for place in places])[::-1])[::-1]
    if len(places) == count or not envelope.any():
        return envelope if len(places) == count else np.zeros(count)
    from scipy.interpolate import PchipInterpolator

    least = envelope[envelope > 0][-1]
    logs = PchipInterpolator(places, np.log(np.maximum(envelope, least / 10)))(np.arange(count))
    filled = np.exp(logs)
    filled[places] = envelope
    return np.minimum.accumulate(filled)


def _gap(known: Mapping[int, float], threshold: float, count: int) -> tuple[int, int]:
    """The last measured position above the threshold (-1: none) and the next measured one (count: none)."""
    above = max((place for place, value in known.items() if value > threshold), default=-1)
    return above, min((place for place in known if place > above), default=count)
