"""The leaderboard for programs: `leaderboard.csv`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from reports.columns import significant
from reports.rows import Row
from reports.sections import Section

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
)


def leaderboard_csv(sections: Sequence[Section]) -> str:
    """One row a run, columns `CSV_COLUMNS`, 6 significant digits, levels in the codec's unit, undefined = empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for section in sections:
        for row in section.rows:
            writer.writerow(_csv_values(section, row))
    return stream.getvalue()


def _csv_values(section: Section, row: Row) -> list[str]:
    identity = row.run.identity
    state = f", data state {section.state}" if section.state else ""
    told = {
        "dataset": section.dataset.name_in_csv + state,
        "codec": section.dataset.codec,
        "folds": identity.folds,
        "truth": identity.truth,
        "jnd": str(identity.jnd),
        "predictor": row.predictor,
        "kind": str(row.card["kind"]),
        "limited": str(identity.limit or ""),
    }
    return [told[name] if name in told else significant(row.scores[name]) for name in CSV_COLUMNS]
