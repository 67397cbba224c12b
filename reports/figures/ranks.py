"""Figures of ranks: which predictors pictures cannot tell apart, and how their order changes with the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reports.figures.shown import CONTROL_LOOK, LOOKS, section_title
from reports.figures.style import ACCENT, GRID, HOLLOW, INK, MUTED, new_figure, shortened
from reports.results.columns import mark
from reports.results.rows import CONTROL
from reports.results.sections import Section
from reports.results.truths_compared import TruthRanking

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from protocols.scoring.ranks import Ranks

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
        axes.text(1.015, float(place), f"{mean:.2f}", transform=axes.get_yaxis_transform(), fontsize=7.2, va="center")
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


def places_under(ranking: TruthRanking) -> np.ndarray:
    """A place of its own for each predictor under each truth, from 1; ties in the first truth's order.

    :returns: shape (truths, predictors).
    """
    return np.argsort(np.argsort(ranking.ranks, axis=1, kind="stable"), axis=1, kind="stable") + 1


def ranks_between_truths(ranking: TruthRanking) -> Figure | None:
    """Each predictor's rank under each truth; those that move most have lines of their own."""
    names, places = ranking.predictors, places_under(ranking)
    if len(names) < 2:
        return None
    moved = np.ptp(ranking.ranks, axis=0)
    movers = [int(i) for i in np.argsort(-moved, kind="stable") if moved[i] > 0 and names[i] != CONTROL][: len(LOOKS)]
    side = 0.45 + 0.066 * min(max(map(len, names)), 30)
    title = _ranks_title(ranking, int((moved > 0).sum()), len(movers))
    figure, axes = new_figure(_WIDTH_IN, 0.8 + 0.19 * len(names), title=title, left_in=side, right_in=side)
    last = len(places) - 1
    for at, name in enumerate(names):
        look = CONTROL_LOOK if name == CONTROL else LOOKS[movers.index(at)] if at in movers else None
        style = look.style if look else {"color": MUTED, "linewidth": 0.7, "marker": ".", "markersize": 4}
        axes.plot(range(len(places)), places[:, at], zorder=3 if look else 2, clip_on=False, **style)
        told: dict[str, Any] = {
            "textcoords": "offset points",
            "va": "center",
            "fontsize": 7,
            "color": INK,
            "fontweight": "bold" if at in movers else "normal",
            "annotation_clip": False,
        }
        first, end = (f"{ranking.ranks[truth, at]:g}" for truth in (0, last))
        word = shortened(name, 30)
        axes.annotate(f"{word}  {first}", (0, int(places[0, at])), (-8, 0), ha="right", **told)
        axes.annotate(f"{end}  {word}", (last, int(places[last, at])), (8, 0), ha="left", **told)
    axes.set(xlim=(0, last), ylim=(len(names) + 0.5, 0.5), yticks=[])
    axes.set_xticks(range(len(places)), ranking.truths, color=INK)
    axes.tick_params(axis="x", length=0, pad=8)
    axes.spines[["left", "bottom"]].set_visible(False)
    return figure


def _ranks_title(ranking: TruthRanking, moved: int, own: int) -> list[str]:
    section, names = ranking.sections[0], ranking.predictors
    known = [tau for *_, tau in ranking.agreement if np.isfinite(tau)]
    tau = f"; smallest Kendall's tau {min(known):+.2f}" if known else ""
    return [
        section_title(section, "Ranks under each truth", _WIDTH_IN)[0],
        f"truths {', '.join(ranking.truths)}, {', '.join(section.facts)}; {section.pictures} pictures of "
        f"{section.sources} sources",
        f"by MAE, of the {len(names)} predictors that answered for every picture under each truth{tau}",
        f"{moved} change their rank; lines of their own: {'those' if own == moved else f'the {own} that move most'}",
        *([section.limited] if section.limited else []),
    ]


def describe_difference(section: Section) -> str:
    """The mean ranks in words."""
    comparison = section.comparison
    if comparison is None or comparison.ranks is None:
        return f"No ranks on {section.title}."
    order = np.argsort(comparison.ranks.mean_ranks, kind="stable")
    told = "; ".join(f"{comparison.predictors[i]} {comparison.ranks.mean_ranks[i]:.2f}" for i in order)
    return f"Mean ranks over {comparison.ranks.blocks} pictures, which are the blocks, on {section.title}: {told}."


def describe_ranks(ranking: TruthRanking) -> str:
    """The ranks in words."""
    told = "; ".join(
        f"{name} {' '.join(f'{rank:g}' for rank in ranking.ranks[:, at])}" for at, name in enumerate(ranking.predictors)
    )
    return f"Ranks on {ranking.title}: {told}."
