"""The store of runs: `<dataset>/<folds>/<truth>/<predictor>-<key>/{predictions.parquet, run.json}`.

A run is written under a temporary name and renamed, so a kill leaves either the whole run or none. It is not a
cache of pixels or profiles, and nothing in it is ever unpickled.
"""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1
COLUMNS = {
    "picture": "the picture's name, unique in its data set",
    "source": "the reference picture's id; folds and bootstraps group by it",
    "codec": "codec of the levels",
    "fold": "the fold in which the picture was tested",
    "true_level": "the picture's JND under the run's truth, in the codec's levels",
    "predicted_level": "the prediction; empty where it failed",
    "true_psnr_db": "luma PSNR at the true level; empty without pixels",
    "predicted_psnr_db": "luma PSNR at the predicted level",
    "true_bytes": "encoded size at the true level; empty where the codec's files are not there",
    "predicted_bytes": "encoded size at the predicted level",
    "best_bytes": "encoded size at the codec's best level",
    "clipped": "whether the prediction was cut off at an end of the range",
    "ms": "measuring and predicting this picture, in milliseconds",
    "true_sur": "share of satisfied people from the worst to the best level, fitted to the samples",
    "sur": "the same, predicted; empty where the method has no curve",
    "error": "why the picture failed; empty where it did not",
}


class StoreWarning(UserWarning):
    """A stored run could not be read and was passed over."""


@dataclass(frozen=True, order=True)
class Identity:
    """What a run is about: at most one run of each identity counts.

    :param limit: how many pictures the run was limited to; 0 for all.
    """

    dataset: str
    folds: str
    truth: str
    jnd: int
    limit: int
    predictor: str

    @property
    def folder(self) -> Path:
        """Where its runs lie below the results folder."""
        return Path(self.dataset) / self.folds / self.truth


@dataclass(frozen=True)
class StoredRun:
    """A run on disk.

    :param path: its folder.
    :param info: the content of `run.json`.
    """

    path: Path
    info: dict[str, Any]

    @property
    def identity(self) -> Identity:
        """What the run is about."""
        return Identity(**self.info["identity"])

    @property
    def key(self) -> str:
        """Hash of everything its predictions depend on."""
        return str(self.info["key"])

    @property
    def status(self) -> str:
        """`complete`, `partial` (some pictures failed) or `failed` (all did)."""
        return str(self.info["status"])

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """One row a picture, columns `COLUMNS`.

        :raises DataError: where the file is damaged.
        """
        import pandas as pd

        try:
            return pd.read_parquet(self.path / "predictions.parquet")
        except Exception as error:  # pyarrow raises many kinds for a damaged file
            raise DataError(
                f"{self.path / 'predictions.parquet'}: cannot be read ({error}). "
                f"Delete {self.path} and run the protocol again."
            ) from error


class Store:
    """The runs below one results folder."""

    def __init__(self, results: Path) -> None:
        self.results = results

    def runs(self) -> Iterator[StoredRun]:
        """Every whole run, in order of its path; unreadable ones warn and are passed over."""
        for file in sorted(self.results.glob("*/*/*/*/run.json")):
            run = None if file.parent.name.startswith(".") else _read(file)
            if run is not None:
                yield run

    def current_runs(self) -> list[StoredRun]:
        """One run for each identity: the one finished last, where a kill left an older one beside it."""
        newest: dict[Identity, StoredRun] = {}
        for run in sorted(self.runs(), key=lambda run: (run.info["finished"], run.key)):
            newest[run.identity] = run
        return [newest[identity] for identity in sorted(newest)]

    def find(self, identity: Identity) -> list[StoredRun]:
        """All runs of an identity, whatever their key."""
        pattern = f"{_safe(identity.predictor)}-*/run.json"
        found = (_read(file) for file in sorted((self.results / identity.folder).glob(pattern)))
        return [run for run in found if run is not None and run.identity == identity]

    def write(self, info: dict[str, Any], predictions: pd.DataFrame) -> StoredRun:
        """Store a run whole and remove older runs of its identity.

        :raises DataError: where the results folder cannot be written.
        """
        identity = Identity(**info["identity"])
        final = self.results / identity.folder / f"{_safe(identity.predictor)}-{info['key']}"
        partial = final.with_name(f".partial-{os.getpid()}-{final.name}")
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            predictions.to_parquet(partial / "predictions.parquet", index=False)
            (partial / "run.json").write_text(json.dumps(info, indent=2, allow_nan=False) + "\n", encoding="utf-8")
            for file in partial.iterdir():
                _flush(file)
            if final.exists():
                shutil.rmtree(_move_aside(final))
            partial.rename(final)
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise DataError(f"{final}: the run cannot be stored ({error}). Is the disk full, or read-only?") from error
        for run in self.find(identity):
            if run.path != final:
                shutil.rmtree(run.path, ignore_errors=True)
        return StoredRun(final, info)

    def sweep(self) -> None:
        """Remove what killed processes left half-written."""
        for leftover in self.results.glob("*/*/*/.partial-*"):
            process = leftover.name.split("-")[1]
            if not (process.isdigit() and _is_alive(int(process))):
                shutil.rmtree(leftover, ignore_errors=True)
        for file in self.results.glob("*/.partial-*"):  # of tables of pictures
            process = file.name.split("-")[1]
            if not (process.isdigit() and _is_alive(int(process))):
                file.unlink(missing_ok=True)


def _read(file: Path) -> StoredRun | None:
    try:
        info = json.loads(file.read_text(encoding="utf-8"))
        if info["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"schema version {info['schema_version']}, this program reads {SCHEMA_VERSION}")
        run = StoredRun(file.parent, info)
        _ = (run.identity, run.key, run.status, info["finished"], info["card"]["kind"])
        if not (file.parent / "predictions.parquet").is_file():
            raise ValueError("predictions.parquet is missing beside it")
        return run
    except (OSError, ValueError, KeyError, TypeError) as error:
        warnings.warn(f"{file}: passed over, not a run of this program ({error})", StoreWarning, stacklevel=2)
        return None


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in name)


def _move_aside(folder: Path) -> Path:
    return folder.rename(folder.with_name(f".partial-{os.getpid()}-old-{folder.name}"))


def _flush(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
