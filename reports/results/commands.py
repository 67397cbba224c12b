"""The commands that run a section again."""

from __future__ import annotations

import shlex
from dataclasses import fields

from datasets.core.dataset import OpenOptions
from reports.results.row import Row
from reports.results.section import Section


def commands(section: Section) -> list[str]:
    """A command for each seed with which rows were run; a root stands as DIR, since folders of one machine say little.

    What runs of a class by `module:Class`, or of an object in a notebook, needs that name instead.
    """
    by_seed: dict[int, list[Row]] = {}
    for row in section.rows:
        by_seed.setdefault(row.record.seed, []).append(row)
    return [_command(section, seed, rows) for seed, rows in sorted(by_seed.items())]


def _command(section: Section, seed: int, rows: list[Row]) -> str:
    identity, record = section.identity, rows[0].record
    protocol = str(record.key_parts.get("protocol", "kfold"))
    words = ["python", "-m", "protocols.run", "--dataset", record.dataset.opening_name]
    words += ["--root", "DIR"] if record.dataset.root else []
    words += ["--folds", identity.folds] if protocol == "kfold" else ["--protocol", protocol]
    words += ["--truths", identity.truth]
    words += ["--limit", str(identity.limit)] if identity.limit else []
    for option in fields(OpenOptions):
        value = getattr(record.dataset.options, option.name)
        words += [f"--{option.name.replace('_', '-')}", str(value)] if value != option.default else []
    words += ["--seed", str(seed)] if seed else []
    return shlex.join([*words, "--predictors", *(row.predictor for row in rows)])
