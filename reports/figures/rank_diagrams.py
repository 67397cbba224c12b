"""Which predictors are better: MAEs with intervals, ranks that pictures cannot tell apart, and ranks between truths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reports.figures.layout import (
    CONTROL_STYLE,
    ROW_STYLES,
    WIDTH_IN,
    draw_marker,
    highest_mae,
    labelled,
    limit_warning,
    mae_limit,
    mae_of,
    section_title,
)
from reports.figures.style import ACCENT, GRID, HOLLOW, INK, MUTED, Drawing, letters_across, new_figure, shortened
from reports.results.row import CONTROL, Row
from reports.results.section import Section
from reports.results.section_scores import columns
from reports.results.truths import TruthRanking
from reports.results.written import decimal, interval, p_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from protocols.scoring.pairs import Ranks


def mae_dots(section: Section) -> Drawing:
    """MAE with its interval for each predictor, best on top, the constant's as a dashed line."""
    names = [shortened(labelled(row), 40) for row in section.rows]
    left = 0.25 + 0.076 * max(map(len, names))
    heading = section.dataset.heading_within(int(0.7 * letters_across(WIDTH_IN)) - 7)
    counts = f"{section.pictures} pictures of {section.sources} sources; bars: 95 % bootstrap interval over sources"
    guides = ["dashed: the constant"] if section.control is not None else []
    if section.ceilings:
        ceiling = section.ceilings[0]
        mae = decimal(float(ceiling.scores["mae"] or 0), 2)
        guides.append(f"dotted: the ceiling ({ceiling.predictor}), {mae} {section.unit}")
    guide_line = ["; ".join(guides)] if guides else []
    title = [f"MAE on {heading}", section.settings, counts, *guide_line, *limit_warning(section)]
    figure, axes = new_figure(WIDTH_IN, 0.6 + 0.24 * len(names), title=title, left_in=left, right_in=1.35)
    limit = mae_limit(section)
    if section.control is not None:
        axes.axvline(mae_of(section.control), color=INK, linewidth=1.0, linestyle="--", zorder=1)
    if section.ceilings:
        axes.axvline(float(section.ceilings[0].scores["mae"] or 0), color=INK, linewidth=1.4, linestyle=":", zorder=1)
    _dots(axes, section.rows, limit)
    for place, row in enumerate(section.rows):
        text = "no score" if row.has_failed else f"{decimal(mae_of(row), 2)} {interval(columns()[0], row)}"
        weight = "bold" if section.is_best(row) else "normal"
        beside = axes.get_yaxis_transform()
        axes.text(1.02, place, text, color=INK, fontweight=weight, fontsize=7.6, va="center", transform=beside)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlim=(0, limit), ylim=(len(names) - 0.4, -0.6))
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False, axis="y")
    is_cut = any(highest_mae(row) > limit for row in section.rows if not row.has_failed)
    arrows = "; arrow: goes on beyond the axis" if is_cut else ""
    axes.set_xlabel(f"MAE in {section.unit}, lower is better{arrows}")
    best = next((row for row in section.rows if section.is_best(row)), None)
    best_text = f" Best: {best.predictor} with {decimal(mae_of(best), 2)} {section.unit}." if best else ""
    alt = f"Mean absolute error of {len(names)} predictors on {section.title}.{best_text} The table has the numbers."
    return Drawing(figure, alt)


def _dots(axes: Axes, rows: Sequence[Row], limit: float) -> None:
    scored = [(place, row) for place, row in enumerate(rows) if row.scores["mae"] is not None]
    bars = [
        (place, float(row.scores["mae_low"]), min(float(row.scores["mae_high"]), limit))
        for place, row in scored
        if row.scores["mae_low"] is not None and row.scores["mae_high"] is not None
    ]
    if bars:
        axes.hlines(*np.array(bars).T, color=ACCENT, linewidth=2.2, zorder=2)
    for place, row in scored:
        if mae_of(row) <= limit < highest_mae(row):
            axes.plot(limit, place, ">", color=ACCENT, markersize=5, clip_on=False, zorder=3)
    for place, row in scored:
        shape = ">" if mae_of(row) > limit else "D" if row.is_control else "o"
        draw_marker(axes, min(mae_of(row), limit), place, shape, is_filled=row.is_whole and not row.is_control)


