"""Learning curves: the error of rows that were trained on shares of the sources, against how many those were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from protocols.store.share_names import TRAINED_ON, split_name
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
"""Of the axis: curves stand this far apart, so that no interval hides another."""


def learning_curves(section: Section) -> Drawing | None:
    """MAE with its interval against the number of training sources; None where no row was trained on a share."""
    curves = _curves(section)
    if not curves:
        return None
    title = section_title(section, "Learning curves", "95 % intervals over sources; folds and test pictures kept", "")
    figure, axes = new_figure(WIDTH_IN, 3.6, title=title)
    handles: list[Artist] = []
    told = []
    for place, (name, rows) in enumerate(curves.items()):
        style = CONTROL_STYLE if name == CONTROL else ROW_STYLES[place]
        sources = np.array([_trained_on(row) for row in rows])
        x = sources * (1 + (place - (len(curves) - 1) / 2) * _SIDE_BY_SIDE)
        axes.vlines(x, [float(row.scores["mae_low"] or mae_of(row)) for row in rows], [*map(highest_mae, rows)],
                    color=style["color"], linewidth=0.8, alpha=0.7)  # fmt: skip
        axes.plot(x, [mae_of(row) for row in rows], **style)
        handles.append(axes.plot([], [], label=shortened(name, 24), **style)[0])
        errors = ", ".join(f"{decimal(mae_of(row), 2)} with {s:.0f}" for row, s in zip(rows, sources, strict=True))
        told.append(f"{name} {errors}")
    ticks = sorted({round(_trained_on(row)) for rows in curves.values() for row in rows})
    axes.set(xscale="log", ylim=(0, 1.05 * max(highest_mae(row) for rows in curves.values() for row in rows)))
    axes.set_xticks(ticks, [f"{tick}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("training sources (logarithmic)")
    axes.set_ylabel(f"MAE ({section.unit})")
    legend_below_title(figure, title, handles)
    return Drawing(figure, f"MAE by number of training sources on {section.title}: {'; '.join(told)}.")


def _curves(section: Section) -> dict[str, list[Row]]:
    """The rows of predictors that were trained on several shares, few sources first; the best predictors, and the
    constant last."""
    by_name: dict[str, list[Row]] = {}
    for row in section.rows:
        if not row.has_failed and TRAINED_ON in row.record.key_parts:
            by_name.setdefault(split_name(row.predictor)[0], []).append(row)
    curves = {name: sorted(rows, key=_trained_on) for name, rows in by_name.items() if len(rows) > 1}
    best = sorted((name for name in curves if name != CONTROL), key=lambda name: mae_of(curves[name][-1]))
    return {name: curves[name] for name in (*best[: len(ROW_STYLES)], CONTROL) if name in curves}


def _trained_on(row: Row) -> float:
    return float(row.record.key_parts[TRAINED_ON])
