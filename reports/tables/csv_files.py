"""The leaderboard for programs: `leaderboard.csv`, and `published.csv` where there are published numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from datasets.common.text_file import spreadsheet_cell
from protocols.scoring.scores import SCORES
from reports.results.columns import one_line, significant
from reports.results.comparison import SECTION_SCORES
from reports.results.published import Shown, published
from reports.results.rows import CeilingRow, Row
from reports.results.sections import Section

_RUN_COLUMNS = ("dataset", "codec", "folds", "truth", "jnd", "predictor", "kind", "n", "failed")

PUBLISHED_COLUMNS = (
    "dataset",
    "folds",
    "truth",
    "jnd",
    "limited",
    "predictor",
    "score",
    "measured",
    "published",
    "method",
    "published_dataset",
    "published_folds",
    "published_truth",
    "published_jnd",
    "metric",
    "value",
    "not_beside",
    "caveat",
)


def csv_columns() -> tuple[str, ...]:
    """The columns of `leaderboard.csv`: what a run is, its scores, then what only its section can say of it."""
    names: list[str] = []
    for record in SCORES:
        names += [record.name, *((f"{record.name}_low", f"{record.name}_high") if record.is_main else ())]
    return (*_RUN_COLUMNS, *names, "limited", *(record.name for record in SECTION_SCORES))


def leaderboard_csv(sections: Sequence[Section]) -> str:
    """One row a run and one for each human ceiling, columns `csv_columns`, 6 significant digits.

    Levels are in the codec's unit; what is undefined is empty.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    names = csv_columns()
    writer.writerow(names)
    for section in sections:
        for row in section.table_rows:
            writer.writerow(map(spreadsheet_cell, _csv_values(section, row, names)))
    return stream.getvalue()


def published_csv(sections: Sequence[Section]) -> str:
    """Published numbers by section, columns `PUBLISHED_COLUMNS`.

    `measured` and `published` are in the score's unit and filled where they were measured under the same; elsewhere
    both are empty, `not_beside` says why, and the number stands in `value` alone.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, PUBLISHED_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for section in sections:
        numbers = published(section)
        for shown in (*numbers.beside, *numbers.listed):
            told = {**section_values(section), **_published_values(shown)}
            for measured in _measured_values(shown) or [{}]:
                writer.writerow({name: spreadsheet_cell(text) for name, text in {**told, **measured}.items()})
    return stream.getvalue()


def _published_values(shown: Shown) -> dict[str, str]:
    facts = shown.facts
    told = {
        "score": facts.score,
        "method": shown.title,
        "published_dataset": facts.dataset,
        "published_folds": facts.folds,
        "published_truth": facts.truth,
        "published_jnd": str(facts.jnd),
        "metric": facts.metric,
        "value": significant(facts.value),
        "not_beside": ", ".join(shown.reasons),
        "caveat": facts.caveat,
    }
    return {name: one_line(text) for name, text in told.items()}


def _measured_values(shown: Shown) -> list[dict[str, str]]:
    facts = shown.facts
    return [
        {
            "predictor": row.predictor,
            "measured": significant(row.scores[facts.score]),
            "published": significant(float(facts.value * facts.score_factor)),
        }
        for row in shown.rows
    ]


def section_values(section: Section) -> dict[str, str]:
    """What every row of a section says of it, by column."""
    identity = section.identity
    state = f", data state {section.state}" if section.state else ""
    return {
        "dataset": section.dataset.name_in_csv + state,
        "folds": identity.folds,
        "truth": identity.truth,
        "jnd": str(identity.jnd),
        "limited": str(identity.limit or ""),
    }


def _csv_values(section: Section, row: Row | CeilingRow, names: Sequence[str]) -> list[str]:
    told = {
        **section_values(section),
        "codec": section.dataset.codec,
        "predictor": row.predictor,
        "kind": row.kind,
    }
    return [told[name] if name in told else significant(row.scores.get(name)) for name in names]
