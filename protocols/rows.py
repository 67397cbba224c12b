"""One picture's row of a run: what is known of its truth, and what a prediction must be to stand in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from datasets.core.imaging import psnr_db
from datasets.core.picture import Picture
from datasets.core.sur import sur_curve

Row = dict[str, Any]
"""By column, see `protocols.store.store.COLUMNS`."""


def empty_row(picture: Picture, fold: int, true_level: float) -> Row:
    """A picture's row before it is predicted: what is known of its truth, in the columns of `protocols.store.store`."""
    at_truth = at_level(picture, true_level)
    best = at_level(picture, float(picture.codec.best_level))
    return {
        "picture": picture.name,
        "source": picture.source,
        "codec": picture.codec.name,
        "fold": fold,
        "true_level": true_level,
        "predicted_level": np.nan,
        "true_psnr_db": at_truth["psnr_db"],
        "predicted_psnr_db": np.nan,
        "true_bytes": at_truth["bytes"],
        "predicted_bytes": np.nan,
        "best_bytes": best["bytes"],
        "clipped": False,
        "ms": np.nan,
        "true_sur": sur_curve(picture.samples, picture.codec).tolist() if picture.samples.size else None,
        "sur": None,
        "error": "",
    }


def at_level(picture: Picture, level: float) -> dict[str, float]:
    """PSNR and size at a level between two, interpolated in squared error and in bytes; NaN where not known."""
    summary = picture.ladder.summary_if_measured() if picture.has_pixels else None
    if summary is None:
        return {"psnr_db": np.nan, "bytes": np.nan}
    position = picture.codec.position(level)
    index = np.arange(len(summary.mse))
    return {
        "psnr_db": float(psnr_db(np.interp(position, index, summary.mse))),
        "bytes": float(np.interp(position, index, summary.size_bytes)),
    }


def checked_level(level: object, picture: Picture) -> float:
    """A predicted level as a number.

    :raises ValueError: where it is none, or outside the codec's range.
    """
    codec = picture.codec
    value = float(level)  # type: ignore[arg-type]
    if not codec.lowest <= value <= codec.highest:
        raise ValueError(f"predicted {codec.unit} {value:g}, outside {codec.lowest}..{codec.highest}")
    return value


def checked_sur(sur: np.ndarray | None, picture: Picture) -> np.ndarray | None:
    """A predicted curve, shape (levels,).

    :raises ValueError: where it is no rising share of people for every level.
    """
    if sur is None:
        return None
    curve = np.asarray(sur, dtype=float)
    if curve.shape != picture.codec.levels.shape or not ((curve >= 0) & (curve <= 1)).all():
        raise ValueError(f"predicted a SUR curve of shape {curve.shape} that is not one share in [0, 1] a level")
    if (np.diff(curve) < -1e-9).any():
        raise ValueError("predicted a SUR curve that falls from a worse to a better level")
    return curve
