"""`report.json`: the whole report for programs. `docs/report-schema.md` says what each name means."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from reports.results.cards import (
    dataset_entries,
    dataset_page,
    method_page,
    methods,
    predictor_page,
    section_name,
    shown_of,
)
from reports.results.codec_notes import codec_notes
from reports.results.codecs import CodecComparison, codec_comparisons
from reports.results.jnds import JndComparison, jnd_comparisons, jnd_notes
from reports.results.row import Row
from reports.results.section import Section
from reports.results.verdict import findings
from reports.tables.latex import cited_works

SCHEMA_VERSION = 1
"""Goes up when a name goes or changes its meaning; new names alone leave it."""

_OF_RECORD = ("key", "parameters", "fitted", "seed", "decoder", "device", "versions", "machine", "finished")


def report_json(sections: Sequence[Section]) -> str:
    """The file's text: sorted as the tables are, numbers in full, undefined ones null."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "sections": [_section(section) for section in sections],
        "codec_comparisons": [_codecs(comparison) for comparison in codec_comparisons(sections)],
        "jnd_comparisons": [_jnds(comparison) for comparison in jnd_comparisons(sections)],
        "methods": [
            {
                "page": method_page(method.card),
                "card": dataclasses.asdict(method.card),
                "ran_as": [{"predictor": name, "parameters": parameters} for name, parameters in method.ran_as.items()],
            }
            for method in methods(sections)
        ],
        "datasets": [
            {
                "name": entry.name,
                "page": dataset_page(entry.name),
                "redistributable": entry.redistributable,
                "notes": entry.notes,
                "facts": [shown_of(record) for record in entry.records],
            }
            for entry in dataset_entries(sections)
        ],
        "references": [
            {"key": work.key, "text": work.reference.text, "used_by": work.used_by} for work in cited_works(sections)
        ],
    }
    return json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def _section(section: Section) -> dict[str, Any]:
    identity = section.identity
    return {
        "id": section_name(section),
        "dataset": identity.dataset,
        "folds": identity.folds,
        "truth": identity.truth,
        "jnd": identity.jnd,
        "limit": identity.limit,
        "state": section.state,
        "pictures": section.pictures,
        "sources": section.sources,
        "control": section.control.predictor if section.control is not None else None,
        "notes": section.notes,
        "findings": findings(section),
        "rows": [_row(row) for row in section.rows],
        "ceilings": [
            {"name": row.predictor, "meaning": row.meaning, "scores": _scores(row.scores)} for row in section.ceilings
        ],
        "pairs": section.comparison.pair_lines() if section.comparison is not None else [],
    }


def _codecs(comparison: CodecComparison) -> dict[str, Any]:
    return {
        "sections": [section_name(section) for section in comparison.sections],
        "reference": comparison.reference.dataset.codec,
        "notes": codec_notes(comparison),
        "rows": [
            {
                "predictor": row.predictor or None,
                "codecs": [dataclasses.asdict(entry) for entry in row.codecs],
                "pictures": row.pictures,
                "failed": row.failed,
                "ratio_error": row.ratio_error,
                "has_true_order": row.has_true_order,
            }
            for row in (comparison.truth, *comparison.rows)
        ],
    }


def _jnds(comparison: JndComparison) -> dict[str, Any]:
    return {
        "sections": [section_name(section) for section in comparison.sections],
        "levels": [dataclasses.asdict(levels) for levels in comparison.by_jnd],
        "knowing_one": [row.predictor for row in comparison.rows if row.knows_one],
        "notes": jnd_notes(comparison),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "predictor": row.predictor,
        "page": predictor_page(row.predictor),
        "method": method_page(row.card),
        "kind": row.kind,
        "status": row.run.status,
        "failures": row.failures,
        "scores": _scores(row.scores),
        **{name: getattr(row.record, name) for name in _OF_RECORD},
    }


def _scores(scores: Mapping[str, Any]) -> dict[str, float | int | None]:
    return {name: _number(value) for name, value in scores.items()}


def _number(value: Any) -> float | int | None:
    if value is None or (isinstance(value, float) and value != value):
        return None
    return int(value) if isinstance(value, int) else float(value)
