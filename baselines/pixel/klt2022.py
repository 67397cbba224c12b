"""Jiang et al. 2022: what a picture may lose of its principal components before people notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.pixel._base import PixelMapPredictor, check_size
from baselines.pixel._canny import unprotected
from datasets.core.picture import Picture
from datasets.core.reference import Reference

SIDE = 8
"""Pixels along a block; 64 components."""
SHAPE, SCALE = 894.16, 0.99805
"""Of the Weibull density over a picture's cumulative energy (beta, eta): all that was learned from people's ratings."""
_SMALLEST = 1e-7
"""Grey levels: a map is positive, also where a component leaves nothing behind."""


@final
class Klt2022(PixelMapPredictor):
    """The difference between a picture and its critical reconstruction from the first components of its own basis."""

    edge_protection: bool = True
    """Whether the map ends near edges."""

    border: str = "reflect"
    """How the edge weight sees beyond the picture: `reflect`, or `zero` as in the authors' MATLAB."""

    card = Card(
        name="klt2022",
        title="Jiang et al. 2022 (KLT)",
        references=(
            Reference(
                authors=("Q. Jiang", "Z. Liu", "S. Wang", "F. Shao", "W. Lin"),
                title="Toward top-down just noticeable difference estimation of natural images",
                venue="IEEE TIP 31:3697-3712",
                year=2022,
            ),
        ),
        deviations=(
            "Implemented after the authors' MATLAB code, with its Weibull parameters; its Python port differs.",
            "The paper gives a critical picture, not a level: here the level whose error energy equals the critical "
            "picture's, times one factor fitted on the training pictures (none in -as-published).",
            "That energy is measured without edge protection and over the picture cropped to whole 8x8 blocks, as "
            "the basis is. The map also covers what was cropped: there the picture is continued by reflection.",
            "Canny edges are thinned by OpenCV, see baselines.pixel._canny, and widened by a true disk of radius 3; "
            "MATLAB takes a 5x5 square for it. This bears on the map alone.",
        ),
    )

    def jnd_map(self, luma: np.ndarray) -> np.ndarray:
        """What the critical picture lacks at each pixel, less near edges."""
        lost = lost_map(luma)
        if self.edge_protection:
            lost *= unprotected(luma, border=self.border)
        return np.maximum(lost, _SMALLEST, out=lost)

    def map_energy(self, picture: Picture) -> float:
        """Mean square of what the critical picture lacks: its error, without edge protection."""
        return critical_point(picture.reference_luma).lost_energy


@dataclass(frozen=True)
class CriticalPoint:
    """Where a picture's principal components may be cut off.

    :param shares: energy of the first 1..64 components over all energy, shape (64,), rising to 1.
    :param components: how many the critical picture keeps (L).
    :param rest: projects a block onto the components it lacks, shape (64, 64).
    :param lost_energy: mean square of what it lacks, in grey levels squared.
    """

    shares: np.ndarray
    components: int
    rest: np.ndarray
    lost_energy: float


def critical_point(luma: np.ndarray) -> CriticalPoint:
    """The picture's own basis of 8x8 blocks, and where it is cut off.

    :param luma: 0..255, shape (height, width); what is beyond whole blocks is left out.
    :raises UserError: where a side is shorter than 8 pixels.
    """
    check_size(luma)
    blocks = _blocks(luma)
    moment = blocks.T @ blocks / len(blocks)
    mean = blocks.mean(axis=0)
    basis = np.linalg.eigh(moment - np.outer(mean, mean))[1][:, ::-1]
    energies = np.maximum(((moment @ basis) * basis).sum(axis=0), 0)
    total = energies.sum()
    shares = np.cumsum(energies) / total if total > 0 else np.ones(len(energies))
    components = expected_components(shares)
    rest = basis[:, components:]
    return CriticalPoint(shares, components, rest @ rest.T, float(energies[components:].sum()) / len(energies))


def expected_components(shares: np.ndarray) -> int:
    """Expected number of components under the Weibull density over the share of energy they hold, rounded up.

    :param shares: cumulative, shape (components,).
    """
    ratio = np.log(np.maximum(shares, np.finfo(float).tiny) / SCALE)
    logs = (SHAPE - 1) * ratio - np.exp(SHAPE * ratio)  # an exponent of 893 leaves the range of floats
    weights = np.exp(logs - logs.max())
    return int(np.ceil(np.average(np.arange(1, len(shares) + 1), weights=weights)))


def lost_map(luma: np.ndarray) -> np.ndarray:
    """Size of what the critical picture lacks at each pixel, grey levels, 0 and up, shape as luma.

    Blocks that reach beyond the picture are completed by its reflection; the basis is that of the whole blocks.
    """
    import cv2

    point = critical_point(luma)
    height, width = luma.shape
    whole = cv2.copyMakeBorder(luma, 0, -height % SIDE, 0, -width % SIDE, cv2.BORDER_REFLECT_101)
    lost = _blocks(whole) @ point.rest
    np.abs(lost, out=lost)
    rows = lost.reshape(whole.shape[0] // SIDE, whole.shape[1] // SIDE, SIDE, SIDE).swapaxes(1, 2)
    return rows.reshape(whole.shape)[:height, :width]


def _blocks(luma: np.ndarray) -> np.ndarray:
    """Whole 8x8 blocks, one a row, float64, shape (blocks, 64)."""
    down, across = luma.shape[0] // SIDE, luma.shape[1] // SIDE
    rows = luma[: down * SIDE, : across * SIDE].reshape(down, SIDE, across, SIDE).swapaxes(1, 2)
    return rows.reshape(-1, SIDE * SIDE).astype(float)
