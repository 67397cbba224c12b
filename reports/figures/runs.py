"""Figures of one run: how far off each picture was, which level it got, and what that costs in PSNR.

Each is a frame that the rows of a section share (axes, ticks, guides) and a function that fills in one row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reports.figures.axes import WITHIN, bin_counts, error_bins, level_range, psnr_pairs, psnr_range
from reports.figures.frames import Frame
from reports.figures.style import BAND, FILL, INK, MUTED, letters_across, new_figure, shortened, title_lines
from reports.results.columns import decimal, mark
from reports.results.rows import Row
from reports.results.sections import Section

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH_IN = 4.4
_MANY_POINTS = 400


def error_frame(section: Section) -> Frame:
    """Axes of predicted minus true level, with bins shared by the section."""
    edges, highest = error_bins(section)
    figure, axes = new_figure(_WIDTH_IN, 2.3, title=_title(section))
    axes.axvspan(-WITHIN, WITHIN, color=BAND, linewidth=0, zorder=0)
    room = (edges[1] - edges[0]) / 4
    axes.set(xlim=(edges[0] - room, edges[-1] + room), ylim=(0, highest * 1.05))
    axes.set_xlabel(f"predicted minus true level ({section.unit})")
    axes.set_ylabel("pictures")
    axes.grid(visible=False, axis="x")
    _few_ticks(axes, integer=True)
    return Frame(figure, axes)


def fill_errors(section: Section, row: Row, figure: Figure, axes: Axes) -> list[Artist]:
    """A row's histogram, with the shares within 3, 5 and 10 levels."""
    edges, _ = error_bins(section)
    errors = section.grid.errors_of(row.predictor)
    counts, below, above = bin_counts(errors, edges)
    drawn: list[Artist] = _words(row, figure, _shares(section, row), errors.size)
    drawn.append(axes.stairs(counts, edges, fill=True, facecolor=FILL, edgecolor=INK, linewidth=0.6, zorder=2))
    drawn.append(axes.vlines(edges, 0, _walls(counts), color=INK, linewidth=0.6, zorder=2.1))
    across = axes.get_xaxis_transform()
    drawn.append(axes.vlines(0, 0, 1, INK, "solid", transform=across, linewidth=1.0, zorder=3))
    drawn.append(axes.vlines((-WITHIN, WITHIN), 0, 1, INK, "dashed", transform=across, linewidth=1.0, zorder=3))
    for count, x, text in ((below, 0.02, f"← {below} farther"), (above, 0.98, f"{above} farther →")):
        if count:
            side = "left" if x < 0.5 else "right"
            drawn.append(axes.text(x, 0.5, text, transform=axes.transAxes, ha=side, color=INK))
    return drawn


def level_frame(section: Section) -> Frame:
    """Axes of the predicted against the true level, the same range on both."""
    figure, axes = new_figure(_WIDTH_IN, 3.7, title=_title(section))
    _square(axes, *level_range(section))
    axes.set_xlabel(f"true level ({section.unit})")
    axes.set_ylabel(f"predicted level ({section.unit})")
    if section.control is not None:
        level = float(section.control.run.predictions["predicted_level"].median())
        axes.axhline(level, color=INK, linewidth=1.2, linestyle=":")
        place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "bottom"}
        axes.text(0.98, level + 0.5, f"constant, median {decimal(level, 1)}", fontsize=7.6, color=INK, **place)
    return Frame(figure, axes)


def fill_levels(section: Section, row: Row, figure: Figure, axes: Axes) -> list[Artist]:
    """A row's predictions over the truth; the dotted line is the constant's level."""
    good = row.run.predictions.dropna(subset=["predicted_level"])
    true, predicted = good["true_level"].to_numpy(float), good["predicted_level"].to_numpy(float)
    srcc = row.scores["srcc"]
    told = f"MAE {decimal(float(row.scores['mae'] or 0), 2)} {section.unit}, SRCC {_signed(srcc)}"
    drawn = _words(row, figure, told, len(good))
    drawn.append(_points(axes, true, predicted))
    return drawn


