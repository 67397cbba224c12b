"""Stored runs and tables of pictures for tests: made up, and written by the real store."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd

from protocols.store.picture_facts import merge_into
from protocols.store.record import RunRecord


def run_json(predictor: str = "constant", **changes: Any) -> dict[str, Any]:
    """What `run.json` says of a made-up run of one picture; a dictionary in `changes` adds to the one that is there."""
    content: dict[str, Any] = {
        "status": "complete",
        "identity": {
            "dataset": "demo",
            "folds": "kfold5-v1",
            "truth": "mean",
            "jnd": 1,
            "limit": 0,
            "predictor": predictor,
        },
        "key": "a" * 12,
        "kind": "constant",
        "card": {
            "name": predictor,
            "title": f"The method {predictor}",
            "needs_pictures": False,
        },
        "dataset": {
            "name": "demo",
            "title": "Demo photographs",
            "samples": "simulated observers",
            "terms": "photographs in the public domain",
            "redistributable": False,
            "codec": "jpeg",
            "unit": "QF",
            "level_lowest": 1,
            "level_highest": 100,
            "has_pixels": True,
            "options": {},
        },
        "pictures": 1,
        "sources": 1,
        "failed": 0,
        "finished": "2026-01-01T00:00:00+00:00",
    }
    for name, value in changes.items():
        content[name] = {**content.get(name, {}), **value} if isinstance(value, dict) else value
    return content


def run_record(predictor: str = "constant", **changes: Any) -> RunRecord:
    """`run_json` as a record."""
    return RunRecord.from_json(run_json(predictor, **changes))


def store_table(path: Path, pictures: pd.DataFrame) -> None:
    """Store a table of pictures under its name, as the protocol does."""
    stream = io.BytesIO()
    pictures.to_parquet(stream, index=False)
    merge_into(path, lambda _: stream.getvalue())
