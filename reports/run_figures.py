"""Figures of one run: how far off each picture was, and what that costs in PSNR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reports.axes import WITHIN, error_bins
from reports.columns import decimal, mark
from reports.drawing import BAND, FILL, INK, MUTED, letters_across, new_figure, shortened
from reports.rows import Row
from reports.sections import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH_IN = 4.4
_MANY_POINTS = 400


def error_histogram(section: Section, row: Row) -> Figure | None:
    """Predicted minus true level, with bins shared by the section."""
    from matplotlib.ticker import MaxNLocator

    if not row.errors.size:
        return None
    edges, highest = error_bins(section)
    title = [_name(row), _shares(section, row), *_subtitle(section, row, row.errors.size)]
    figure, axes = new_figure(_WIDTH_IN, 2.3, title=title)
    axes.axvspan(-WITHIN, WITHIN, color=BAND, linewidth=0, zorder=0)
    axes.hist(row.errors, bins=list(edges), color=FILL, edgecolor=INK, linewidth=0.6)
    for place, style in ((0, "-"), (-WITHIN, "--"), (WITHIN, "--")):
        axes.axvline(place, color=INK, linewidth=1.0, linestyle=style)
    _count_beyond(axes, row.errors, edges)
    room = (edges[1] - edges[0]) / 4
    axes.set(xlim=(edges[0] - room, edges[-1] + room), ylim=(0, highest * 1.05))
    axes.set_xlabel(f"predicted minus true level ({section.unit})")
    axes.set_ylabel("pictures")
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    return figure


def _count_beyond(axes: Axes, errors: np.ndarray, edges: np.ndarray) -> None:
    below, above = int((errors < edges[0]).sum()), int((errors > edges[-1]).sum())
    if below:
        axes.text(0.02, 0.5, f"← {below} farther", transform=axes.transAxes, ha="left", color=INK)
    if above:
        axes.text(0.98, 0.5, f"{above} farther →", transform=axes.transAxes, ha="right", color=INK)


def psnr_scatter(section: Section, row: Row) -> Figure | None:
    """PSNR at the predicted against PSNR at the true level, with the correlations and the constant's beside them."""
    pairs = row.run.predictions[["true_psnr_db", "predicted_psnr_db"]].to_numpy(dtype=float)
    true, predicted = pairs[np.isfinite(pairs).all(axis=1)].T
    if not true.size:
        return None
    mae = row.scores["psnr_mae_db"]
    cost = "mean |ΔPSNR| undefined" if mae is None else f"mean |ΔPSNR| {decimal(float(mae), 2)} dB"
    figure, axes = new_figure(_WIDTH_IN, 3.7, title=[_name(row), cost, *_subtitle(section, row, true.size)])
    low, high = min(true.min(), predicted.min()), max(true.max(), predicted.max())
    room = max(0.5, 0.04 * (high - low))
    axes.plot([low - room, high + room], [low - room, high + room], color=MUTED, linewidth=1.0, linestyle="--")
    many = true.size > _MANY_POINTS
    axes.scatter(
        true, predicted, s=9 if many else 16, color=FILL, edgecolor=INK, linewidth=0.3 if many else 0.5, zorder=3,
        rasterized=many,
    )  # fmt: skip
    axes.set(xlim=(low - room, high + room), ylim=(low - room, high + room), aspect="equal", anchor="W")
    axes.set_xlabel("PSNR at the true level (dB)")
    axes.set_ylabel("PSNR at the predicted level (dB)")
    lines = [_correlations(row)]
    if not row.is_control:
        lines.append(f"constant: {_correlations(section.control)}" if section.control else "constant: not run")
    axes.text(0.03, 0.97, "\n".join(lines), transform=axes.transAxes, va="top", fontsize=7.6, color=INK)
    return figure


def _name(row: Row) -> str:
    return f"{shortened(row.predictor, 30)}{f' ({mark(row)})' if mark(row) else ''}"


def _shares(section: Section, row: Row) -> str:
    shares = "/".join(decimal(100 * float(row.scores[f"within_{k}"] or 0), 0) for k in (3, 5, 10))
    return f"{shares} % within 3/5/10 {section.unit}"


def _subtitle(section: Section, row: Row, drawn: int) -> list[str]:
    total = row.scores["n"]
    pictures = f"{total} pictures" if drawn == total else f"{drawn} of {total} pictures"
    heading = section.dataset.heading_within(letters_across(_WIDTH_IN))
    return [heading, f"{section.settings}, {pictures}", *([section.limited] if section.limited else [])]


def _correlations(row: Row | None) -> str:
    def text(name: str) -> str:
        value = row.scores[name] if row is not None else None
        return "undefined" if value is None else f"{value:+.3f}"

    return f"PLCC {text('psnr_plcc')}, SRCC {text('psnr_srcc')}"


def describe_errors(section: Section, row: Row) -> str:
    """The histogram in words."""
    bias = decimal(float(row.scores["bias"] or 0), 1)
    return (
        f"Histogram of predicted minus true level for {row.predictor} on {section.title}: "
        f"{_shares(section, row)}, mean error {bias} {section.unit}."
    )


def describe_psnr(section: Section, row: Row) -> str:
    """The scatter in words."""
    return f"PSNR at the predicted against the true level for {row.predictor} on {section.title}: {_correlations(row)}."
