"""Figures of ranks: which predictors pictures cannot tell apart, and how their order changes with the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reports.columns import mark
from reports.drawing import ACCENT, GRID, HOLLOW, INK, MUTED, new_figure, shortened
from reports.rows import CONTROL
from reports.sections import Section
from reports.shown import CONTROL_LOOK, LOOKS, section_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from protocols.ranks import Ranks

_WIDTH_IN = 7.2
_NAME = 34
_COLUMN_IN = 0.11


def critical_difference(section: Section) -> Figure | None:
    """Mean ranks over the pictures, best on top; bars join predictors that Nemenyi's test does not tell apart."""
    comparison = section.comparison
    if comparison is None or comparison.ranks is None:
        return None
    ranks, order = comparison.ranks, np.argsort(comparison.ranks.mean_ranks, kind="stable")
    names = [_labelled(section, comparison.predictors[index]) for index in order]
    columns = clique_columns(ranks.cliques, order)
    bars_in = 0.2 + _COLUMN_IN * (1 + max((column for *_, column in columns), default=0))
    told = (
        f"blocks are the {ranks.blocks} pictures, which of one source are not independent: see the bootstrap over "
        "sources",
        f"Friedman chi² {ranks.friedman:.1f}, p {_p(ranks.friedman_p)}; bars: not told apart at 5 % (Nemenyi), "
        f"critical difference {ranks.critical_difference:.2f} ranks",
    )
    title = section_title(section, "Critical difference", _WIDTH_IN, *told)
    left = 0.3 + 0.076 * max(map(len, names))
    figure, axes = new_figure(_WIDTH_IN, 1.0 + 0.2 * len(names), title=title, left_in=left, right_in=bars_in + 0.55)
    means = ranks.mean_ranks[order]
    places = np.arange(len(names))
    axes.hlines(places, means[0], means, color=GRID, linewidth=1.2, zorder=1)
    for place, mean, index in zip(places, means, order, strict=True):
        control = comparison.predictors[index] == CONTROL
        face = HOLLOW if control else ACCENT
        axes.plot(mean, place, "D" if control else "o", markerfacecolor=face, markeredgecolor=INK, markersize=5.5)
        axes.text(1.015, place, f"{mean:.2f}", transform=axes.get_yaxis_transform(), fontsize=7.2, va="center")
    _scale(axes, ranks, float(means[0]))
    room = 0.04 * max(float(np.ptp(means)), ranks.critical_difference, 0.5)
    high = max(float(means[-1]), float(means[0]) + ranks.critical_difference)
    axes.set(xlim=(float(means[0]) - room, high + room), ylim=(len(names) - 0.4, -1.7))
    axes.set_yticks(places, names)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("mean rank of |error| over the pictures (1 is the best)")
    width_in = _WIDTH_IN - left - bars_in - 0.55
    for first, last, column in columns:
        x = 1 + (0.5 + _COLUMN_IN * column) / width_in
        axes.plot(
            [x, x], [first - 0.18, last + 0.18], color=INK, linewidth=2.2, transform=axes.get_yaxis_transform(),
            clip_on=False, solid_capstyle="butt",
        )  # fmt: skip
    return figure


def clique_columns(cliques: Sequence[Sequence[int]], order: np.ndarray) -> list[tuple[int, int, int]]:
    """Where bars go: first and last place in the order, and the column in which no bar touches another."""
    place = {int(index): at for at, index in enumerate(order)}
    spans = sorted((min(place[i] for i in clique), max(place[i] for i in clique)) for clique in cliques)
    ends: list[int] = []
    found = []
    for first, last in spans:
        column = next((at for at, end in enumerate(ends) if end < first), len(ends))
        ends[column : column + 1] = [last]
        found.append((first, last, column))
    return found


def _scale(axes: Axes, ranks: Ranks, start: float) -> None:
    end = start + ranks.critical_difference
    axes.plot([start, end], [-1.1, -1.1], "|-", color=INK, linewidth=1.4, markersize=7)
    axes.text(end, -1.1, "  critical difference", fontsize=7.2, va="center", color=INK, clip_on=False)


def _labelled(section: Section, name: str) -> str:
    row = next(row for row in section.rows if row.predictor == name)
    return shortened(f"{name} ({mark(row)})" if mark(row) else name, _NAME)


