"""The report for programs as CSV files: the leaderboard, pairs, truths, codecs, JNDs, and published numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

from datasets.common.files import spreadsheet_cell
from protocols.scoring.scores import SCORES
from reports.results.codecs import CodecComparison, codec_comparisons
from reports.results.jnds import JndComparison, jnd_comparisons
from reports.results.published import Shown, published
from reports.results.row import CeilingRow, Row
from reports.results.section import Section
from reports.results.section_scores import SECTION_SCORES
from reports.results.truths import TruthRanking, truth_rankings
from reports.results.written import one_line, significant

_TABLE = ("dataset", "folds", "truth", "jnd", "limited")
"""Which table of the leaderboard a line belongs to."""

PAIR_COLUMNS = (
    *(*_TABLE, "first", "second", "mae_difference", "low", "high", "p", "p_corrected", "separable"),
    *("nemenyi_p", "p_against_constant", "sources_needed", "truth_noise"),
)
TRUTH_COLUMNS = (*_TABLE, "predictor", "rank", "mae", "best_group")
CODEC_COLUMNS = (
    *(*_TABLE, "predictor", "codec", "against", "bytes", "true_bytes", "saving", "low", "high", "true_saving"),
    *("ratio_error", "n", "failed"),
)
JND_COLUMNS = (
    *(*_TABLE, "pictures", "fewest_observers", "most_observers", "mean", "sd", "lowest", "highest"),
    *("distance", "low", "high"),
)
PUBLISHED_COLUMNS = (
    *_TABLE,
    *("predictor", "score", "measured", "published", "method"),
    *("published_dataset", "published_folds", "published_truth", "published_jnd"),
    *("metric", "value", "not_beside", "caveat"),
)


def csv_columns() -> tuple[str, ...]:
    """The columns of `leaderboard.csv`: what a run is, its scores, then what only its section can say of it."""
    names: list[str] = []
    for record in SCORES:
        names += [record.name, *((f"{record.name}_low", f"{record.name}_high") if record.is_main else ())]
    first = ("dataset", "codec", "folds", "truth", "jnd", "predictor", "kind", "n", "failed")
    return (*first, *names, "limited", *(record.name for record in SECTION_SCORES))


def leaderboard_csv(sections: Sequence[Section]) -> str:
    """One row a run and one for each ceiling, columns `csv_columns`, 6 significant digits.

    Levels are in the codec's unit; what is undefined is empty.
    """
    names = csv_columns()
    return _csv(names, (_row(section, row, names) for section in sections for row in section.table_rows))


def _row(section: Section, row: Row | CeilingRow, names: Sequence[str]) -> dict[str, str]:
    numbers = {name: significant(row.scores.get(name)) for name in names}
    texts = {"codec": section.dataset.codec, "predictor": row.predictor, "kind": row.kind}
    return {**numbers, **_table(section), **texts}


def pairs_csv(sections: Sequence[Section]) -> str:
    """One row a pair of predictors of a section, columns `PAIR_COLUMNS`, 6 significant digits.

    `mae_difference` is the first's minus the second's in the codec's levels, with failed pictures counted as the worst
    answer (`protocols.scoring.pairs`); `low` and `high` its 95 % interval; `nemenyi_p` takes pictures as blocks.
    `p_against_constant` stands in pairs of the constant; so many sources as `sources_needed` would tell the two apart.
    Other observers would move the difference by `truth_noise` up or down (`protocols.scoring.truth_noise`).
    """
    return _csv(PAIR_COLUMNS, (row for section in sections for row in _pairs(section)))


def _pairs(section: Section) -> Iterator[dict[str, str]]:
    comparison = section.comparison
    if comparison is None or comparison.pairs is None:
        return
    pairs, ranks = comparison.pairs, comparison.ranks
    for first, second, line in zip(pairs.first, pairs.second, comparison.pair_lines(), strict=True):
        yield {
            **_table(section),
            **{name: line[name] for name in ("first", "second")},
            "mae_difference": significant(line["difference"]),
            **{name: significant(line[name]) for name in ("low", "high", "p", "p_corrected")},
            "separable": str(int(line["separable"])),
            "nemenyi_p": significant(float(ranks.p_values[first, second])) if ranks else "",
            **{name: significant(line[name]) for name in ("p_against_constant", "sources_needed", "truth_noise")},
        }


def truths_csv(sections: Sequence[Section]) -> str:
    """One row a predictor and truth of each `TruthRanking`, columns `TRUTH_COLUMNS`."""
    return _csv(TRUTH_COLUMNS, (row for ranking in truth_rankings(sections) for row in _truths(ranking)))


def _truths(ranking: TruthRanking) -> Iterator[dict[str, str]]:
    for truth, section in enumerate(ranking.sections):
        for place, name in enumerate(ranking.predictors):
            yield {
                **_table(section),
                "predictor": name,
                "rank": significant(float(ranking.ranks[truth, place])),
                "mae": significant(float(ranking.maes[truth, place])),
                "best_group": str(int(ranking.is_in_best_group(truth, place))),
            }


def codecs_csv(sections: Sequence[Section]) -> str:
    """One row a codec and predictor of each `CodecComparison`, columns `CODEC_COLUMNS`; the truth has no predictor.

    `bytes` is the geometric mean; `saving`, its interval and `ratio_error` are shares, empty for the codec that the
    others stand against. `n` counts failed pictures, too, which the other numbers leave out.
    """
    return _csv(CODEC_COLUMNS, (row for comparison in codec_comparisons(sections) for row in _codecs(comparison)))


def _codecs(comparison: CodecComparison) -> Iterator[dict[str, str]]:
    tables = {section.dataset.codec: _table(section) for section in comparison.sections}
    for row in (comparison.truth, *comparison.rows):
        for entry in row.codecs:
            yield {
                **tables[entry.codec],
                "predictor": row.predictor,
                "codec": entry.codec,
                "against": comparison.reference.dataset.codec if entry.saving is not None else "",
                **{name: significant(getattr(entry, name)) for name in _CODEC_NUMBERS},
                "ratio_error": significant(row.ratio_error) if entry.saving is not None else "",
                "n": str(row.pictures),
                "failed": str(row.failed),
            }


_CODEC_NUMBERS = ("bytes", "true_bytes", "saving", "low", "high", "true_saving")


def jnds_csv(sections: Sequence[Section]) -> str:
    """One row a JND of each `JndComparison`, columns `JND_COLUMNS`, in levels; `distance` is from the JND before."""
    return _csv(JND_COLUMNS, (row for comparison in jnd_comparisons(sections) for row in _jnds(comparison)))


def _jnds(comparison: JndComparison) -> Iterator[dict[str, str]]:
    for section, levels in zip(comparison.sections, comparison.by_jnd, strict=True):
        fewest, most = levels.observers or (None, None)
        numbers = ("mean", "sd", "lowest", "highest", "distance", "low", "high")
        yield {
            **_table(section),
            "pictures": str(len(comparison.pictures)),
            "fewest_observers": significant(fewest),
            "most_observers": significant(most),
            **{name: significant(getattr(levels, name)) for name in numbers},
        }


def published_csv(sections: Sequence[Section]) -> str:
    """Published numbers by section, columns `PUBLISHED_COLUMNS`.

    `measured` and `published` are in the score's unit and filled where they were measured under the same; elsewhere
    both are empty, `not_beside` says why, and the number stands in `value` alone.
    """
    return _csv(PUBLISHED_COLUMNS, (row for section in sections for row in _published(section)))


def _published(section: Section) -> Iterator[dict[str, str]]:
    numbers = published(section)
    for shown in (*numbers.beside, *numbers.listed):
        about = {**_table(section), **_number(shown)}
        for row in shown.rows:
            yield {
                **about,
                "predictor": row.predictor,
                "measured": significant(row.scores[shown.number.score]),
                "published": significant(float(shown.number.value * shown.number.score_factor)),
            }
        if not shown.rows:
            yield about


def _number(shown: Shown) -> dict[str, str]:
    number = shown.number
    texts = {
        "score": number.score,
        "method": shown.title,
        "published_dataset": number.dataset,
        "published_folds": number.folds,
        "published_truth": number.truth,
        "published_jnd": str(number.jnd),
        "metric": number.metric,
        "value": significant(number.value),
        "not_beside": ", ".join(shown.reasons),
        "caveat": number.caveat,
    }
    return {name: one_line(text) for name, text in texts.items()}


def _table(section: Section) -> dict[str, str]:
    identity = section.identity
    state = f", data state {section.state}" if section.state else ""
    return {
        "dataset": section.dataset.name + (" (simulated observers)" if section.dataset.is_simulated else "") + state,
        "folds": identity.folds,
        "truth": identity.truth,
        "jnd": str(identity.jnd),
        "limited": str(identity.limit or ""),
    }


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: spreadsheet_cell(text) for name, text in row.items()} for row in rows)
    return stream.getvalue()
