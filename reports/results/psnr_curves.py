"""PSNR of pictures at any level, from the table beside the runs, and correlations freed of what content alone earns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from datasets.core.codec import Codec
from datasets.core.imaging import psnr_db
from datasets.sets import codec_named
from protocols.scoring.correlations import partial_pearson, partial_spearman, varies_within
from protocols.store.record import DatasetRecord
from reports.results.grid import Grid

if TYPE_CHECKING:
    import pandas as pd


@final
@dataclass(frozen=True)
class PsnrCurves:
    """PSNR of every picture at every level.

    :param names: of the pictures.
    :param mse: luma squared errors, from the worst to the best level, shape (pictures, levels).
    """

    names: tuple[str, ...]
    codec: Codec
    mse: np.ndarray

    def at(self, levels: np.ndarray) -> np.ndarray:
        """PSNR in dB at levels, interpolated in squared error, shape (..., pictures) as `levels`."""
        position = np.clip(self.codec.position(np.asarray(levels, dtype=float)), 0, self.mse.shape[1] - 1)
        below = np.minimum(position.astype(int), self.mse.shape[1] - 2)
        part, picture = position - below, np.arange(len(self.mse))
        return psnr_db(self.mse[picture, below] * (1 - part) + self.mse[picture, below + 1] * part)


def curves_of(pictures: pd.DataFrame | None, dataset: DatasetRecord) -> PsnrCurves | None:
    """The curves of all pictures of a table; None where one has none, or the codec is not known."""
    codec = codec_named(dataset.codec)
    if pictures is None or codec is None or pictures.empty or pictures["psnr_db"].isna().any():
        return None
    psnr = np.stack(pictures["psnr_db"].tolist())
    if psnr.shape[1] != len(codec.levels):
        return None
    return PsnrCurves(tuple(pictures["picture"].astype(str)), codec, 255.0**2 / 10 ** (psnr / 10))


def fixed_level(true_levels: np.ndarray) -> float:
    """The level at which a picture's own PSNR is held fixed: the median of the true levels, rounded.

    That is about where the constant stands, so what is held fixed is what a constant earns.
    """
    return float(np.round(np.median(true_levels)))


def partial_correlations(grid: Grid, row: int, curves: PsnrCurves | None) -> dict[str, float | None]:
    """PSNR correlations of a predictor given each picture's own PSNR at `fixed_level`.

    None for predictions that do not vary between the pictures of a fold, and without curves.

    :param row: the predictor's place in the grid.
    """
    names = ("psnr_partial_plcc", "psnr_partial_srcc")
    undefined: dict[str, float | None] = dict.fromkeys(names)
    if curves is None or len(grid.pictures) != len(curves.names):
        return undefined
    own = curves.at(np.full(len(curves.names), fixed_level(grid.true)))
    true, predicted = (grid.values[name][row] for name in ("true_psnr_db", "predicted_psnr_db"))
    known = np.isfinite(true) & np.isfinite(predicted)
    if not varies_within(grid.values["predicted_level"][row, known], grid.values["fold"][row, known]):
        return undefined
    columns = (true[known], predicted[known], own[known])
    return {name: compute(*columns) for name, compute in zip(names, (partial_pearson, partial_spearman), strict=True)}
