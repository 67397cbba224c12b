"""The commands that run a section again, and what it ran on."""

from __future__ import annotations

import shlex
from dataclasses import fields

from baselines.interface.card import SUBMITTED
from datasets.core.dataset import OpenOptions
from reports.results.row import Row
from reports.results.section import Section


def commands(section: Section) -> list[str]:
    """A command for each seed with which rows were run; a root stands as DIR, since folders of one machine say little.

    What runs of a class by `module:Class`, or of an object in a notebook, needs that name instead.
    """
    by_seed: dict[int, list[Row]] = {}
    for row in section.rows:
        if row.kind != SUBMITTED:
            by_seed.setdefault(row.record.seed, []).append(row)
    submitted = [_submission(section, row) for row in section.rows if row.kind == SUBMITTED]
    return [*(_command(section, seed, rows) for seed, rows in sorted(by_seed.items())), *submitted]


def surroundings(section: Section) -> dict[str, list[str]]:
    """Decoder, machine and versions in one line each, and the predictors that ran there, those of most rows first."""
    names: dict[str, list[str]] = {}
    for row in section.rows:
        record = row.record
        versions = (f"{package} {version}" for package, version in record.versions.items())
        parts = (record.decoder or "no decoder", *map(str, record.machine.values()), *versions)
        names.setdefault(", ".join(parts), []).append(row.predictor)
    return dict(sorted(names.items(), key=lambda item: -len(item[1])))


def _command(section: Section, seed: int, rows: list[Row]) -> str:
    limit = section.identity.limit
    words = ["python", "-m", "protocols.run", *_what(section, rows[0])]
    words += ["--limit", str(limit)] if limit else []
    words += ["--seed", str(seed)] if seed else []
    return shlex.join([*words, "--predictors", *(row.predictor for row in rows)])


def _submission(section: Section, row: Row) -> str:
    file = str(row.record.parameters.get("file", "FILE.csv"))
    return shlex.join(["python", "-m", "protocols.submit", file, "--name", row.predictor, *_what(section, row)])


def _what(section: Section, row: Row) -> list[str]:
    """The flags that say the data set, folds and truth."""
    record = row.record
    protocol = str(record.key_parts.get("protocol", "kfold"))
    words = ["--dataset", record.dataset.opening_name]
    words += ["--root", "DIR"] if record.dataset.root else []
    words += ["--folds", section.identity.folds] if protocol == "kfold" else ["--protocol", protocol]
    words += ["--truths", section.identity.truth]
    for option in fields(OpenOptions):
        value = getattr(record.dataset.options, option.name)
        words += [f"--{option.name.replace('_', '-')}", str(value)] if value != option.default else []
    return words
