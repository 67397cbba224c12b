"""What is known of pictures at every level: the subjects' answers, shares of satisfied people, and PSNR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
import pandas as pd

from datasets.codecs import codecs
from datasets.core.codec import Codec
from datasets.core.imaging import psnr_db
from protocols.scoring.correlations import partial_pearson, partial_spearman, varies_within
from protocols.store.record import DatasetRecord
from reports.results.grid import Grid

if TYPE_CHECKING:
    from reports.results.row import Row
    from reports.results.section import Section


@final
@dataclass(frozen=True)
class Observed:
    """Subjects' samples of a section's pictures.

    :param samples: shape (pictures, most subjects), in levels, NaN where a picture has fewer.
    :param place: a picture's row in `samples`, by its name.
    :param levels: of the codec from worst to best, shape (levels,).
    :param sign: +1 where a higher level is better quality.
    """

    samples: np.ndarray
    place: dict[str, int]
    levels: np.ndarray
    sign: int

    def noticing(self, pictures: list[str], levels: np.ndarray) -> np.ndarray:
        """Share of a picture's subjects who notice its compression, in [0, 1].

        :param levels: one for each picture, shape (pictures,).
        :returns: shape (pictures,).
        """
        samples = self.samples[[self.place[name] for name in pictures]]
        return np.asarray(((samples - levels[:, None]) * self.sign >= 0).sum(axis=1) / np.isfinite(samples).sum(axis=1))

    def satisfied(self, pictures: list[str]) -> np.ndarray:
        """Share of a picture's subjects who see nothing, shape (pictures, levels), from the worst to the best level."""
        # Level by level: all at once would be a large array of booleans.
        return 1 - np.stack([self.noticing(pictures, np.full(len(pictures), level)) for level in self.levels], axis=1)


def observed(table: pd.DataFrame | None, dataset: DatasetRecord) -> Observed | None:
    """What is known of the subjects; None without a table of the pictures, or where one of them has no sample.

    :param table: what is known of a section's pictures, as `Section.pictures_table`.
    """
    codec = codecs().get(dataset.codec)
    if table is None or codec is None or table.empty:
        return None
    lists = [np.asarray(values, dtype=float) for values in table["samples"]]
    if min(len(values) for values in lists) == 0:
        return None
    samples = np.full((len(lists), max(map(len, lists))), np.nan)
    for place, values in enumerate(lists):
        samples[place, : len(values)] = values
    return Observed(samples, {name: at for at, name in enumerate(table["picture"])}, codec.levels, codec.sign)


def fixed_levels(section: Section) -> np.ndarray:
    """What one level for all pictures would give, shape (2, levels): those who notice and bytes saved, in per cent.

    No levels where that is not known.
    """
    table, subjects = section.pictures_table, observed(section.pictures_table, section.dataset)
    if table is None or subjects is None or table["size_bytes"].isna().any():
        return np.empty((2, 0))
    sizes = np.stack([np.asarray(values, dtype=float) for values in table["size_bytes"]])
    noticing = 1 - subjects.satisfied(table["picture"].tolist()).mean(axis=0)
    return 100 * np.stack([noticing, 1 - (sizes / sizes[:, -1:]).mean(axis=0)])


def predicted_curves(row: Row) -> tuple[list[str], np.ndarray]:
    """The pictures of a run that have a predicted SUR curve, and the curves, shape (pictures, levels)."""
    frame = row.run.predictions
    known = frame[frame["sur"].notna()]
    curves = np.stack([np.asarray(curve, dtype=float) for curve in known["sur"]]) if len(known) else np.empty((0, 0))
    return known["picture"].tolist(), curves


def has_curves(row: Row) -> bool:
    """Whether a run gave any SUR curve."""
    return row.scores["sur_mae"] is not None


def curve_of(value: Any, levels: np.ndarray | None) -> np.ndarray | None:
    """A stored curve as numbers, shape (levels,); None where there is none, or it fits no codec known here."""
    if value is None or levels is None or np.ndim(value) != 1 or np.size(value) != len(levels):
        return None
    return np.asarray(value, dtype=float)


@final
@dataclass(frozen=True)
class PsnrCurves:
    """PSNR of every picture at every level.

    :param mse: luma squared errors, from the worst to the best level, shape (pictures, levels).
    """

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
    codec = codecs().get(dataset.codec)
    if pictures is None or codec is None or pictures.empty or pictures["psnr_db"].isna().any():
        return None
    psnr = np.stack(pictures["psnr_db"].tolist())
    if psnr.shape[1] != len(codec.levels):
        return None
    return PsnrCurves(codec, 255.0**2 / 10 ** (psnr / 10))


def fixed_level(true_levels: np.ndarray) -> float:
    """The level at which a picture's own PSNR is held fixed: the median of the true ones, so what a constant earns."""
    return float(np.round(np.median(true_levels)))


def partial_correlations(grid: Grid, row: int, curves: PsnrCurves | None) -> dict[str, float | None]:
    """PSNR correlations of a predictor given each picture's own PSNR at `fixed_level`.

    None for predictions that do not vary between the pictures of a fold, and without curves.
    """
    names = ("psnr_partial_plcc", "psnr_partial_srcc")
    undefined: dict[str, float | None] = dict.fromkeys(names)
    if curves is None or len(grid.pictures) != len(curves.mse):
        return undefined
    own = curves.at(np.full(len(curves.mse), fixed_level(grid.true)))
    true, predicted = (grid.values[name][row] for name in ("true_psnr_db", "predicted_psnr_db"))
    known = np.isfinite(true) & np.isfinite(predicted)
    if not varies_within(grid.values["predicted_level"][row, known], grid.values["fold"][row, known]):
        return undefined
    columns = (true[known], predicted[known], own[known])
    return {name: compute(*columns) for name, compute in zip(names, (partial_pearson, partial_spearman), strict=True)}
