"""Figures of what errors depend on: source, size, gradient, colourfulness and the true level itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reports.figures.axes import mae_limit
from reports.figures.shown import Shown, legend_below_title, section_title, shown_rows
from reports.figures.style import INK, new_panels, shortened
from reports.results.sections import Section

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH_IN = 7.2
_PARTS = 5
_SOURCES = 8
_MOST_ROWS = 4


@dataclass(frozen=True)
class Property:
    """Something that is known of every picture.

    :param label: of its axis, with its unit.
    :param values: shape (pictures,), in the order of the names given.
    """

    label: str
    values: np.ndarray


def properties(section: Section) -> list[Property]:
    """What is known of the section's pictures and differs between them; in the order of the table of the pictures.

    Where all pictures have one size, the bytes that a pixel takes at the best level stand in for it.
    """
    table = section.pictures_table
    if table is None:
        return []
    area = (table["width_px"] * table["height_px"]).to_numpy(float)
    found = [Property("size (megapixels)", area / 1e6)]
    if np.ptp(area) == 0 and table["size_bytes"].notna().all():
        best = np.array([values[-1] for values in table["size_bytes"]], dtype=float)
        found = [Property(f"bytes a pixel at the best level (all {area[0] / 1e6:.2f} megapixels)", best / area)]
    found.append(Property("gradient (grey levels a pixel)", table["gradient"].to_numpy(float)))
    found.append(Property("colourfulness", table["colourfulness"].to_numpy(float)))
    return [one for one in found if np.isfinite(one.values).all() and np.ptp(one.values) > 0]


def error_by_parts(values: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean error in parts of the pictures that hold about as many each, by a property.

    :param values: shape (pictures,).
    :param errors: absolute, shape (pictures,), NaN where a picture failed.
    :returns: the property's median and the mean error in each part that has one, each shape (parts,).
    """
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _PARTS + 1)))
    part = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, max(len(edges) - 2, 0))
    known = np.isfinite(errors)
    held = [number for number in range(max(len(edges) - 1, 1)) if (known & (part == number)).any()]
    middles = np.array([np.median(values[part == number]) for number in held])
    return middles, np.array([errors[known & (part == number)].mean() for number in held])


def error_by_content(section: Section) -> Figure | None:
    """Mean absolute error by fifths of the pictures, and the sources with the largest errors.

    Without a table of the pictures only the true level and the sources are known.
    """
    shown = shown_rows(section, _MOST_ROWS)
    if not shown.rows:
        return None
    grid = section.grid
    errors = [np.abs(grid.errors[grid.predictors.index(row.predictor)]) for row, _ in shown.rows]
    truth = Property(f"true level ({section.unit})", grid.true)
    known = [truth, *properties(section)]
    told = f"{shown.told}; each point: the mean over about a fifth of the pictures"
    title = section_title(section, "Error by content", _WIDTH_IN, told, "")
    slots = len(known) + len(known) % 2
    figure, axes = new_panels(_WIDTH_IN, 2.2, title=title, panels=slots + 1, across=2, between_in=(0.65, 0.62))
    for panel, one in zip(axes, known, strict=False):
        for (_, look), of_row in zip(shown.rows, errors, strict=True):
            panel.plot(*error_by_parts(one.values, of_row), **look.style)
        panel.set(xlabel=one.label, ylabel=f"mean |error| ({section.unit})", ylim=(0, None))
    if slots > len(known):
        axes[slots - 1].remove()
    _hardest_sources(axes[-1], section, shown, _by_source(np.array(grid.sources), errors))
    legend_below_title(figure, title, shown.handles(axes[0]))
    return figure


def _hardest_sources(axes: Axes, section: Section, shown: Shown, by_source: pd.DataFrame) -> None:
    hardest = by_source.mean(axis=1).sort_values(ascending=False, kind="stable").index[:_SOURCES]
    limit = 1.6 * mae_limit(section)
    for (_, look), column in zip(shown.rows, by_source.columns, strict=True):
        values = np.clip(by_source.loc[hardest, column].to_numpy(float), None, limit)
        axes.plot(values, np.arange(len(hardest)), **{**look.style, "linestyle": "none"})
    names = [shortened(str(source), 26) for source in hardest]
    axes.set_yticks(range(len(hardest)), names)
    axes.tick_params(axis="y", length=0, labelcolor=INK, labelsize=7.2)
    axes.set(ylim=(len(hardest) - 0.4, -0.6), xlim=(0, None))
    which = f"the {len(hardest)} hardest of {len(by_source)} sources" if len(by_source) > 1 else "the one source"
    axes.set_xlabel(f"mean |error| of {which} ({section.unit})")
    # The names need room at the left, and the row is this panel's alone.
    place, width_in = axes.get_position(), _WIDTH_IN
    left = (0.3 + 0.07 * max(map(len, names))) / width_in
    axes.set_position((left, place.y0, 1 - 0.15 / width_in - left, place.height))


def _by_source(sources: np.ndarray, errors: list[np.ndarray]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(np.stack(errors, axis=1)).groupby(sources).mean()


def describe_content(section: Section) -> str:
    """What is shown, in words."""
    shown = shown_rows(section, _MOST_ROWS)
    labels = ", ".join(["true level", *(one.label for one in properties(section)), "source"])
    return f"Mean absolute error of {shown.told} by {labels} on {section.title}."