def _p(value: float) -> str:
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"


def places_under(group: Sequence[Section]) -> tuple[list[str], np.ndarray]:
    """Predictors that have a score under every truth, in the first's order, and their places from 1.

    :returns: names, and places of shape (truths, predictors).
    """
    orders = [[row.predictor for row in section.rows if not row.has_failed] for section in group]
    names = [name for name in orders[0] if all(name in order for order in orders)]
    kept = [[name for name in order if name in names] for order in orders]
    return names, np.array([[order.index(name) + 1 for name in names] for order in kept])


def agreement(places: np.ndarray) -> float | None:
    """The smallest Kendall correlation of the order between two truths; None for fewer than two predictors."""
    from scipy.stats import kendalltau

    count, predictors = places.shape
    if predictors < 2:
        return None
    pairs = [(a, b) for a in range(count) for b in range(a)]
    return min(float(kendalltau(places[a], places[b]).statistic) for a, b in pairs)


def ranks_between_truths(group: Sequence[Section]) -> Figure | None:
    """Each predictor's place in the table under each truth; those that move most have lines of their own."""
    names, places = places_under(group)
    if len(names) < 2:
        return None
    moved = np.ptp(places, axis=0)
    movers = [int(i) for i in np.argsort(-moved, kind="stable")[: len(LOOKS)] if moved[i] and names[i] != CONTROL]
    tau = agreement(places)
    told = f"order by MAE of the {len(names)} predictors that every truth has; smallest Kendall correlation {tau:+.2f}"
    changed = f"{int((moved > 0).sum())} change places, {len(movers)} of them with lines of their own"
    section = group[0]
    truths = [one.identity.truth for one in group]
    facts = [
        ", ".join([f"truths {' '.join(truths)}", *section.facts]) + f"; {section.pictures} pictures",
        told,
        changed,
    ]
    heading = section_title(section, "Ranks under each truth", _WIDTH_IN)[0]
    title = [heading, *facts, *([section.limited] if section.limited else [])]
    side = 0.45 + 0.066 * min(max(map(len, names)), 30)
    figure, axes = new_figure(_WIDTH_IN, 0.8 + 0.19 * len(names), title=title, left_in=side, right_in=side)
    for at, name in enumerate(names):
        look = CONTROL_LOOK if name == CONTROL else LOOKS[movers.index(at)] if at in movers else None
        style = look.style if look else {"color": MUTED, "linewidth": 0.7, "marker": ".", "markersize": 4}
        axes.plot(range(len(group)), places[:, at], zorder=3 if look else 2, clip_on=False, **style)
        weight = "bold" if at in movers else "normal"
        for column, side_of, shift in ((0, "right", -8), (len(group) - 1, "left", 8)):
            place = int(places[column, at])
            word = shortened(name, 30)
            text = f"{word}  {place}" if column == 0 else f"{place}  {word}"
            axes.annotate(
                text, (column, place), (shift, 0), textcoords="offset points", ha=side_of, va="center", fontsize=7,
                color=INK, fontweight=weight, annotation_clip=False,
            )  # fmt: skip
    axes.set(xlim=(0, len(group) - 1), ylim=(len(names) + 0.5, 0.5), yticks=[])
    axes.set_xticks(range(len(group)), truths, color=INK)
    axes.tick_params(axis="x", length=0, pad=8)
    axes.spines[["left", "bottom"]].set_visible(False)
    return figure


def describe_difference(section: Section) -> str:
    """The mean ranks in words."""
    comparison = section.comparison
    if comparison is None or comparison.ranks is None:
        return f"No ranks on {section.title}."
    order = np.argsort(comparison.ranks.mean_ranks, kind="stable")
    told = "; ".join(f"{comparison.predictors[i]} {comparison.ranks.mean_ranks[i]:.2f}" for i in order)
    return f"Mean ranks over {comparison.ranks.blocks} pictures, which are the blocks, on {section.title}: {told}."


def describe_ranks(group: Sequence[Section]) -> str:
    """The places in words."""
    names, places = places_under(group)
    truths = ", ".join(section.identity.truth for section in group)
    told = "; ".join(f"{name} {' '.join(map(str, places[:, at]))}" for at, name in enumerate(names))
    return f"Places under the truths {truths} on {group[0].dataset.heading}: {told}."
