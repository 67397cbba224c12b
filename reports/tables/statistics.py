"""Pairs and truths as tables: `pairs.csv`, `truths.csv`, and the truths for Markdown and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from datasets.common.text_file import spreadsheet_cell
from reports.results.columns import decimal, significant
from reports.results.sections import Section
from reports.results.truths_compared import TruthRanking, truth_findings, truth_rankings
from reports.tables.csv_files import section_values

PAIR_COLUMNS = (
    "dataset",
    "folds",
    "truth",
    "jnd",
    "limited",
    "first",
    "second",
    "mae_difference",
    "low",
    "high",
    "p",
    "p_holm",
    "separable",
    "nemenyi_p",
)
TRUTH_COLUMNS = ("dataset", "folds", "truth", "jnd", "limited", "predictor", "rank", "mae", "best_group")


def pairs_csv(sections: Sequence[Section]) -> str:
    """One row a pair of predictors of a section, columns `PAIR_COLUMNS`, 6 significant digits.

    `mae_difference` is the first's minus the second's in the codec's levels, with failed pictures counted as the worst
    answer (`protocols.scoring.pairs`); `low` and `high` its 95 % interval; `nemenyi_p` takes pictures as blocks.
    """
    return _csv(PAIR_COLUMNS, (row for section in sections for row in _pair_rows(section)))


def _pair_rows(section: Section) -> Iterator[dict[str, str]]:
    comparison = section.comparison
    if comparison is None or comparison.pairs is None:
        return
    pairs, names = comparison.pairs, comparison.predictors
    for place, (one, other) in enumerate(zip(pairs.first, pairs.second, strict=True)):
        numbers = (pairs.difference, pairs.low, pairs.high, pairs.p, pairs.p_holm)
        told = dict(zip(PAIR_COLUMNS[7:12], (significant(float(values[place])) for values in numbers), strict=True))
        yield {
            **section_values(section),
            "first": names[one],
            "second": names[other],
            **told,
            "separable": str(int(pairs.separable[place])),
            "nemenyi_p": significant(float(comparison.ranks.p_values[one, other])) if comparison.ranks else "",
        }


def truths_csv(sections: Sequence[Section]) -> str:
    """One row a predictor and truth of each `TruthRanking`, columns `TRUTH_COLUMNS`."""
    return _csv(TRUTH_COLUMNS, (row for ranking in truth_rankings(sections) for row in _truth_rows(ranking)))


def _truth_rows(ranking: TruthRanking) -> Iterator[dict[str, str]]:
    for place, section in enumerate(ranking.sections):
        for index, name in enumerate(ranking.predictors):
            yield {
                **section_values(section),
                "predictor": name,
                "rank": significant(float(ranking.ranks[place, index])),
                "mae": significant(float(ranking.maes[place, index])),
                "best_group": str(int(ranking.is_in_best_group(place, index))),
            }


def truth_table(ranking: TruthRanking) -> tuple[list[str], list[list[str]]]:
    """Heads and cells: each truth's rank with its MAE; `*` marks the best and what is not separable from it."""
    heads = ["predictor", *(f"{s.identity.truth}: rank (MAE {s.unit})" for s in ranking.sections)]
    return heads, [
        [name, *(_rank_cell(ranking, place, index) for place in range(len(ranking.sections)))]
        for index, name in enumerate(ranking.predictors)
    ]


def _rank_cell(ranking: TruthRanking, place: int, index: int) -> str:
    rank = ranking.ranks[place, index]
    mark = "*" if ranking.is_in_best_group(place, index) else ""
    return f"{decimal(rank, 0 if rank == int(rank) else 1)}{mark} ({decimal(ranking.maes[place, index], 2)})"


def truth_notes(ranking: TruthRanking) -> list[str]:
    """What is said under a table of truths."""
    return [*truth_findings(ranking), "*: the best under that truth, or not separable from it."]


def _csv(columns: Sequence[str], rows: Iterator[dict[str, str]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: spreadsheet_cell(text) for name, text in row.items()} for row in rows)
    return stream.getvalue()
