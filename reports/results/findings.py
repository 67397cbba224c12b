"""What the statistics of a section say, in sentences."""

from __future__ import annotations

from protocols.scoring.pairs import FEW_SOURCES
from reports.results.ceiling import why_no_ceiling
from reports.results.level_curves import fixed_level
from reports.results.section import Section


def findings(section: Section) -> list[str]:
    """Which rows differ by more than chance, what the ceiling's rows mean, and what correlations hold fixed."""
    return [*_separable(section), *_caveats(section), *_ceiling(section), *_partial(section)]


def _separable(section: Section) -> list[str]:
    comparison = section.comparison
    if comparison is None or comparison.pairs is None:
        return ["No row can be compared with another: that takes two predictors and two sources."]
    pairs, names = comparison.pairs, comparison.predictors
    how = (
        f"paired bootstrap over {section.sources} sources, Holm-corrected over {len(pairs.p)} "
        f"{'pair' if len(pairs.p) == 1 else 'pairs'}, 5 %"
    )
    if comparison.too_few_sources:
        return [
            f"{section.sources} sources cannot separate any of {len(pairs.p)} pairs, whatever their errors: by chance "
            f"all sources agree with a probability of {2.0 ** (1 - section.sources):.2g}, which counts once a pair."
        ]
    sentences = []
    best, *others = comparison.best_names or [""]
    if others:
        sentences.append(f"Not separable from the best, {best} ({how}): {', '.join(others)}.")
    elif best:
        sentences.append(f"The best, {best}, is separable from every other row ({how}).")
    if section.control is not None:
        place = names.index(section.control.predictor)
        better = [name for index, name in enumerate(names) if comparison.is_better(index, place)]
        sentences.append(f"Better than the constant by more than chance: {', '.join(better) or 'none'}.")
    return sentences


def _caveats(section: Section) -> list[str]:
    sentences = []
    if section.comparison is not None and section.comparison.pairs is not None and section.sources < FEW_SOURCES:
        sentences.append(
            f"Intervals from {section.sources} sources are too narrow: take {FEW_SOURCES} or more seriously."
        )
    partly = [row.predictor for row in section.rows if not row.is_whole and not row.has_failed]
    if partly:
        sentences.append(
            "In comparisons a failed picture counts as the worst answer there is, the level farthest from its truth, "
            f"and a run with one is never called inseparable from the best: {', '.join(partly)}."
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
        f"PSNR correlations stand with the constant's behind them; the partial ones hold each picture's own PSNR at "
        f"{section.unit} {level:g} (the rounded median of the true levels) fixed."
    ]
