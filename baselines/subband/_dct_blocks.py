"""The 8x8 block DCT of a luma plane, and the spatial frequencies its coefficients stand for.

Coefficients are orthonormal: DC is eight times the block's mean. Arrays of them are frequency by frequency,
shape (8, 8, block rows, block columns), so that what belongs to one frequency lies together in memory.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

SIDE = 8
"""Pixels along a block's side."""
MID_GREY = 1024.0
"""DC of a block of grey 128, which JPEG subtracts before it quantises."""
VERTICAL, HORIZONTAL = np.mgrid[:SIDE, :SIDE]
"""Each coefficient's index down and across, shape (8, 8)."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """A luma plane in whole blocks, and their coefficients.

    :param plane: padded to whole blocks, 0..255, shape (8 rows, 8 columns).
    :param coefficients: of the plane without level shift, shape (8, 8, rows, columns).
    :param shape: of the plane before it was padded, (height, width).
    """

    plane: np.ndarray
    coefficients: np.ndarray
    shape: tuple[int, ...]

    @classmethod
    def of(cls, plane: np.ndarray, dtype: type = np.float32) -> Blocks:
        """Cut up and transform a plane.

        :param plane: 0..255, uint8 or float, shape (height, width).
        :param dtype: of the coefficients.
        """
        padded = whole_blocks(plane)
        return cls(padded, block_dct(padded, dtype), plane.shape)

    @property
    def mean_luma(self) -> np.ndarray:
        """Each block's mean, 0..255, shape (rows, columns)."""
        return np.asarray(self.coefficients[0, 0] / SIDE)

    def count(self, marked: np.ndarray) -> np.ndarray:
        """How many of each block's pixels are marked, shape (rows, columns).

        :param marked: bool, the plane's shape.
        """
        rows, columns = self.coefficients.shape[2:]
        return marked.reshape(rows, SIDE, columns, SIDE).sum(axis=(1, 3))


def whole_blocks(plane: np.ndarray) -> np.ndarray:
    """The plane with its last row and column repeated until there are whole blocks, as JPEG encoders do."""
    down, across = -plane.shape[0] % SIDE, -plane.shape[1] % SIDE
    return np.pad(plane, ((0, down), (0, across)), mode="edge") if down or across else plane


def block_dct(plane: np.ndarray, dtype: type = np.float32) -> np.ndarray:
    """Orthonormal DCT of every block, partial ones filled up by `whole_blocks`.

    :param plane: any numbers, shape (height, width).
    :returns: of `dtype`, shape (8, 8, rows, columns).
    """
    plane = whole_blocks(plane)
    rows, columns = plane.shape[0] // SIDE, plane.shape[1] // SIDE
    pixels: np.ndarray = plane.reshape(rows, SIDE, columns, SIDE).transpose(1, 3, 0, 2).astype(dtype, order="C")
    coefficients = _transform(np.dtype(dtype).name) @ pixels.reshape(SIDE * SIDE, -1)
    return coefficients.reshape(SIDE, SIDE, rows, columns)


def inverse_block_dct(coefficients: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """The plane of whole blocks that has these coefficients: undoes `block_dct`.

    :param coefficients: float32 or float64, shape (8, 8, rows, columns).
    :param out: where to; contiguous, else as what is returned.
    :returns: `out`, or a new array; of that type, shape (8 rows, 8 columns).
    """
    rows, columns = coefficients.shape[2:]
    if out is None:
        out = np.empty((SIDE * rows, SIDE * columns), coefficients.dtype)
    pixels = _transform(coefficients.dtype.name).T @ coefficients.reshape(SIDE * SIDE, -1)
    in_order = pixels.reshape(SIDE, SIDE, rows, columns).transpose(2, 0, 3, 1)
    out.reshape(rows, SIDE, columns, SIDE)[:] = in_order
    return out


def cycles_per_degree(pixels_per_degree: float) -> np.ndarray:
    """Spatial frequency of each coefficient in cycles per degree of visual angle, shape (8, 8); 0 for DC."""
    return pixels_per_degree / (2 * SIDE) * np.hypot(VERTICAL, HORIZONTAL)


def obliqueness() -> np.ndarray:
    """Squared sine of the angle between a coefficient's two gratings: 0 along the axes, 1 on the diagonal, (8, 8)."""
    energy = VERTICAL**2 + HORIZONTAL**2
    return np.asarray((2 * VERTICAL * HORIZONTAL / np.maximum(energy, 1)) ** 2)


def normalisation() -> np.ndarray:
    """Peak of each orthonormal basis function's two factors, phi_i phi_j, shape (8, 8)."""
    factor = np.full(SIDE, np.sqrt(2 / SIDE))
    factor[0] = np.sqrt(1 / SIDE)
    return np.outer(factor, factor)


def basis() -> np.ndarray:
    """The eight functions whose products down and across are the 2-D basis; orthonormal rows, shape (8, 8)."""
    from scipy.fft import dct

    return np.asarray(dct(np.eye(SIDE), norm="ortho", axis=0))


@functools.cache
def _transform(dtype: str) -> np.ndarray:
    return np.kron(basis(), basis()).astype(dtype)