_NAME_LETTERS = 34
_BAR_STEP_IN, _MOST_BARS_IN = 0.11, 1.6
_RIGHT_IN = 0.55


def critical_difference(section: Section) -> Drawing | None:
    """Mean ranks over the pictures, best on top; bars join predictors that Nemenyi's test does not tell apart."""
    comparison = section.comparison
    if comparison is None or comparison.ranks is None:
        return None
    ranks, order = comparison.ranks, np.argsort(comparison.ranks.mean_ranks, kind="stable")
    predictors, means = [comparison.predictors[index] for index in order], ranks.mean_ranks[order]
    labels = {row.predictor: shortened(labelled(row), _NAME_LETTERS) for row in section.rows}
    names = [labels[predictor] for predictor in predictors]
    bars = clique_bars(ranks.cliques, order)
    step_in = min(_BAR_STEP_IN, _MOST_BARS_IN / max(len(bars), 1))
    bars_in = 0.2 + step_in * max(len(bars), 1)
    same = "; pictures of one source are not independent of each other"
    title = section_title(
        section,
        "Critical difference",
        f"blocks are the {ranks.blocks} pictures{same if section.sources < section.pictures else ''}",
        f"Friedman chi² {ranks.friedman:.1f}, p {p_value(ranks.friedman_p, 4)}; bars: not told apart at 5 % (Nemenyi), "
        f"critical difference {ranks.critical_difference:.2f} ranks",
    )
    left_in = 0.3 + 0.076 * max(map(len, names))
    right_in = bars_in + _RIGHT_IN
    figure, axes = new_figure(WIDTH_IN, 1.0 + 0.2 * len(names), title=title, left_in=left_in, right_in=right_in)
    axes.hlines(np.arange(len(names)), 1, means, color=GRID, linewidth=1.2, zorder=1)
    across = axes.get_yaxis_transform()
    for place, (mean, predictor) in enumerate(zip(means, predictors, strict=True)):
        marker, face = ("D", HOLLOW) if predictor == CONTROL else ("o", ACCENT)
        axes.plot(mean, place, marker, markerfacecolor=face, markeredgecolor=INK, markersize=5.5)
        axes.text(1.015, place, f"{mean:.2f}", transform=across, fontsize=7.2, va="center")
    _critical_difference_scale(axes, ranks)
    room = 0.04 * max(float(np.ptp(means)), ranks.critical_difference, 0.5)
    high = max(float(means[-1]), 1 + ranks.critical_difference)
    axes.set(xlim=(1, high + room), ylim=(len(names) - 0.4, -1.7))
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("mean rank of |error| over the pictures (1 is the best)")
    for column, (first, last) in enumerate(bars):
        x = 1 + (0.5 + step_in * column) / (WIDTH_IN - left_in - right_in)
        axes.plot(
            [x, x], [first - 0.18, last + 0.18], color=INK, linewidth=2.2, transform=across, clip_on=False,
            solid_capstyle="butt",
        )  # fmt: skip
    ranks_text = "; ".join(f"{predictor} {mean:.2f}" for predictor, mean in zip(predictors, means, strict=True))
    blocks = f"Mean ranks over {ranks.blocks} pictures, which are the blocks"
    return Drawing(figure, f"{blocks}, on {section.title}: {ranks_text}.")


def clique_bars(cliques: Sequence[Sequence[int]], order: np.ndarray) -> list[tuple[int, int]]:
    """The first and last place of each bar in the order; each bar has a column of its own."""
    place = {int(index): at for at, index in enumerate(order)}
    return sorted((min(place[i] for i in clique), max(place[i] for i in clique)) for clique in cliques)


