"""What is said of ratings, as text and as tables: `summary.txt`, `pictures.csv`, `raters.csv`, `population.csv`."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence

import numpy as np

from datasets.common.files import spreadsheet_cell
from datasets.core.codec import Codec
from datasets.core.gev import gev_through
from datasets.ratings.imported import Shares
from datasets.ratings.judgement import Judgement
from datasets.ratings.screening import ENOUGH_PICTURES
from datasets.ratings.yes_no import PopulationCurve

TARGET_SE = 0.02
"""Standard error of a mean that people are counted for, as a share of the codec's range: 2 QF."""

_TRUTHS = ("mean", "median", "sur50", "sur75")
_MUCH = 0.05


def csv_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; numbers get four digits, NaN is empty, and no cell is computed by a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(map(_cell, row) for row in rows)
    return text.getvalue()


def summary(judgement: Judgement, said: Sequence[str], who: str = "people") -> list[str]:
    """What a reader has to know first, a line each.

    :param said: lines that come first.
    :param who: rated, as a plural.
    """
    table, codec, kept = judgement.table, judgement.codec, judgement.kept
    unit, variances = codec.unit, judgement.variances
    samples = table.jnds[kept][table.rated[kept]]
    lines = [*said, ""]
    lines.append(f"{len(table.raters)} {who}, {len(table.pictures)} pictures, {int(table.rated.sum())} JNDs.")
    lines.append(f"Kept: {int(kept.sum())} {who} and {samples.size} JNDs.")
    for verdict in judgement.verdicts:
        lines += [f"  excluded: {verdict.rater}: {'; '.join(verdict.reasons)}"] if verdict.reasons else []
        lines += [f"  warning: {verdict.rater}: {'; '.join(verdict.warnings)}"] if verdict.warnings else []
    if any(verdict.shared < ENOUGH_PICTURES and not verdict.kept for verdict in judgement.verdicts):
        lines.append(
            f"Agreement over fewer than {ENOUGH_PICTURES} pictures errs: over 15 it would exclude one honest rater in "
            "seven. Look at both kinds of truths in pictures.csv."
        )
    if not samples.size:
        return [*lines, "Nobody is left, so nothing more can be said."]
    lines.append("")
    if math.isfinite(variances.picture):
        deviations = (math.sqrt(part) for part in (variances.picture, variances.person, variances.rest))
        between = "between pictures {:.1f}, between raters {:.1f}, the rest {:.1f}".format(*deviations)
        lines.append(f"Standard deviations in {unit}: {between}.")
        each = round(float(np.mean([truths.samples for truths in judgement.truths.values()])))
        lines.append(f"ICC: {variances.icc():.2f} of one rater, {variances.icc(each):.2f} of the mean of {each}.")
        lines.append(_more_raters(judgement, each, who))
    for who, halves in (("those kept", judgement.halves), ("everybody", judgement.halves_of_all)):
        if math.isfinite(halves.correlation):
            lines.append(
                f"Two halves of {who} agree with r = {halves.correlation:.2f}; a picture's means differ by "
                f"{halves.difference:.1f} {unit}."
            )
    for what, end in (("worst", codec.worst_level), ("best", codec.best_level)):
        share = float(np.mean(samples == end))
        much = " That is much: these JNDs are cut off there." if share > _MUCH else ""
        lines.append(f"{100 * share:.1f} % of the JNDs are the {what} level, {unit} {end}.{much}")
    lines.append(f"{int(table.censored[kept].sum())} JNDs stand for 'nothing noticed at any level'.")
    lines.append("Intervals hold 95 % of true values; those of sur75 hold 86 to 93 % with 10 to 40 raters.")
    return lines


