"""Whether a report still says what the results say, without building it: a stamp beside it says what it is made of."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, final

import reports
from datasets.common.files import write_atomically
from datasets.common.hashing import key_of, sha256_of_bytes
from protocols.store.machine import versions
from protocols.store.store import StoredRun
from reports.pages.all_pages import PictureChoice
from reports.pages.files import listed_files

STAMP = "report-built-from.json"

_PACKAGES = ("datasets", "baselines", "protocols", "reports")
"""Whose code, templates and cards decide what a report says."""


@final
class Stamp:
    """What a report is built from, as a hash; and the texts that were told of it.

    :param results: the folder of stored runs.
    :param out: the folder of the report.
    :param choice: which pictures get pages.
    """

    def __init__(self, results: Path, out: Path, choice: PictureChoice) -> None:
        self._path = out / STAMP
        self._out = out
        self._source = _hash_of_results(results, choice)
        self._before = self._read()

    @property
    def holds(self) -> bool:
        """Whether the report was built from this, and none of its files was touched since."""
        return self._before is not None and self._before["files"] == self._files()

    def write(self) -> None:
        """Say that the report has been built from this."""
        self._before = {"source": self._source, "files": self._files(), "texts": {}}
        self._save()

    def text(self, runs: Iterable[StoredRun], make: Callable[[], str]) -> str:
        """What is told of runs: as it was told before, or made now."""
        key = sha256_of_bytes(" ".join(run.key for run in runs))
        known: dict[str, str] = self._before["texts"] if self._before is not None else {}
        if key not in known:
            known[key] = make()
            self._save()
        return known[key]

    def _save(self) -> None:
        if self._before is not None:
            write_atomically(self._path, json.dumps(self._before) + "\n")

    def _read(self) -> dict[str, Any] | None:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            whole = all(isinstance(found[name], dict) for name in ("files", "texts"))
            return dict(found) if found["source"] == self._source and whole else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _files(self) -> dict[str, list[int]]:
        found = {}
        for name in sorted(listed_files(self._out)):
            path = self._out / name
            about = path.stat() if path.is_file() else None
            found[name] = [about.st_size, about.st_mtime_ns] if about else []
        return found


def _hash_of_results(results: Path, choice: PictureChoice) -> str:
    files = [*_code(), *sorted(results.glob("*/pictures-*.parquet")), *sorted(results.glob("*/*/*/*/*"))]
    hashes = [[path.name, sha256_of_bytes(path.read_bytes())] for path in files if path.is_file()]
    return key_of({"versions": versions(), "pictures": dataclasses.asdict(choice), "files": hashes}, digits=64)


def _code() -> list[Path]:
    home = Path(reports.__file__).parent.parent
    folders = [home / package for package in _PACKAGES]
    return sorted(
        path for folder in folders for path in folder.rglob("*") if path.suffix not in (".pyc", ".safetensors")
    )
