"""The leaderboard for programs: `leaderboard.csv`, and `published.csv` where there are published numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from datasets.core.text_file import spreadsheet_cell
from reports.results.columns import one_line, significant
from reports.results.published import Shown, published
from reports.results.rows import CeilingRow, Row
from reports.results.sections import Section

CSV_COLUMNS = (
    "dataset",
    "codec",
    "folds",
    "truth",
    "jnd",
    "predictor",
    "kind",
    "n",
    "failed",
    "mae",
    "mae_low",
    "mae_high",
    "rmse",
    "bias",
    "within_3",
    "within_5",
    "within_10",
    "plcc",
    "srcc",
    "krcc",
    "psnr_mae_db",
    "psnr_plcc",
    "psnr_srcc",
    "sur_mae",
    "bhattacharyya",
    "bytes_saved",
    "ms_per_picture",
    "limited",
    "best_group",
    "mean_rank",
    "to_ceiling",
    "psnr_plcc_control",
    "psnr_srcc_control",
    "psnr_partial_plcc",
    "psnr_partial_srcc",
)

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


def leaderboard_csv(sections: Sequence[Section]) -> str:
    """One row a run and one for each human ceiling, columns `CSV_COLUMNS`, 6 significant digits.

    Levels are in the codec's unit; what is undefined is empty.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for section in sections:
        for row in section.table_rows:
            writer.writerow(map(spreadsheet_cell, _csv_values(section, row)))
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


def _csv_values(section: Section, row: Row | CeilingRow) -> list[str]:
    told = {
        **section_values(section),
        "codec": section.dataset.codec,
        "predictor": row.predictor,
        "kind": row.kind,
    }
    return [told[name] if name in told else significant(row.scores.get(name)) for name in CSV_COLUMNS]
