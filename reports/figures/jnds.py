"""Several JNDs of the same pictures: their levels picture by picture, and their SUR curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reports.figures.layout import ROW_STYLES, WIDTH_IN, legend_below_title, level_range, limit_warning
from reports.figures.style import Drawing, letters_across, new_figure, new_panels, shortened
from reports.figures.sur_curves import chosen_pictures, curve_levels
from reports.results.jnds import JndComparison
from reports.results.level_curves import observed
from reports.results.section import Section

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes


def jnd_levels(comparison: JndComparison) -> Drawing:
    """The true level of each JND of each picture, pictures in order of the first."""
    title = [*_title(comparison, "JNDs by picture"), ""]
    figure, axes = new_figure(WIDTH_IN, 3.0, title=title)
    order = np.argsort(comparison.levels[0], kind="stable")
    for levels, style in zip(comparison.levels, ROW_STYLES, strict=False):
        axes.plot(np.arange(1, len(order) + 1), levels[order], **{**style, "linestyle": "none", "markersize": 4.0})
    unit, names = comparison.reference.unit, comparison.names
    axes.set(xlabel=f"pictures in order of their {names[0]}", ylabel=f"true level ({unit})")
    legend_below_title(figure, title, _handles(axes, comparison, has_lines=False))
    means = "; ".join(f"{name} {levels.mean:.1f}" for name, levels in zip(names, comparison.by_jnd, strict=True))
    return Drawing(figure, f"Levels of {comparison.title}. Means in {unit}: {means}.")


def jnd_sur_curves(comparison: JndComparison) -> Drawing | None:
    """The fitted SUR curves of each JND: the mean over pictures, and a few pictures with their observers' own steps."""
    chosen = [name for name in chosen_pictures(comparison.reference) if name in comparison.pictures]
    curves = [_fitted(section, comparison.pictures) for section in comparison.sections]
    if not chosen or not all(curves):
        return None
    title = [*_title(comparison, "SUR curves"), "", " "]
    figure, panels = new_panels(WIDTH_IN, 2.1, title=title, panels=1 + len(chosen), across=2, between_in=(0.3, 0.72))
    everything = [np.mean(list(fitted.values()), axis=0) for fitted in curves]
    _draw(panels[0], comparison, everything, "mean over the pictures")
    for panel, name in zip(panels[1:], chosen, strict=True):
        _draw(panel, comparison, [fitted.get(name) for fitted in curves], name)
    for place, panel in enumerate(panels):
        panel.tick_params(labelleft=place % 2 == 0)
        if place % 2 == 0:
            panel.set_ylabel("share satisfied")
    legend_below_title(figure, title, _handles(panels[0], comparison, has_lines=True))
    return Drawing(figure, f"SUR curves of {comparison.title}: the mean over the pictures, and {', '.join(chosen)}.")


def _draw(axes: Axes, comparison: JndComparison, curves: list[np.ndarray | None], name: str) -> None:
    """Each JND's fitted curve, and thin the share of the picture's own observers where they are known."""
    for section, curve, style in zip(comparison.sections, curves, ROW_STYLES, strict=False):
        if curve is None:
            continue
        levels = curve_levels(section, len(curve))
        axes.plot(levels, curve, markevery=max(len(levels) // 10, 1), zorder=3, **style)
        subjects = observed(section.pictures_table, section.dataset)
        if subjects is not None and name in subjects.place:
            axes.step(levels, subjects.satisfied([name])[0], where="mid", color=style["color"], linewidth=0.7, zorder=2)
    axes.set(xlim=level_range(comparison.reference), ylim=(-0.03, 1.03))
    axes.set_xlabel(f"level ({comparison.reference.unit})")
    axes.set_title(shortened(name, 44), fontsize=7.6)


def _fitted(section: Section, pictures: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The curve fitted to the samples of each picture that has one, by its name."""
    frame = next((row.run.predictions for row in section.rows if not row.has_failed), None)
    if frame is None:
        return {}
    known = frame[frame["true_sur"].notna() & frame["picture"].isin(pictures)]
    return {name: np.asarray(curve, float) for name, curve in zip(known["picture"], known["true_sur"], strict=True)}


def _handles(axes: Axes, comparison: JndComparison, *, has_lines: bool) -> list[Artist]:
    changes = {} if has_lines else {"linestyle": "none"}
    styles = zip(comparison.names, ROW_STYLES, strict=False)
    return [axes.plot([], [], label=name, **{**style, **changes})[0] for name, style in styles]


def _title(comparison: JndComparison, what: str) -> list[str]:
    first = comparison.reference
    heading = first.dataset.heading_within(int(0.7 * letters_across(WIDTH_IN)) - len(what) - 4)
    return [f"{what} on {heading}", f"{', '.join(comparison.names)}; {comparison.settings}", *limit_warning(first)]