def _critical_difference_scale(axes: Axes, ranks: Ranks) -> None:
    end = 1 + ranks.critical_difference
    axes.plot([1, end], [-1.1, -1.1], "|-", color=INK, linewidth=1.4, markersize=7, clip_on=False)
    axes.text(end, -1.1, "  critical difference", fontsize=7.2, va="center", color=INK, clip_on=False)


def places_under(ranking: TruthRanking) -> np.ndarray:
    """A place of its own for each predictor under each truth, from 1; ties in the first truth's order.

    :returns: shape (truths, predictors).
    """
    return np.argsort(np.argsort(ranking.ranks, axis=1, kind="stable"), axis=1, kind="stable") + 1


def ranks_between_truths(ranking: TruthRanking) -> Drawing | None:
    """Each predictor's rank under each truth; those that move most have line styles of their own."""
    names, places = ranking.predictors, places_under(ranking)
    if len(names) < 2:
        return None
    moved = np.ptp(ranking.ranks, axis=0)
    movers = [int(i) for i in np.argsort(-moved, kind="stable") if moved[i] > 0 and names[i] != CONTROL]
    styles = dict(zip(movers, ROW_STYLES, strict=False))
    side_in = 0.45 + 0.066 * min(max(map(len, names)), 30)
    title = _ranks_title(ranking, int((moved > 0).sum()), len(styles))
    figure, axes = new_figure(WIDTH_IN, 0.8 + 0.19 * len(names), title=title, left_in=side_in, right_in=side_in)
    last = len(places) - 1
    for column, name in enumerate(names):
        style = CONTROL_STYLE if name == CONTROL else styles.get(column)
        plain = {"color": MUTED, "linewidth": 0.7, "marker": ".", "markersize": 4}
        axes.plot(range(last + 1), places[:, column], zorder=3 if style else 2, clip_on=False, **(style or plain))
        text: dict[str, Any] = {
            "textcoords": "offset points", "va": "center", "fontsize": 7, "color": INK,
            "fontweight": "bold" if column in styles else "normal", "annotation_clip": False,
        }  # fmt: skip
        first_rank, last_rank = (f"{ranking.ranks[truth, column]:g}" for truth in (0, last))
        short = shortened(name, 30)
        axes.annotate(f"{short}  {first_rank}", (0, int(places[0, column])), (-8, 0), ha="right", **text)
        axes.annotate(f"{last_rank}  {short}", (last, int(places[last, column])), (8, 0), ha="left", **text)
    axes.set(xlim=(0, last), ylim=(len(names) + 0.5, 0.5), yticks=[])
    axes.set_xticks(range(len(places)), ranking.truths, color=INK)
    axes.tick_params(axis="x", length=0, pad=8)
    axes.spines[["left", "bottom"]].set_visible(False)
    by_name = (f"{name} {' '.join(f'{rank:g}' for rank in ranking.ranks[:, at])}" for at, name in enumerate(names))
    return Drawing(figure, f"Ranks on {ranking.title}: {'; '.join(by_name)}.")


def _ranks_title(ranking: TruthRanking, moved: int, styled: int) -> list[str]:
    section, names = ranking.sections[0], ranking.predictors
    taus = [tau for *_, tau in ranking.agreement if np.isfinite(tau)]
    styled_text = "those" if styled == moved else f"the {styled} that move most"
    tau_text = f"; smallest Kendall's tau {min(taus):+.2f}" if taus else ""
    return [
        section_title(section, "Ranks under each truth")[0],
        f"truths {', '.join(ranking.truths)}, {', '.join(section.facts)}; {section.pictures} pictures of "
        f"{section.sources} sources",
        f"by MAE, of the {len(names)} predictors that answered for every picture under each truth{tau_text}",
        f"{moved} change their rank; lines of their own: {styled_text}",
        *limit_warning(section),
    ]