def psnr_frame(section: Section) -> Frame | None:
    """Axes of the PSNR at the predicted against that at the true level; None where no row knows any."""
    limits = psnr_range(section)
    if limits is None:
        return None
    figure, axes = new_figure(_WIDTH_IN, 3.7, title=_title(section))
    _square(axes, *limits)
    axes.set_xlabel("PSNR at the true level (dB)")
    axes.set_ylabel("PSNR at the predicted level (dB)")
    return Frame(figure, axes)


def fill_psnr(section: Section, row: Row, figure: Figure, axes: Axes) -> list[Artist]:
    """A row's PSNRs, with the correlations and the constant's beside them."""
    true, predicted = psnr_pairs(row)
    if not true.size:
        return []
    mae = row.scores["psnr_mae_db"]
    cost = "mean |ΔPSNR| undefined" if mae is None else f"mean |ΔPSNR| {decimal(float(mae), 2)} dB"
    drawn = _words(row, figure, cost, true.size)
    low, high = axes.get_xlim()
    beyond = int(((predicted < low) | (predicted > high)).sum())
    points = _points(axes, true, np.clip(predicted, low, high))
    drawn.append(points)
    lines = [_correlations(row)]
    if not row.is_control:
        lines.append(f"constant: {_correlations(section.control)}" if section.control else "constant: not run")
    if beyond:
        lines.append(f"{beyond} beyond the axis, drawn at its end")
    told = "\n".join(lines)
    drawn.append(axes.text(0.03, 0.97, told, transform=axes.transAxes, va="top", fontsize=7.6, color=INK))
    return drawn


def _square(axes: Axes, low: float, high: float) -> None:
    axes.plot([low, high], [low, high], color=MUTED, linewidth=1.0, linestyle="--")
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal", anchor="W")
    _few_ticks(axes)


def _few_ticks(axes: Axes, *, integer: bool = False) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=7))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=integer))


def _points(axes: Axes, x: np.ndarray, y: np.ndarray) -> Artist:
    many = x.size > _MANY_POINTS
    size, edge = (9, 0.3) if many else (16, 0.5)
    # Hundreds of points are a picture in the SVG: as shapes they would be most of the report's bytes.
    return axes.scatter(x, y, s=size, color=FILL, edgecolor=INK, linewidth=edge, zorder=3, rasterized=many)


def _walls(counts: np.ndarray) -> np.ndarray:
    return np.maximum(np.append(counts, 0), np.append(0, counts))


def _title(section: Section) -> list[str]:
    """The lines that all rows share, below the two that each row fills."""
    heading = section.dataset.heading_within(letters_across(_WIDTH_IN))
    return ["", "", heading, section.settings, *([section.limited] if section.limited else [])]


def _words(row: Row, figure: Figure, told: str, drawn: int) -> list[Artist]:
    name = f"{shortened(row.predictor, 30)}{f' ({mark(row)})' if mark(row) else ''}"
    total = row.scores["n"]
    pictures = f"{total} pictures" if drawn == total else f"{drawn} of {total} pictures"
    return title_lines(figure, [name, f"{told}; {pictures}"])


def _shares(section: Section, row: Row) -> str:
    shares = "/".join(decimal(100 * float(row.scores[f"within_{k}"] or 0), 0) for k in (3, 5, 10))
    return f"{shares} % within 3/5/10 {section.unit}"


def _signed(value: float | int | None) -> str:
    return "undefined" if value is None else f"{value:+.3f}"


def _correlations(row: Row | None) -> str:
    plcc, srcc = (row.scores[name] if row is not None else None for name in ("psnr_plcc", "psnr_srcc"))
    return f"PLCC {_signed(plcc)}, SRCC {_signed(srcc)}"


def describe_errors(section: Section, row: Row) -> str:
    """The histogram in words."""
    bias = decimal(float(row.scores["bias"] or 0), 1)
    return (
        f"Histogram of predicted minus true level for {row.predictor} on {section.title}: "
        f"{_shares(section, row)}, mean error {bias} {section.unit}."
    )


def describe_levels(section: Section, row: Row) -> str:
    """The scatter of levels in words."""
    return (
        f"Predicted against true level for {row.predictor} on {section.title}: "
        f"SRCC {_signed(row.scores['srcc'])}, the constant's level as a line."
    )


def describe_psnr(section: Section, row: Row) -> str:
    """The scatter of PSNRs in words."""
    return f"PSNR at the predicted against the true level for {row.predictor} on {section.title}: {_correlations(row)}."
