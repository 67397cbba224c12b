"""Learning curves: the error of rows that were trained on different numbers of sources, against those numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from protocols.store.share_names import ADAPTED_TO, TRAINED_ON, split_name, split_transfer_name, transfer_name
from reports.figures.layout import (
    CONTROL_STYLE,
    ROW_STYLES,
    WIDTH_IN,
    highest_mae,
    legend_below_title,
    mae_of,
    section_title,
)
from reports.figures.style import Drawing, new_figure, shortened
from reports.results.row import CONTROL, Row
from reports.results.section import Section
from reports.results.written import decimal

if TYPE_CHECKING:
    from matplotlib.artist import Artist

_SIDE_BY_SIDE = 0.012
"""Of the logarithm: curves stand this far apart, so that no interval hides another."""
_IN_A_LINE = 4
"""Names of a legend, at most."""


def learning_curves(section: Section) -> Drawing | None:
    """MAE with its interval against the number of training sources; None where no row was trained on a share."""
    return _drawn(section, TRAINED_ON, "Learning curves", "training sources")


def adaptation_curves(section: Section) -> Drawing | None:
    """The same against how many sources of the test set were added to other data sets; None where to no row."""
    return _drawn(section, ADAPTED_TO, "Adaptation to the test set", "sources of the test set that were trained on")


def _drawn(section: Section, counted: str, heading: str, axis: str) -> Drawing | None:
    """:param counted: the part of a run's key that is the number of sources."""
    curves = _curves(section, counted)
    if not curves:
        return None
    control = next((name for name in curves if split_transfer_name(name)[0] == CONTROL), "")
    first, *others = {split_transfer_name(name)[1] for name in curves}
    common = "" if others or not first else f"; all trained on {shortened(first, 40)}"
    about = f"95 % intervals over sources; folds and test pictures kept{common}"
    title = section_title(section, heading, about, *[""] * math.ceil(len(curves) / _IN_A_LINE))
    figure, axes = new_figure(WIDTH_IN, 3.6, title=title)
    handles: list[Artist] = []
    told = []
    for place, (name, rows) in enumerate(curves.items()):
        style = CONTROL_STYLE if name == control else ROW_STYLES[place]
        sources = np.array([_sources(row, counted) for row in rows])
        x = np.log1p(sources) + (place - (len(curves) - 1) / 2) * _SIDE_BY_SIDE
        axes.vlines(x, [float(row.scores["mae_low"] or mae_of(row)) for row in rows], [*map(highest_mae, rows)],
                    color=style["color"], linewidth=0.8, alpha=0.7)  # fmt: skip
        axes.plot(x, [mae_of(row) for row in rows], **style)
        shown = split_transfer_name(name)[0] if common else name
        handles.append(axes.plot([], [], label=shortened(shown, 24), **style)[0])
        errors = ", ".join(f"{decimal(mae_of(row), 2)} with {s:.0f}" for row, s in zip(rows, sources, strict=True))
        told.append(f"{name} {errors}")
    ticks = sorted({round(_sources(row, counted)) for rows in curves.values() for row in rows})
    axes.set(ylim=(0, 1.05 * max(highest_mae(row) for rows in curves.values() for row in rows)))
    axes.set_xticks(np.log1p(ticks), [f"{tick}" for tick in ticks])
    axes.set_xlabel(f"{axis} (logarithmic)")
    axes.set_ylabel(f"MAE ({section.unit})")
    legend_below_title(figure, title, handles)
    return Drawing(figure, f"MAE by number of {axis} on {section.title}: {'; '.join(told)}.")


def _curves(section: Section, counted: str) -> dict[str, list[Row]]:
    """The rows of predictors that were trained on several numbers of sources, few first; the best predictors, and the
    best constant last."""
    by_name: dict[str, list[Row]] = {}
    for row in section.rows:
        if not row.has_failed and counted in row.record.key_parts:
            by_name.setdefault(_name(row), []).append(row)
    curves = {name: rows for name, rows in by_name.items() if len(rows) > 1}
    for rows in curves.values():
        rows.sort(key=lambda row: _sources(row, counted))
    best = sorted(curves, key=lambda name: mae_of(curves[name][-1]))
    control = next((name for name in best if split_transfer_name(name)[0] == CONTROL), "")
    others = [name for name in best if name != control]
    return {name: curves[name] for name in (*others[: len(ROW_STYLES)], control) if name in curves}


def _name(row: Row) -> str:
    """A row's, without the number of sources."""
    predictor, label, _ = split_transfer_name(split_name(row.predictor)[0])
    return transfer_name(predictor, label) if label else predictor


def _sources(row: Row, counted: str) -> float:
    return float(row.record.key_parts[counted])