def pictures_csv(judgement: Judgement) -> str:
    """Each picture's truths with intervals, and without screening."""
    ends = [f"{name}{end}" for name in _TRUTHS for end in ("", "_low", "_high")]
    head = ["picture", "source", "raters", *ends, "raters_unscreened", *(f"{name}_unscreened" for name in _TRUTHS)]
    rows = []
    for name in judgement.table.pictures:
        kept, every = judgement.truths.get(name), judgement.truths_of_all[name]
        estimates = [getattr(kept, truth) for truth in _TRUTHS] if kept else []
        values = [value for estimate in estimates for value in (estimate.value, estimate.low, estimate.high)]
        values += [math.nan] * (len(ends) - len(values))
        unscreened = [getattr(every, truth).value for truth in _TRUTHS]
        source = judgement.table.source_of[name]
        rows.append([name, source, kept.samples if kept else 0, *values, every.samples, *unscreened])
    return csv_text(head, rows)


def raters_csv(judgement: Judgement) -> str:
    """Who is kept, and what is known of each rater; `raters.csv` of a set."""
    head = [
        "rater",
        "kept",
        "reasons",
        "warnings",
        "pictures",
        "bias",
        "noise_sd",
        "agreement",
        "shared_pictures",
        "repeat_sd",
    ]
    rows = (
        (
            verdict.rater,
            "yes" if verdict.kept else "no",
            "; ".join(verdict.reasons),
            "; ".join(verdict.warnings),
            verdict.pictures,
            verdict.bias,
            verdict.noise_sd,
            verdict.agreement,
            verdict.shared,
            verdict.repeat_sd,
        )
        for verdict in judgement.verdicts
    )
    return csv_text(head, rows)


def population_lines(curve: PopulationCurve, codec: Codec) -> list[str]:
    """What the population's curve is, a line each."""
    return [
        f"P(yes) = g + (1 - g - l) Phi((strength - picture - person) / s): s = {curve.slope:.1f} {codec.unit}, "
        f"standard deviation between people {curve.person_sd:.1f} {codec.unit}, guesses g = {curve.guess:.3f}, lapses "
        f"l = {curve.lapse:.3f}."
    ]


def population_csv(curve: PopulationCurve, codec: Codec) -> str:
    """Levels at which half and three quarters of the people see nothing, by picture."""
    rows = ((name, half, curve.satisfied_level(name, 0.75, codec)) for name, half in sorted(curve.half_of.items()))
    return csv_text(("picture", "sur50", "sur75"), rows)


def shares_csv(shares: Shares, codec: Codec) -> str:
    """The same from shares of people, by a GEV through them; empty where a picture has fewer than three levels."""
    rows = []
    for name, (levels, noticed) in sorted(shares.of.items()):
        fit = gev_through(levels, 1 - noticed if codec.sign > 0 else noticed) if len(levels) > 2 else None
        wanted = (0.5, 0.75) if codec.sign > 0 else (0.5, 0.25)
        points = [float(np.clip(fit.quantile(p), codec.lowest, codec.highest)) if fit else math.nan for p in wanted]
        rows.append((name, len(levels), *points))
    return csv_text(("picture", "levels", "sur50", "sur75"), rows)


def samples_csv(judgement: Judgement, head: Sequence[str]) -> str:
    """Everybody's first answers; `raters.csv` says whose count."""
    table = judgement.table
    rows = (
        (
            name,
            table.source_of[name],
            rater,
            f"{round(float(table.jnds[row, column]), 2):g}",
            int(table.censored[row, column]),
        )
        for column, name in enumerate(table.pictures)
        for row, rater in enumerate(table.raters)
        if table.rated[row, column]
    )
    return csv_text(head, rows)


def _more_raters(judgement: Judgement, each: int, who: str) -> str:
    codec, variances = judgement.codec, judgement.variances
    target = TARGET_SE * len(codec.levels)
    needed = variances.raters_for(target)
    goal = f"a standard error of {target:.3g} {codec.unit} takes {needed} (now {variances.standard_error(each):.1f})"
    if needed <= each:
        return f"{each} {who} a picture are enough: {goal}."
    return f"You need {needed - each} more {who} a picture: {goal}."


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}"
    return spreadsheet_cell(str(value))
