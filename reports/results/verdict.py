"""What a reader asks of a section first: who judged, what a level is, which methods differ, how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from datasets.codecs import codecs
from protocols.scoring.families import sources_needed
from protocols.scoring.pairs import FEW_SOURCES
from protocols.scoring.studentised import least_p
from reports.results.ceiling import why_no_ceiling
from reports.results.comparison import Comparison
from reports.results.level_curves import fixed_level
from reports.results.row import CONTROL
from reports.results.written import decimal

if TYPE_CHECKING:
    from reports.results.section import Section

_NAMED = 8
"""Predictors that an answer names before it counts the others."""


@final
@dataclass(frozen=True)
class Answer:
    """A question that readers ask of a table, and what its runs say.

    :param question: in a few words.
    :param text: whole sentences, or names.
    :param shows: a yes-or-no score of the table whose rows are too many to name; mostly empty.
    """

    question: str
    text: str
    shows: str = ""

    def __str__(self) -> str:
        return f"{self.question}: {self.text}"


def verdict(section: Section) -> list[Answer]:
    """The answers of a section, the first questions first."""
    return [_who(section), _what(section), *comparisons(section)]


def findings(section: Section) -> list[str]:
    """The section's answers on differences, and what to know of its numbers: for formats that have no room for more."""
    return [*map(str, comparisons(section)), *remarks(section)]


def remarks(section: Section) -> list[str]:
    """What failed pictures and few sources mean, what the ceiling's rows are, and what correlations hold fixed."""
    return [*_caveats(section), *_ceiling(section), *_partial(section)]


def comparisons(section: Section) -> list[Answer]:
    """Which rows differ from the constant, and which may be the best; or why nothing can be said."""
    comparison = section.comparison
    if comparison is None or comparison.pairs is None:
        return [
            Answer("Differences", "no row can be compared with another: that takes two predictors and two sources.")
        ]
    if comparison.too_few_sources:
        text = (
            f"{section.sources} sources cannot tell any two rows apart, whatever their errors: by chance all sources "
            f"agree with a probability of {least_p(section.sources):.2g}."
        )
        return [Answer("Differences", text)]
    return [*_against_constant(section, comparison), _best(section, comparison), *_noise(section, comparison)]


def _who(section: Section) -> Answer:
    samples = "simulated observers, no people" if section.dataset.is_simulated else section.dataset.samples
    table = section.pictures_table
    counts = [] if table is None else [len(jnds) for jnds in table["samples"] if len(jnds)]
    each = ""
    if counts:
        low, high = min(counts), max(counts)
        each = f", {low if low == high else f'{low} to {high}'} per picture"
    return Answer("Who judged", f"{samples}{each}; {section.pictures} pictures of {section.sources} sources.")


def _what(section: Section) -> Answer:
    true, share = section.grid.true, _bytes_a_level(section)
    text = section.truth_meaning or f"the truth {section.identity.truth}"
    if true.size:
        ends = f"{decimal(float(true.min()), 1)} to {decimal(float(true.max()), 1)}"
        text += f": {section.scale} {ends} on these pictures"
    grows = "" if share is None else f" One {section.unit} step costs about {100 * share:.1f} % more bytes."
    return Answer("What is predicted", f"{text}.{grows}")


def _bytes_a_level(section: Section) -> float | None:
    """How much a file grows from one level to the next better one around the true one: the median over pictures."""
    table, codec = section.pictures_table, codecs().get(section.dataset.codec)
    if table is None or codec is None or table["size_bytes"].isna().any():
        return None
    sizes = dict(zip(table["picture"], table["size_bytes"], strict=True))
    growths = []
    for name, level in zip(section.grid.pictures, section.grid.true, strict=True):
        logs = np.log(np.asarray(sizes[name], dtype=float))
        if len(logs) != len(codec.levels):
            return None
        around = np.clip(codec.position(level) + codec.grain * np.array([-0.5, 0.5]), 0, len(logs) - 1)
        growths.append(float(np.diff(np.interp(around, np.arange(len(logs)), logs))[0]))
    return float(np.expm1(np.median(growths)))


def _against_constant(section: Section, comparison: Comparison) -> list[Answer]:
    family = comparison.against_constant
    if family is None:
        return [Answer("Better than the constant", f"unknown: the control '{CONTROL}' is not among these runs.")]

    def named(chosen: np.ndarray, sign: int) -> str:
        places = np.flatnonzero(chosen).tolist()
        if not places:
            return f"none of {len(chosen) - 1} by more than chance."
        count = f"{len(places)} of {len(chosen) - 1}, with p corrected for all of them"
        return f"{_listed([by(place, sign) for place in places])} ({count})."

    def by(place: int, sign: int) -> str:
        low, high = sorted(sign * float(end) for end in (family.low[place], family.high[place]))
        size = decimal(sign * float(family.difference[place]), 1)
        return f"{comparison.predictors[place]} by {size} {section.unit} [{decimal(low, 1)}, {decimal(high, 1)}]"

    answers = [Answer("Better than the constant", named(family.better, -1))]
    return answers + ([Answer("Worse than the constant", named(family.worse, 1))] if family.worse.any() else [])


