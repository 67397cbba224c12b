"""Satisfied-user-ratio (SUR) curves of single pictures, and the calibration of predicted curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from datasets.codecs import codecs
from reports.figures.layout import WIDTH_IN, RowSelection, legend_below_title, level_range, section_title, select_rows
from reports.figures.style import FILL, INK, MUTED, Drawing, new_panels, shortened
from reports.results.level_curves import Observed, has_curves, observed, predicted_curves
from reports.results.section import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_CURVES = 3
_MOST_PANELS = 5
_ACROSS = 3
_BINS = 10
_PICTURES_AT = (0.1, 0.5, 0.9)
"""Shares of the pictures in order of their true levels."""


def chosen_pictures(section: Section) -> list[str]:
    """Pictures whose true levels stand at a low, a middle and a high place among all that have a SUR curve."""
    frame = next((row.run.predictions for row in section.rows if not row.has_failed), None)
    if frame is None:
        return []
    known = frame[frame["true_sur"].notna()].sort_values(["true_level", "picture"])["picture"].tolist()
    places = [int(share * (len(known) - 1)) for share in _PICTURES_AT] if known else []
    return [known[place] for place in dict.fromkeys(places)]


def sur_curves(section: Section) -> Drawing | None:
    """The subjects' steps, the fitted curve and the predicted curves of a few pictures."""
    pictures = chosen_pictures(section)
    if not pictures:
        return None
    selection = select_rows(section, _MOST_CURVES, has_curves)
    subjects = observed(section.pictures_table, section.dataset)
    steps = f"steps: {section.dataset.samples}" if subjects else "these runs do not hold the observers' own steps"
    curves = f"{selection.caption} with curves" if selection.rows else "no predictor here gives a curve"
    title = section_title(section, "SUR curves", f"{steps}; thick: GEV fit; {curves}", "")
    # One more line is left free for the panels' own titles.
    figure, axes = new_panels(
        WIDTH_IN, 2.6, title=[*title, " "], panels=len(pictures), across=_ACROSS, between_in=(0.3, 0.7)
    )
    for panel, picture in zip(axes, pictures, strict=True):
        _picture_panel(panel, section, picture, selection, subjects)
        panel.tick_params(labelleft=panel is axes[0])
    axes[0].set_ylabel("share of observers who see nothing")
    handles = [axes[0].plot([], [], color=FILL, linewidth=4.5, label="GEV fit")[0], *selection.handles(axes[0])]
    if subjects:
        handles.insert(0, axes[0].plot([], [], color=INK, linewidth=0.9, label="observers")[0])
    legend_below_title(figure, title, handles)
    predictors = ", ".join(row.predictor for row, _ in selection.rows) or "none"
    return Drawing(figure, f"SUR curves of {', '.join(pictures)} on {section.title}; predicted by: {predictors}.")


def _picture_panel(
    axes: Axes, section: Section, picture: str, selection: RowSelection, subjects: Observed | None
) -> None:
    """One picture's curves on axes of levels and shares; a row without a curve for this picture is left out."""
    first = next(row for row in section.rows if not row.has_failed)
    fitted = np.asarray(first.run.predictions.set_index("picture").at[picture, "true_sur"], dtype=float)
    levels = curve_levels(section, len(fitted))
    axes.plot(levels, fitted, color=FILL, linewidth=4.5, zorder=2)
    if subjects is not None:
        axes.step(levels, subjects.satisfied([picture])[0], where="mid", color=INK, linewidth=0.9, zorder=3)
    for place, (row, style) in enumerate(selection.rows):
        curve = row.run.predictions.set_index("picture").at[picture, "sur"]
        if curve is not None:
            every = (place * 3, max(len(levels) // 8, 1))
            axes.plot(levels, np.asarray(curve, dtype=float), markevery=every, zorder=4, **style)
    axes.set(xlim=level_range(section), ylim=(-0.03, 1.03))
    axes.set_xlabel(f"level ({section.unit})")
    true = section.grid.true[section.grid.place[picture]]
    axes.set_title(f"true {section.unit} {true:.0f}: {shortened(picture, 20)}", fontsize=7.6)


def curve_levels(section: Section, count: int) -> np.ndarray:
    """The levels of a stored curve from the worst to the best, shape (count,)."""
    codec, low, high = codecs().get(section.dataset.codec), section.dataset.level_lowest, section.dataset.level_highest
    return np.linspace(low, high, count) if codec is None or codec.sign > 0 else np.linspace(high, low, count)


def calibration(predicted: np.ndarray, observed_shares: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predicted against observed shares in tenths of the predicted share.

    :param predicted: shares in [0, 1], any shape.
    :param observed_shares: the observed ones, same shape.
    :returns: mean predicted and mean observed share and the count of each tenth that has any, each shape (bins,).
    """
    bins = np.clip((predicted.ravel() * _BINS).astype(int), 0, _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    filled = counts > 0
    means = [np.bincount(bins, weights=values.ravel(), minlength=_BINS)[filled] / counts[filled]
             for values in (predicted, observed_shares)]  # fmt: skip
    return means[0], means[1], counts[filled]


def sur_calibration(section: Section) -> Drawing | None:
    """Predicted against observed share of satisfied people, a panel for each of the best predictors with curves."""
    subjects = observed(section.pictures_table, section.dataset)
    selection = select_rows(section, _MOST_PANELS, has_curves)
    if subjects is None or not selection.rows:
        return None
    line = f"{selection.caption} that give curves; numbers: pairs of picture and level in a bin"
    title = [*section_title(section, "Calibration of the predicted SUR", line), " "]
    panels = len(selection.rows)
    figure, axes = new_panels(WIDTH_IN, 2.75, title=title, panels=panels, across=_ACROSS, between_in=(0.3, 0.72))
    ticks = np.arange(0, 1.1, 0.25)
    distances = []
    for place, (panel, (row, style)) in enumerate(zip(axes, selection.rows, strict=True)):
        pictures, curves = predicted_curves(row)
        predicted, observed_shares, counts = calibration(curves, subjects.satisfied(pictures))
        panel.plot([0, 1], [0, 1], color=MUTED, linewidth=1.0, linestyle="--")
        panel.plot(predicted, observed_shares, clip_on=False, zorder=3, **style)
        for x, count in zip(predicted, counts, strict=True):
            text = str(count) if count < 10_000 else f"{count // 1000}k"
            panel.text(x, -0.05, text, rotation=90, fontsize=7, ha="center", va="top", color=INK)
        panel.axhline(0, color=MUTED, linewidth=0.6)
        panel.set(xlim=(-0.03, 1.03), ylim=(-0.3, 1.03), xticks=ticks, yticks=ticks, xlabel="predicted share")
        panel.set_title(f"{shortened(row.predictor, 26)}, {len(pictures)} pictures", fontsize=7.6)
        if place % _ACROSS == 0:
            panel.set_ylabel("observed share")
        else:
            panel.tick_params(labelleft=False)
        distance = np.average(np.abs(predicted - observed_shares), weights=counts)
        distances.append(f"{row.predictor} {distance:.3f}")
    distances_text = f"Mean distance over the bins: {'; '.join(distances)}."
    return Drawing(figure, f"Predicted against observed SUR on {section.title}. {distances_text}")
