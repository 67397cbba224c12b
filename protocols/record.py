"""What `run.json` says of a run: identity, key, parameters, cards, versions, machine, timings, status."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from protocols.plan import Plan
from protocols.store.machine import machine, versions
from protocols.store.picture_facts import table_name

if TYPE_CHECKING:
    import pandas as pd


def describe(
    plan: Plan, predictions: pd.DataFrame, timings: Mapping[str, float], remarks: Iterable[str] = ()
) -> dict[str, Any]:
    """What `run.json` says, JSON-ready; its schema version and digests come from the store.

    :param predictions: the run's rows; their errors decide its status.
    :param remarks: what the predictor said of each picture; told apart and counted.
    :param timings: stage to seconds.
    """
    job, task = plan.job, plan.job.task
    failed = int(predictions["predicted_level"].isna().sum())
    errors = predictions.loc[predictions["error"] != "", "error"]
    return {
        "status": "complete" if failed == 0 else "failed" if failed == len(predictions) else "partial",
        "error": None if errors.empty else f"{failed} of {len(predictions)} pictures failed: {errors.iloc[0]}",
        "identity": dataclasses.asdict(job.identity),
        "key": plan.key,
        "key_parts": plan.key_parts,
        "seed": task.seed,
        "parameters": plan.key_parts["parameters"],
        "card": _plain_card(job.entry.predictor.card),
        "remarks": {remark: count for remark, count in sorted(Counter(remarks).items()) if remark},
        "truth_meaning": job.truth.meaning,
        "dataset": _describe_dataset(plan),
        "pictures_table": table_name(plan.key_parts),
        "pictures": len(predictions),
        "sources": int(predictions["source"].nunique()),
        "failed": failed,
        "versions": versions(),
        "decoder": plan.key_parts["decoder"],
        "machine": machine(),
        "device": job.device,
        "timings_s": {stage: round(seconds, 4) for stage, seconds in timings.items()},
        "finished": datetime.now(timezone.utc).isoformat(timespec="microseconds"),
    }


def _describe_dataset(plan: Plan) -> dict[str, Any]:
    task = plan.job.task
    dataset = task.dataset
    card = dataset.card
    return {
        "name": card.name,
        "title": card.title,
        "samples": card.samples,
        "terms": card.terms,
        "citation": card.citation,
        "redistributable": card.redistributable,
        "codec": dataset.codec.name,
        "unit": dataset.codec.unit,
        "level_lowest": dataset.codec.lowest,
        "level_highest": dataset.codec.highest,
        "has_pixels": dataset.has_pixels,
        "notes": list(dataset.notes),
        "root": None if task.root is None else str(task.root.resolve()),
        "options": dataclasses.asdict(task.options),
    }


def _plain_card(card: Any) -> dict[str, Any]:
    plain = dataclasses.asdict(card)
    return {**plain, "published": list(plain["published"]), "deviations": list(plain["deviations"])}
