"""Figures of satisfied-user-ratio (SUR) curves: of single pictures, and how far predicted shares hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from datasets.core.dataset import codec_named
from reports.figures.axes import level_range
from reports.figures.shown import Shown, legend_below_title, section_title, shown_rows
from reports.figures.style import FILL, INK, MUTED, new_panels, shortened
from reports.results.observed import Observed, has_curves, observed, predicted_curves
from reports.results.sections import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH_IN = 7.2
_CURVES = 3
_PANELS = 5
_BINS = 10
_SHARES = (0.1, 0.5, 0.9)


def chosen_pictures(section: Section) -> list[str]:
    """Pictures whose true levels stand at a low, a middle and a high place among all that have a SUR curve."""
    frame = next((row.run.predictions for row in section.rows if not row.has_failed), None)
    if frame is None:
        return []
    known = frame[frame["true_sur"].notna()].sort_values(["true_level", "picture"])["picture"].tolist()
    places = [int(share * (len(known) - 1)) for share in _SHARES] if known else []
    return [known[place] for place in dict.fromkeys(places)]


def sur_curves(section: Section) -> Figure | None:
    """The subjects' steps, the fitted curve and the predicted curves of a few pictures."""
    pictures = chosen_pictures(section)
    if not pictures:
        return None
    shown, subjects = shown_rows(section, _CURVES, has_curves), observed(section)
    steps = f"steps: {section.dataset.samples}" if subjects else "these runs do not hold the subjects' own steps"
    curves = f"{shown.told} with curves" if shown.rows else "no predictor here gives a curve"
    title = section_title(section, "SUR curves", _WIDTH_IN, f"{steps}; thick: GEV fit; {curves}", "")
    # One more line is left free for the panels' own titles.
    title_room = [*title, " "]
    figure, axes = new_panels(_WIDTH_IN, 2.6, title=title_room, panels=len(pictures), across=3, between_in=(0.3, 0.7))
    for place, (panel, picture) in enumerate(zip(axes, pictures, strict=True)):
        draw_sur(panel, section, picture, shown, subjects)
        panel.set_title(shortened(picture, 34), fontsize=7.6)
        if place:
            panel.tick_params(labelleft=False)
    axes[0].set_ylabel("share of people who see nothing")
    handles = [axes[0].plot([], [], color=FILL, linewidth=4.5, label="GEV fit")[0], *shown.handles(axes[0])]
    if subjects:
        handles.insert(0, axes[0].plot([], [], color=INK, linewidth=0.9, label="subjects")[0])
    legend_below_title(figure, title, handles)
    return figure


def draw_sur(axes: Axes, section: Section, picture: str, shown: Shown, subjects: Observed | None) -> None:
    """One picture's curves on axes of levels and shares.

    :param shown: rows whose predicted curves are drawn; one without a curve for this picture is left out.
    :param subjects: None leaves the steps out.
    """
    rows = [row.run.predictions.set_index("picture") for row in section.rows if not row.has_failed]
    fitted = np.asarray(rows[0].at[picture, "true_sur"], dtype=float)
    # The stored curves run from the worst to the best level.
    levels = curve_levels(section, len(fitted))
    axes.plot(levels, fitted, color=FILL, linewidth=4.5, zorder=2)
    if subjects is not None:
        axes.step(levels, subjects.satisfied([picture])[0], where="mid", color=INK, linewidth=0.9, zorder=3)
    for place, (row, look) in enumerate(shown.rows):
        curve = row.run.predictions.set_index("picture").at[picture, "sur"]
        if curve is not None:
            every = (place * 3, max(len(levels) // 8, 1))
            axes.plot(levels, np.asarray(curve, dtype=float), markevery=every, zorder=4, **look.style)
    axes.set(xlim=level_range(section), ylim=(-0.03, 1.03))
    axes.set_xlabel(f"level ({section.unit})")


def curve_levels(section: Section, count: int) -> np.ndarray:
    """The levels of a stored curve from the worst to the best, shape (count,)."""
    codec, low, high = codec_named(section.dataset.codec), section.dataset.level_lowest, section.dataset.level_highest
    return np.linspace(low, high, count) if codec is None or codec.sign > 0 else np.linspace(high, low, count)


def calibration(predicted: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predicted against observed shares in tenths of the predicted share.

    :param predicted: shares in [0, 1], any shape.
    :param seen: the observed ones, same shape.
    :returns: mean predicted and mean observed share and the count of each tenth that has any, each shape (bins,).
    """
    bins = np.clip((predicted.ravel() * _BINS).astype(int), 0, _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    held = counts > 0
    means = [np.bincount(bins, weights=values.ravel(), minlength=_BINS)[held] / counts[held]
             for values in (predicted, seen)]  # fmt: skip
    return means[0], means[1], counts[held]


def sur_calibration(section: Section) -> Figure | None:
    """Predicted against observed share of satisfied people, a panel for each of the best predictors with curves."""
    subjects = observed(section)
    shown = shown_rows(section, _PANELS, has_curves)
    if subjects is None or not shown.rows:
        return None
    told = f"{shown.told} that give curves; numbers: pairs of picture and level in a bin"
    title = section_title(section, "Calibration of the predicted SUR", _WIDTH_IN, told)
    across = 3
    figure, axes = new_panels(
        _WIDTH_IN, 2.75, title=[*title, " "], panels=len(shown.rows), across=across, between_in=(0.3, 0.72)
    )
    for place, (panel, (row, look)) in enumerate(zip(axes, shown.rows, strict=True)):
        pictures, curves = predicted_curves(row)
        given, seen, counts = calibration(curves, subjects.satisfied(pictures))
        panel.plot([0, 1], [0, 1], color=MUTED, linewidth=1.0, linestyle="--")
        panel.plot(given, seen, clip_on=False, zorder=3, **look.style)
        for x, count in zip(given, counts, strict=True):
            panel.text(x, -0.05, _short(int(count)), rotation=90, fontsize=6, ha="center", va="top", color=INK)
        panel.axhline(0, color=MUTED, linewidth=0.6)
        panel.set(xlim=(-0.03, 1.03), ylim=(-0.3, 1.03), xticks=np.arange(0, 1.1, 0.25), yticks=np.arange(0, 1.1, 0.25))
        panel.set_xlabel("predicted share")
        panel.set_title(f"{shortened(row.predictor, 26)}, {len(pictures)} pictures", fontsize=7.6)
        if place % across == 0:
            panel.set_ylabel("observed share")
        else:
            panel.tick_params(labelleft=False)
    return figure


def _short(count: int) -> str:
    return str(count) if count < 10_000 else f"{count // 1000}k"


def describe_sur(section: Section) -> str:
    """The curves in words."""
    told = shown_rows(section, _CURVES, has_curves)
    names = ", ".join(row.predictor for row, _ in told.rows) or "none"
    return f"SUR curves of {', '.join(chosen_pictures(section))} on {section.title}; predicted by: {names}."


def describe_calibration(section: Section) -> str:
    """The calibration in words: how far observed shares lie from predicted ones, for each predictor."""
    subjects, told = observed(section), []
    for row, _ in shown_rows(section, _PANELS, has_curves).rows if subjects is not None else ():
        assert subjects is not None
        pictures, curves = predicted_curves(row)
        given, seen, counts = calibration(curves, subjects.satisfied(pictures))
        told.append(f"{row.predictor} {np.average(np.abs(given - seen), weights=counts):.3f}")
    return f"Predicted against observed SUR on {section.title}. Mean distance over the bins: {'; '.join(told)}."