def _best(section: Section, comparison: Comparison) -> Answer:
    best, *others = comparison.best_names or [""]
    if not best:
        return Answer("The best", "unknown: no run answered for every picture.")
    rest, shows = len(comparison.predictors) - 1, ""
    if not others:
        return Answer("The best", f"{best}, better than each of the {rest} others by more than chance.")
    if len(others) == rest:
        text = f"{best}, and none of the {rest} others is separable from it."
    else:
        text = f"{best}. Not separable from it: {_listed(others)} ({len(others)} of {rest})."
        text += _far_worse(section, comparison)
        shows = "best_group" if len(others) > _NAMED + 1 else ""
    first, second = (np.array([comparison.predictors.index(name)]) for name in (best, others[0]))
    needed = float(sources_needed(comparison.errors, comparison.sources, first, second)[0])
    if section.sources < needed < np.inf:
        text += (
            f" About {needed:,.0f} sources would separate {best} from {others[0]}; there are {section.sources} here."
        )
    return Answer("The best", text, shows)


def _far_worse(section: Section, comparison: Comparison) -> str:
    """Says of rows that may be the best, though they err more than a constant that may not, what keeps them there."""
    control = section.control
    if control is None or control.predictor in comparison.best_names:
        return ""
    means = dict(zip(comparison.predictors, comparison.errors.mean(axis=1), strict=True))
    count = sum(means[name] > means[control.predictor] for name in comparison.best_names)
    if not count:
        return ""
    return (
        f" {section.sources} sources are too few to exclude {count} of these, though they err more than the constant. "
        "The constant itself is excluded, because its errors differ less from source to source."
    )


def _noise(section: Section, comparison: Comparison) -> list[Answer]:
    """What the best row's MAE, and its distance from another, are worth if other people are asked."""
    if comparison.truth_noise is None:
        return []
    who = "simulated observers" if section.dataset.is_simulated else "people"
    own, *differences = comparison.truth_noise[0]
    text = (
        f"other {who} would move the MAE of {comparison.predictors[0]} by ±{decimal(own, 2)} {section.unit}, and its "
        f"difference from another row by ±{decimal(float(np.median(differences)), 2)} (median of the rows): a smaller "
        "difference may come from the observers, not from the methods."
    )
    return [Answer("Noise of the truth", text)]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:_NAMED])} and {more} more"


def _every(section: Section) -> str:
    if len(section.rows) == 1:
        return "The one predictor"
    return f"All {len(section.rows)} predictors{', the constant among them,' if section.control else ''}"


def _caveats(section: Section) -> list[str]:
    sentences = []
    comparison = section.comparison
    compared = comparison is not None and comparison.pairs is not None
    if comparison is not None and compared and not comparison.too_few_sources:
        sentences.append(
            "'More than chance' means p < 0.05 for all rows together, by a bootstrap over "
            f"{section.sources} sources. The best row and those that are not separable from it are the 95 % model "
            "confidence set."
        )
    if compared and section.sources < FEW_SOURCES:
        sentences.append(
            f"Intervals from {section.sources} sources are too narrow: trust them from {FEW_SOURCES} sources on."
        )
    if all(row.is_whole for row in section.rows):
        sentences.append(f"{_every(section)} answered for all {section.pictures} pictures.")
    partly = [row.predictor for row in section.rows if not row.is_whole and not row.has_failed]
    if partly:
        sentences.append(
            "In comparisons a failed picture counts as the worst possible answer, the level farthest from its truth. A "
            f"run with a failed picture is never called inseparable from the best: {', '.join(partly)}."
        )
    return sentences


def _ceiling(section: Section) -> list[str]:
    if section.ceilings:
        return [f"{row.predictor}: {row.meaning}." for row in section.ceilings]
    reason = why_no_ceiling(section.identity.truth, section.pictures_table)
    return [reason] if reason else []


def _partial(section: Section) -> list[str]:
    if all(row.scores.get("psnr_partial_plcc") is None for row in section.rows):
        return []
    level = fixed_level(section.grid.true)
    return [
        "The constant's PSNR correlation stands in brackets behind each PSNR correlation. The partial ones hold each "
        f"picture's own PSNR at {section.unit} {level:g} (the rounded median of the true levels) fixed."
    ]
