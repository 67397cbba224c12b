"""The figures of one run: an error histogram and scatter plots of levels and PSNR, in axes that all runs share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reports.figures.layout import labelled, level_range, limit_warning, mae_of, near_rows
from reports.figures.style import (
    BAND,
    FILL,
    INK,
    MUTED,
    FigureFiles,
    letters_across,
    new_figure,
    svg_bytes,
    title_lines,
)
from reports.results.row import Row
from reports.results.section import Section
from reports.results.written import decimal

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_WIDTH_IN = 4.4


def new_row_figure(section: Section, height_in: float) -> tuple[Figure, Axes]:
    """A figure with the title lines that all rows share, below two empty ones that `row_title` fills."""
    heading = section.dataset.heading_within(letters_across(_WIDTH_IN))
    title = ["", "", heading, section.settings, *limit_warning(section)]
    return new_figure(_WIDTH_IN, height_in, title=title)


def row_title(row: Row, axes: Axes, scores: str, drawn: int) -> list[Artist]:
    """The first two title lines: the row's name and scores, and how many of its pictures are drawn."""
    total = row.scores["n"]
    pictures = f"{total} pictures" if drawn == total else f"{drawn} of {total} pictures"
    figure = axes.get_figure(root=True)
    assert figure is not None
    return title_lines(figure, [labelled(row, name_letters=30), f"{scores}; {pictures}"])


def use_few_ticks(axes: Axes, *, integer: bool = False) -> None:
    """About seven ticks across and six up.

    :param integer: ticks of the vertical axis stand at whole numbers only.
    """
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=7))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=integer))


class RowFrame:
    """A figure that rows are drawn into, one at a time."""

    def __init__(self, figure: Figure) -> None:
        self._figure = figure
        self._shared = svg_bytes(figure, [figure]).removesuffix(b"</svg>\n")

    def files(self, artists: Sequence[Artist], alt: str) -> FigureFiles:
        """The figure with a row's artists, which are removed from it again."""
        artists = sorted(artists, key=lambda artist: artist.get_zorder())
        svg = svg_bytes(self._figure, artists, id_salt="row")
        for artist in artists:
            artist.remove()
        return FigureFiles(self._shared + svg[svg.index(b">", svg.index(b"<svg")) + 1 :], alt)


_BIN_WIDTHS = (0.2, 0.4, 1, 2)
"""Shares of the marked range: 2 is a multiple of each, so that both its ends stand on edges."""
_MOST_BINS = 30


def marked(section: Section) -> float:
    """How far off in levels the histogram marks; it shows at least twice as far. A dB is much."""
    return 1.0 if section.unit == "dB" else 5.0


def error_bins(section: Section) -> tuple[np.ndarray, int]:
    """Bins for every row of a section that has errors.

    :returns: edges in levels, with +-`marked` among them, that cover the errors of every row within `mae_limit`; and
        the fullest bin's count over all rows.
    """
    near_errors = [section.grid.errors_of(row.predictor) for row in near_rows(section)]
    within = marked(section)
    low = min(-2 * within, *(float(errors.min()) for errors in near_errors))
    high = max(2 * within, *(float(errors.max()) for errors in near_errors))
    widths = [within * share for share in _BIN_WIDTHS]
    width = next((w for w in widths if (high - low) / w <= _MOST_BINS), widths[-1])
    first, last = np.floor((low - within) / width), np.ceil((high - within) / width)
    edges = within + np.arange(first, last + 1) * width
    all_errors = [section.grid.errors_of(row.predictor) for row in section.rows if not row.has_failed]
    return edges, max(int(np.histogram(errors, edges)[0].max()) for errors in all_errors)


def error_axes(section: Section) -> Figure:
    """Axes of predicted minus true level."""
    edges, fullest = error_bins(section)
    figure, axes = new_row_figure(section, 2.3)
    axes.axvspan(-marked(section), marked(section), color=BAND, linewidth=0, zorder=0)
    room = (edges[1] - edges[0]) / 4
    axes.set(xlim=(edges[0] - room, edges[-1] + room), ylim=(0, fullest * 1.05))
    axes.set_xlabel(f"predicted minus true level ({section.unit})")
    axes.set_ylabel("pictures")
    axes.grid(visible=False, axis="x")
    use_few_ticks(axes, integer=True)
    return figure


def add_errors(section: Section, row: Row, axes: Axes) -> tuple[list[Artist], str]:
    """A row's histogram, with the shares within 3, 5 and 10 levels, or of the marked ones where a level is much."""
    edges, _ = error_bins(section)
    errors = section.grid.errors_of(row.predictor)
    counts, _ = np.histogram(errors, edges)
    within = marked(section)
    if within == 5:
        shares = "/".join(decimal(100 * float(row.scores[f"within_{k}"] or 0), 0) for k in (3, 5, 10))
        shares_text = f"{shares} % within 3/5/10 {section.unit}"
    else:
        shares_text = f"{decimal(100 * float(np.mean(np.abs(errors) <= within)), 0)} % within {within:g} {section.unit}"
    walls = np.maximum(np.append(counts, 0), np.append(0, counts))
    whole_height = axes.get_xaxis_transform()
    artists = [
        *row_title(row, axes, shares_text, errors.size),
        axes.stairs(counts, edges, fill=True, facecolor=FILL, edgecolor=INK, linewidth=0.6, zorder=2),
        axes.vlines(edges, 0, walls, color=INK, linewidth=0.6, zorder=2.1),
        axes.vlines(0, 0, 1, INK, "solid", transform=whole_height, linewidth=1.0, zorder=3),
        axes.vlines((-within, within), 0, 1, INK, "dashed", transform=whole_height, linewidth=1.0, zorder=3),
    ]
    below, above = int((errors < edges[0]).sum()), int((errors > edges[-1]).sum())
    if below:
        artists.append(axes.text(0.02, 0.5, f"← {below} farther", transform=axes.transAxes, ha="left", color=INK))
    if above:
        artists.append(axes.text(0.98, 0.5, f"{above} farther →", transform=axes.transAxes, ha="right", color=INK))
    alt = (
        f"Histogram of predicted minus true level for {row.predictor} on {section.title}: "
        f"{shares_text}, mean error {decimal(float(row.scores['bias'] or 0), 1)} {section.unit}."
    )
    return artists, alt


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
    from matplotlib.ticker import MaxNLocator

    figure, axes = new_row_figure(section, 3.7)
    axes.plot([low, high], [low, high], color=MUTED, linewidth=1.0, linestyle="--")
    ticks = [tick for tick in np.asarray(MaxNLocator(nbins=6).tick_values(low, high)).tolist() if low <= tick <= high]
    axes.set(xlim=(low, high), ylim=(low, high), xticks=ticks, yticks=ticks, aspect="equal", anchor="W")
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
