"""The commands that run a section again, and what it ran on."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import fields

from baselines.interface.card import SUBMITTED
from datasets.core.dataset import OpenOptions
from protocols.store.share_names import FOREIGN_SETS, split_transfer_name
from reports.results.row import Row
from reports.results.section import Section

INSTALL_COMMAND, BUILD_COMMAND = "pip install -e .", "python -m reports.build --results results --out report"
"""What goes before the commands of a section and after them; runs write into `results` where they are not told."""


def commands(section: Section) -> list[str]:
    """A command for each protocol and seed with which rows were run; roots stand as DIR, since folders of one machine
    say little.

    What runs of a class by `module:Class`, or of an object in a notebook, needs that name instead.
    """
    alike: dict[tuple[int, tuple[str, ...]], list[Row]] = {}
    for row in section.rows:
        if row.kind != SUBMITTED:
            alike.setdefault((row.record.seed, tuple(_what(section, row))), []).append(row)
    submitted = [_submission(section, row) for row in section.rows if row.kind == SUBMITTED]
    return [*(_command(section, seed, what, rows) for (seed, what), rows in sorted(alike.items())), *submitted]


def roots(section: Section) -> str:
    """What stands for DIR in the commands, in sentences; empty where no command has it."""
    dataset = section.dataset
    if not any(row.record.dataset.root for row in section.rows):
        return ""
    if dataset.is_simulated:
        codec = f" --codec {dataset.codec}" if dataset.codec != "jpeg" else ""
        made = f"python -m datasets.simulate PHOTOS --out DIR{codec}"
        return (
            f"DIR is the folder of the data set. '{made}' makes it of a folder of photographs; its settings stand in "
            "DIR/simulated.json."
        )
    return f"DIR is the folder of the data set. 'python -m datasets.get {dataset.opening_name}' says where to get it."


def surroundings(section: Section) -> dict[str, list[str]]:
    """Decoder, machine and versions in one line each, and the predictors that ran there, those of most rows first."""
    names: dict[str, list[str]] = {}
    for row in section.rows:
        record = row.record
        versions = (f"{package} {version}" for package, version in record.versions.items())
        machine = (f"{value} cores" if name == "usable_cores" else str(value) for name, value in record.machine.items())
        parts = (record.decoder or "no decoder", *machine, *versions)
        names.setdefault(", ".join(parts), []).append(row.predictor)
    return dict(sorted(names.items(), key=lambda item: -len(item[1])))


def _command(section: Section, seed: int, what: Sequence[str], rows: Sequence[Row]) -> str:
    limit = section.identity.limit
    named = [split_transfer_name(row.predictor) for row in rows]
    words = ["python", "-m", "protocols.run", *what]
    words += ["--adapt", *map(str, counts)] if (counts := sorted({count for *_, count in named if count})) else []
    words += ["--limit", str(limit)] if limit else []
    words += ["--seed", str(seed)] if seed else []
    return shlex.join([*words, "--predictors", *dict.fromkeys(predictor for predictor, *_ in named)])


def _submission(section: Section, row: Row) -> str:
    file = str(row.record.parameters.get("file", "FILE.csv"))
    return shlex.join(["python", "-m", "protocols.submit", file, "--name", row.predictor, *_what(section, row)])


def _what(section: Section, row: Row) -> list[str]:
    """The flags that say the data set, folds and truth."""
    record = row.record
    protocol = str(record.key_parts.get("protocol", "kfold"))
    words = ["--dataset", record.dataset.opening_name]
    words += ["--root", "DIR"] if record.dataset.root else []
    words += ["--protocol", protocol] if protocol != "kfold" else []
    words += ["--folds", folds] if not (folds := section.identity.folds).startswith("dealt") else []
    if train := record.key_parts.get(FOREIGN_SETS):
        words += ["--train", *(str(each["set"]) for each in train.values())]
    words += ["--truths", section.identity.truth]
    for option in fields(OpenOptions):
        value = getattr(record.dataset.options, option.name)
        words += [f"--{option.name.replace('_', '-')}", str(value)] if value != option.default else []
    return words
