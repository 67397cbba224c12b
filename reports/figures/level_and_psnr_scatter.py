"""The scatter plots of a run: which level each picture got, and what that costs in PSNR, both over the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reports.figures.layout import level_range, mae_of, near_rows
from reports.figures.row_frame import new_row_figure, row_title, use_few_ticks
from reports.figures.style import FILL, INK, MUTED
from reports.results.row import Row
from reports.results.section import Section
from reports.results.written import decimal

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MANY_POINTS = 400


def level_axes(section: Section) -> Figure:
    """Axes of the predicted against the true level, the same range on both; the dotted line is the constant's level."""
    figure, axes = _square_axes(section, *level_range(section))
    axes.set_xlabel(f"true level ({section.unit})")
    axes.set_ylabel(f"predicted level ({section.unit})")
    if section.control is not None:
        level = float(section.control.run.predictions["predicted_level"].median())
        axes.axhline(level, color=INK, linewidth=1.2, linestyle=":")
        place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "bottom"}
        axes.text(0.98, level + 0.5, f"constant, median {decimal(level, 1)}", fontsize=7.6, color=INK, **place)
    return figure


def add_levels(section: Section, row: Row, axes: Axes) -> tuple[list[Artist], str]:
    """A row's predictions over the truth."""
    known = row.run.predictions.dropna(subset=["predicted_level"])
    srcc = f"SRCC {_signed(row.scores['srcc'])}"
    title = row_title(row, axes, f"MAE {decimal(mae_of(row), 2)} {section.unit}, {srcc}", len(known))
    points = _points(axes, known["true_level"].to_numpy(float), known["predicted_level"].to_numpy(float))
    alt = (
        f"Predicted against true level for {row.predictor} on {section.title}: {srcc}, the constant's level as a line."
    )
    return [*title, points], alt


def psnr_axes(section: Section) -> Figure | None:
    """Axes of the PSNR at the predicted against that at the true level; None where no row knows any.

    They hold the truth and the predictions of the rows within `mae_limit`.
    """
    known = [pairs for row in near_rows(section) if (pairs := np.concatenate(_psnr_pairs(row))).size]
    if not known:
        return None
    values = np.concatenate(known)
    room = max(0.5, 0.04 * float(np.ptp(values)))
    figure, axes = _square_axes(section, float(values.min()) - room, float(values.max()) + room)
    axes.set_xlabel("PSNR at the true level (dB)")
    axes.set_ylabel("PSNR at the predicted level (dB)")
    return figure


def add_psnr(section: Section, row: Row, axes: Axes) -> tuple[list[Artist], str]:
    """A row's PSNRs, with the correlations and the constant's beside them; no artists where none is known."""
    true, predicted = _psnr_pairs(row)
    if not true.size:
        return [], ""
    error = row.scores["psnr_mae_db"]
    cost = "mean |ΔPSNR| undefined" if error is None else f"mean |ΔPSNR| {decimal(float(error), 2)} dB"
    low, high = axes.get_xlim()
    beyond = int(((predicted < low) | (predicted > high)).sum())
    lines = [_correlations(row)]
    if not row.is_control:
        lines.append(f"constant: {_correlations(section.control)}" if section.control else "constant: not run")
    if beyond:
        lines.append(f"{beyond} beyond the axis, drawn at its end")
    artists = [
        *row_title(row, axes, cost, true.size),
        _points(axes, true, np.clip(predicted, low, high)),
        axes.text(0.03, 0.97, "\n".join(lines), transform=axes.transAxes, va="top", fontsize=7.6, color=INK),
    ]
    compared = f"PSNR at the predicted against the true level for {row.predictor}"
    return artists, f"{compared} on {section.title}: {_correlations(row)}."


def _square_axes(section: Section, low: float, high: float) -> tuple[Figure, Axes]:
    figure, axes = new_row_figure(section, 3.7)
    axes.plot([low, high], [low, high], color=MUTED, linewidth=1.0, linestyle="--")
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal", anchor="W")
    use_few_ticks(axes)
    return figure, axes


def _points(axes: Axes, x: np.ndarray, y: np.ndarray) -> Artist:
    many = x.size > _MANY_POINTS
    size, edge = (9, 0.3) if many else (16, 0.5)
    # Hundreds of points are a picture in the SVG: as shapes they would be most of the report's bytes.
    return axes.scatter(x, y, s=size, color=FILL, edgecolor=INK, linewidth=edge, zorder=3, rasterized=many)


def _psnr_pairs(row: Row) -> tuple[np.ndarray, np.ndarray]:
    """PSNR at the true and at the predicted level of the pictures where both are known, each shape (pictures,), dB."""
    pairs = row.run.predictions[["true_psnr_db", "predicted_psnr_db"]].to_numpy(dtype=float)
    true, predicted = pairs[np.isfinite(pairs).all(axis=1)].T
    return true, predicted


def _signed(value: float | int | None) -> str:
    return "undefined" if value is None else f"{value:+.3f}"


def _correlations(row: Row) -> str:
    return f"PLCC {_signed(row.scores['psnr_plcc'])}, SRCC {_signed(row.scores['psnr_srcc'])}"
