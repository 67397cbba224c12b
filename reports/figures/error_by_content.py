"""Error by content: what errors depend on (size, gradient, colourfulness, the true level) and the hardest sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from protocols.scoring.bootstrap import ENDS, resampled_means
from reports.figures.layout import WIDTH_IN, RowSelection, legend_below_title, mae_limit, section_title, select_rows
from reports.figures.style import INK, Drawing, new_panels, shortened
from reports.results.section import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FIFTHS = 5
_SOURCES = 8
_MOST_ROWS = 4
_DRAWS = 2000
"""Of an interval of a fifth: a figure needs no more."""


@dataclass(frozen=True)
class Property:
    """Something that is known of every picture.

    :param label: of its axis, with its unit.
    :param values: shape (pictures,), in the order of the pictures' names.
    """

    label: str
    values: np.ndarray


def properties(section: Section) -> list[Property]:
    """What is known of the section's pictures and differs between them.

    Where all pictures have one size, the bytes that a pixel takes at the best level stand in for it.
    """
    table = section.pictures_table
    if table is None:
        return []
    area = (table["width_px"] * table["height_px"]).to_numpy(float)
    known = [Property("size (megapixels)", area / 1e6)]
    if np.ptp(area) == 0 and table["size_bytes"].notna().all():
        best = np.array([values[-1] for values in table["size_bytes"]], dtype=float)
        known = [Property(f"bytes per pixel at the best level (all {area[0] / 1e6:.2f} megapixels)", best / area)]
    known.append(Property("gradient (grey levels per pixel)", table["gradient"].to_numpy(float)))
    known.append(Property("colourfulness", table["colourfulness"].to_numpy(float)))
    return [item for item in known if np.isfinite(item.values).all() and np.ptp(item.values) > 0]


def error_by_fifths(
    values: np.ndarray, errors: np.ndarray, sources: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean error in fifths of the pictures, by a property.

    :param values: shape (pictures,).
    :param errors: absolute, shape (pictures,), NaN where a picture failed.
    :param sources: of the pictures.
    :returns: the property's median and the mean error in each fifth that has one, each shape (fifths,); and the ends of
        its 95 % interval over sources, shape (2, fifths), NaN where a fifth has one source.
    """
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _FIFTHS + 1)))
    fifth = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, max(len(edges) - 2, 0))
    known = np.isfinite(errors)
    filled = np.unique(fifth[known])
    medians = np.array([np.median(values[fifth == number]) for number in filled])
    parts = [known & (fifth == number) for number in filled]
    ends = [_interval(errors[part], np.asarray(sources)[part]) for part in parts]
    return medians, np.array([errors[part].mean() for part in parts]), np.array(ends).reshape(-1, 2).T


def _interval(errors: np.ndarray, sources: np.ndarray) -> np.ndarray:
    if len(set(sources)) < 2:
        return np.full(2, np.nan)
    return np.quantile(resampled_means(errors[None], sources.tolist(), _DRAWS), ENDS)


def error_by_content(section: Section) -> Drawing | None:
    """Mean absolute error by fifths of the pictures, and the sources with the largest errors."""
    selection = select_rows(section, _MOST_ROWS)
    if not selection.rows:
        return None
    grid = section.grid
    errors = np.abs(grid.errors[[grid.predictors.index(row.predictor) for row, _ in selection.rows]])
    known = [Property(f"true level ({section.unit})", grid.true), *properties(section)]
    title = section_title(section, "Error by content", f"{selection.caption}; points: a fifth of the pictures", "")
    slots = len(known) + len(known) % 2
    figure, axes = new_panels(WIDTH_IN, 2.2, title=title, panels=slots + 1, across=2, between_in=(0.65, 0.62))
    for panel, item in zip(axes, known, strict=False):
        step = 0.012 * np.ptp(item.values)  # side by side, so that no interval hides another
        for place, ((_, style), row_errors) in enumerate(zip(selection.rows, errors, strict=True)):
            x, means, ends = error_by_fifths(item.values, row_errors, grid.sources)
            x = x + (place - (len(errors) - 1) / 2) * step
            panel.plot(x, means, **style)
            panel.vlines(x, *ends, color=style["color"], linewidth=0.8, alpha=0.7)
        panel.set(xlabel=item.label, ylabel=f"mean |error| ({section.unit})", ylim=(0, None))
    if slots > len(known):
        axes[slots - 1].remove()
    _hardest_sources(axes[-1], section, selection, errors, grid.sources)
    legend_below_title(figure, title, selection.handles(axes[0]))
    labels = ", ".join(["true level", *(item.label for item in known[1:]), "source"])
    return Drawing(figure, f"Mean absolute error of {selection.caption} by {labels} on {section.title}.")


def _hardest_sources(
    axes: Axes, section: Section, selection: RowSelection, errors: np.ndarray, sources: tuple[str, ...]
) -> None:
    by_source = pd.DataFrame(errors.T).groupby(np.array(sources)).mean()
    hardest = by_source.mean(axis=1).sort_values(ascending=False, kind="stable").index[:_SOURCES]
    limit = 1.6 * mae_limit(section)
    for (_, style), column in zip(selection.rows, by_source.columns, strict=True):
        values = np.clip(by_source.loc[hardest, column].to_numpy(float), None, limit)
        axes.plot(values, np.arange(len(hardest)), **{**style, "linestyle": "none"})
    names = [shortened(source, 26) for source in hardest]
    axes.set_yticks(range(len(hardest)), names)
    axes.tick_params(axis="y", length=0, labelcolor=INK, labelsize=7.2)
    axes.set(ylim=(len(hardest) - 0.4, -0.6), xlim=(0, None))
    which = f"the {len(hardest)} hardest of {len(by_source)} sources" if len(by_source) > 1 else "the one source"
    axes.set_xlabel(f"mean |error| of {which} ({section.unit})")
    # The names need room at the left, and this panel has its row for itself.
    place = axes.get_position()
    left = (0.3 + 0.07 * max(map(len, names))) / WIDTH_IN
    axes.set_position((left, place.y0, 1 - 0.15 / WIDTH_IN - left, place.height))
