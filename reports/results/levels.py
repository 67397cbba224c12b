"""Curves of satisfied people over a codec's levels: as stored, at a level, and where they reach a share."""

from __future__ import annotations

from typing import Any

import numpy as np


def reaches(levels: np.ndarray, curve: np.ndarray, share: float) -> float | None:
    """The worst level at which so large a share of people is satisfied.

    :param levels: from the worst to the best.
    :param curve: share of satisfied people at each, 0..1.
    :returns: None where it is never reached.
    """
    found = np.flatnonzero(curve >= share)
    return float(levels[found[0]]) if found.size else None


def curve_of(value: Any, levels: np.ndarray | None) -> np.ndarray | None:
    """A stored curve as numbers, shape (levels,); None where there is none, or it fits no codec known here."""
    if value is None or levels is None or np.ndim(value) != 1 or np.size(value) != len(levels):
        return None
    return np.asarray(value, dtype=float)


def share_at(levels: np.ndarray, curve: np.ndarray, level: float) -> float:
    """The share of satisfied people at a level, between levels in a straight line, 0..1."""
    position = np.abs(level - levels[0])
    return float(np.interp(position, np.arange(len(levels)), curve))
