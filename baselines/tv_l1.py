"""The structure of a picture by total variation with an L1 data term (TV-L1), the picture without its texture.

Nikolova 2004 and Chan & Esedoglu 2005: the minimiser keeps contrasts and edges and drops what is small, whatever its
contrast. Total variation is anisotropic here, over the four neighbours, so that the energy of a picture of whole grey
levels is minimised by one of whole grey levels, and rounding a fractional minimiser does not raise it on average.
"""

from __future__ import annotations

from typing import final

import numpy as np

DATA_WEIGHT = 0.8
"""What a grey level of change costs beside a grey level of difference between neighbours (Liu et al. 2010: lambda)."""
TOLERANCE = 5e-4
"""The search ends where `CHECKED_EVERY` iterations lower the energy by no more than this share of it."""
CHECKED_EVERY = 50
MOST_ITERATIONS = 2000

_UNIT = 32
"""Steps of a grey level in the solver's whole numbers: 255 levels and their differences fit into 16 bits."""
_STEP = 2.5
"""Length of a primal step (tau), in grey levels; a dual one is 1 / (8 tau), as the solver's theory asks for."""
_BOUND = round(_STEP * _UNIT * 8)
_PULL = round(_STEP * _UNIT * DATA_WEIGHT)
_STRIP = 2**16
"""Pixels whose numbers fit into a core's cache."""


def tv_l1_energy(structure: np.ndarray, plane: np.ndarray) -> float:
    """Differences between neighbours, down and across, and 0.8 of the distance from the plane, in grey levels.

    :param structure: uint8, shape (height, width).
    :param plane: of the same type and shape.
    """
    import cv2

    down = cv2.norm(structure[1:], structure[:-1], cv2.NORM_L1)
    across = cv2.norm(structure[:, 1:], structure[:, :-1], cv2.NORM_L1)
    return float(down + across + DATA_WEIGHT * cv2.norm(structure, plane, cv2.NORM_L1))


def tv_l1_structure(plane: np.ndarray, *, tolerance: float = TOLERANCE) -> np.ndarray:
    """The plane of least TV-L1 energy, to within a small share of that energy.

    The minimiser need not be unique, so compare energies, not pixels. On photographs the default tolerance ends
    within 0.05 % of the exact energy.

    :param plane: uint8, shape (height, width).
    :param tolerance: see `TOLERANCE`; a negative one ends with `MOST_ITERATIONS`.
    :returns: uint8, same shape.
    """
    solver = _PrimalDual(plane)
    best, least, before = plane, tv_l1_energy(plane, plane), np.inf
    for _ in range(0, MOST_ITERATIONS, CHECKED_EVERY):
        solver.advance(CHECKED_EVERY)
        found = solver.structure()
        energy = tv_l1_energy(found, plane)
        if energy < least:
            best, least = found, energy
        if before - energy <= tolerance * energy:
            break
        before = energy
    return best


@final
class _PrimalDual:
    """Chambolle & Pock 2011, Algorithm 1, in 16-bit whole numbers: the same answer on every machine.

    Every pixel has a value, and every pair of neighbours a force between -1 and 1 that draws them together. Values
    are in `_UNIT` of a grey level, forces in 8 `_UNIT` tau, so that no step needs a product: a value moves by an
    eighth of the forces on it, and a force by the difference of the values after their step, taken twice.
    All planes are flat, and the last pixel of a row pulls nobody; so one row's end and the next one's start
    do not touch.
    """

    def __init__(self, plane: np.ndarray) -> None:
        self.height, self.width = plane.shape
        self.given = plane.astype(np.int16).ravel() * _UNIT
        self.value = self.given.copy()
        self.to_right = np.zeros(plane.size + 1, np.int16)
        """Entry p + 1: between pixel p and the one on its right."""
        self.to_below = np.zeros(plane.size + self.width, np.int16)
        """Entry p + width: between pixel p and the one below."""
        self.rows = max(1, min(self.height, _STRIP // self.width))
        strip = self.rows * self.width
        self.moved, self.spare = np.empty((2, strip), np.int16)
        self.ahead = np.zeros(self.width + strip + 1, np.int16)

    def structure(self) -> np.ndarray:
        """The present values, rounded, uint8, shape (height, width)."""
        levels = (self.value + _UNIT // 2) // _UNIT
        return np.clip(levels, 0, 255).astype(np.uint8).reshape(self.height, self.width)

    def advance(self, iterations: int) -> None:
        """Go on; strip by strip, since the whole planes do not fit into the cache."""
        for _ in range(iterations):
            for top in range(0, self.height, self.rows):
                self._advance_strip(top, min(self.rows, self.height - top))

    def _advance_strip(self, top: int, rows: int) -> None:
        import cv2

        width, size = self.width, rows * self.width
        here = slice(top * width, top * width + size)
        right = self.to_right[here.start + 1 : here.stop + 1]
        moved, spare, value = self.moved[:size], self.spare[:size], self.value[here]
        cv2.subtract(right, self.to_right[here], dst=moved)
        cv2.add(moved, self.to_below[here.start + width : here.stop + width], dst=moved)
        cv2.subtract(moved, self.to_below[here], dst=moved)
        np.right_shift(moved, 3, out=moved)
        cv2.subtract(self.given[here], value, dst=spare)
        cv2.subtract(spare, moved, dst=spare)
        np.clip(spare, -_PULL, _PULL, out=spare)
        cv2.add(moved, spare, dst=moved)
        cv2.add(value, moved, dst=value)
        # One row more than the strip: the last row of the strip above waits for this one's first row.
        ahead = self.ahead[width : width + size]
        cv2.add(value, moved, dst=ahead)
        cv2.subtract(self.ahead[width + 1 : width + size + 1], ahead, dst=spare)
        self._pull(right, spare)
        right[width - 1 :: width] = 0
        first = 0 if top else width
        cv2.subtract(ahead[first:], self.ahead[first:size], dst=spare[first:])
        self._pull(self.to_below[here][first:], spare[first:])
        self.ahead[:width] = ahead[-width:]

    @staticmethod
    def _pull(force: np.ndarray, difference: np.ndarray) -> None:
        import cv2

        if len(force):  # a strip of a single row at the top has no row above it
            cv2.add(force, difference, dst=force)
            np.clip(force, -_BOUND, _BOUND, out=force)
