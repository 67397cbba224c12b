"""The store of runs: `<dataset>/<folds>/<truth>/<predictor>-<key>/{predictions.parquet, run.json}`.

A run is written under a temporary name and renamed, so a kill leaves either the whole run or none. It takes a free name
and outranks what it replaces, which is removed afterwards: whoever reads meanwhile, on this machine or another, finds
the older run or the newer. It is not a cache of pixels or profiles, and nothing in it is ever unpickled.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import io
import json
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.common.errors import DataError
from datasets.common.files import PATTERN, partial_beside, probe_writable, remove, sweep, write_flushed
from datasets.common.hashing import sha256_of_bytes
from protocols.store.damage import Damage, StoreWarning, read_settled, read_table, sealed, set_aside, unsealed
from protocols.store.record import Identity, RunRecord

if TYPE_CHECKING:
    import pandas as pd

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


@dataclass(frozen=True)
class StoredRun:
    """A run on disk, read whole: it can be used even after a newer one has taken its place.

    :param predictions: one row a picture, columns `COLUMNS`.
    """

    path: Path
    record: RunRecord
    predictions: pd.DataFrame = field(compare=False, repr=False)

    @property
    def identity(self) -> Identity:
        """What the run is about."""
        return self.record.identity

    @property
    def key(self) -> str:
        """Hash of everything its predictions depend on."""
        return self.record.key

    @property
    def status(self) -> str:
        """`complete`, `partial` (some pictures failed) or `failed` (all did)."""
        return self.record.status

    @property
    def rank(self) -> tuple[int, str, str, str]:
        """Of two runs of one identity the higher counts; no two have the same."""
        # Clocks of machines differ, so a run is first of all later than those that its writer saw.
        return self.record.generation, self.record.finished, self.key, self.path.name


def read_run(folder: Path) -> StoredRun | Damage | None:
    """The run in a folder, verified by its digests; None where there is none (any more)."""
    content = _read_once(folder)
    # Between its two files another process may have put another run into the place of the one that was read.
    return _read_once(folder) if isinstance(content, Damage) else content


def _read_once(folder: Path) -> StoredRun | Damage | None:
    file, about = folder / "run.json", None
    try:
        content = unsealed(file.read_bytes())
        record = RunRecord.from_json(content)
        file, about = folder / "predictions.parquet", record.identity
        data = file.read_bytes()
        if sha256_of_bytes(data) != content.get("predictions_sha256"):
            raise ValueError("its digest is not the one that run.json names")
        table = read_table(data, COLUMNS)
        if record.pictures != len(table):
            raise ValueError(f"it has {len(table)} rows, and run.json names {record.pictures} pictures")
        return StoredRun(folder, record, table)
    except FileNotFoundError:
        is_ours = any((folder / name).exists() for name in ("run.json", "predictions.parquet"))
        return Damage(folder, file, "it is missing", about) if is_ours else None
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and not folder.is_dir():
            return None
        return Damage(folder, file, str(error), about)


_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)
_MOST_NAMES = 1000


class Store:
    """The runs below one results folder."""

    def __init__(self, results: Path) -> None:
        self.results = results

    def runs(self) -> Iterator[StoredRun]:
        """Every whole run, in order of its path; damaged ones warn and are passed over."""
        for folder in sorted(self.results.glob("*/*/*")):
            if not any(part.startswith(".") for part in folder.relative_to(self.results).parts):
                contents = _read_all(folder)
                _warn(contents)
                yield from (run for run in contents if isinstance(run, StoredRun))

    def current_runs(self) -> list[StoredRun]:
        """One run for each identity: the highest in rank, where a kill left an older one beside it."""
        newest: dict[Identity, StoredRun] = {}
        for run in sorted(self.runs(), key=lambda run: run.rank):
            newest[run.identity] = run
        return [newest[identity] for identity in sorted(newest)]

    def find(self, identity: Identity) -> list[StoredRun]:
        """All runs of an identity, whatever their key, the current one last; damaged ones warn and are passed over."""
        contents = self._of(identity)
        _warn(contents)
        return _ranked(contents, identity)

    def damaged(self, identity: Identity) -> list[Damage]:
        """What may have been a run of an identity: those of its predictor that do not tell that they are another's."""
        damages = (content for content in self._of(identity) if isinstance(content, Damage))
        return [damage for damage in damages if damage.about in (None, identity)]

    def set_aside(self, identity: Identity) -> list[Path]:
        """Rename the damaged runs of an identity to `.damaged-...` beside them, where nothing touches them any more.

        :returns: where they lie now.
        :raises DataError: where the folder cannot be written.
        """
        try:
            moved = [set_aside(damage.path) for damage in self.damaged(identity)]
        except OSError as error:
            raise DataError(f"{self.results / identity.folder}: {_cannot_be_stored(error)}") from error
        return [path for path in moved if path is not None]

    def check_writable(self, identities: Iterable[Identity]) -> None:
        """Try out that runs can be stored, before anything is computed for them.

        :raises DataError: where they cannot.
        """
        for folder in sorted({self.results / identity.folder for identity in identities}):
            try:
                probe_writable(folder)
            except OSError as error:
                raise DataError(
                    f"{folder}: {_cannot_be_stored(error)} Nothing has been computed. "
                    "Put that right, or name another folder with --results DIR."
                ) from error

    def write(self, record: RunRecord, predictions: pd.DataFrame) -> StoredRun:
        """Store a run whole and remove older runs of its identity.

        :returns: the stored run; its `generation` is above that of all that it replaces.
        :raises DataError: where the results folder cannot be written.
        """
        identity = record.identity
        stream = io.BytesIO()
        predictions.to_parquet(stream, index=False)
        table = stream.getvalue()
        generation = 1 + max((run.rank[0] for run in _ranked(self._of(identity), identity)), default=0)
        record = dataclasses.replace(record, generation=generation)
        text = json.dumps(sealed(record.to_json(), table), indent=2, allow_nan=False) + "\n"
        final = self.results / identity.folder / f"{_safe(identity.predictor)}-{record.key}"
        try:
            final = _place(final, {"predictions.parquet": table, "run.json": text.encode()})
        except OSError as error:
            raise DataError(f"{final}: {_cannot_be_stored(error)} Runs stored before are kept.") from error
        for run in _ranked(self._of(identity), identity)[:-1]:
            _remove(run.path)
        return StoredRun(final, record, read_table(table, COLUMNS))

    def sweep(self) -> None:
        """Remove what killed processes left half-written, as far as it can be known that they no longer write."""
        sweep(self.results.glob(f"*/*/*/{PATTERN}"))
        sweep(self.results.glob(f"*/{PATTERN}"))  # of tables of pictures

    def state(self) -> frozenset[tuple[str, int]]:
        """Differs where anything was stored or removed in between."""
        files = [*self.results.glob("*/*/*/*/run.json"), *self.results.glob("*/pictures-*.parquet")]
        state = set()
        for file in files:
            with contextlib.suppress(OSError):  # what is gone meanwhile is not there
                state.add((str(file.relative_to(self.results)), file.stat().st_mtime_ns))
        return frozenset(state)

    def _of(self, identity: Identity) -> list[StoredRun | Damage]:
        name = re.compile(re.escape(_safe(identity.predictor)) + r"-[^-~]+(~\d+)?")
        return _read_all(self.results / identity.folder, name)


def _read_all(folder: Path, name: re.Pattern[str] | None = None) -> list[StoredRun | Damage]:
    def listing() -> list[Path]:
        return sorted(
            path
            for path in folder.glob("*")
            if not path.name.startswith(".") and path.is_dir() and (name is None or name.fullmatch(path.name))
        )

    contents: dict[Path, StoredRun | Damage] = read_settled(listing, read_run)
    return list(contents.values())


def _ranked(contents: Iterable[StoredRun | Damage], identity: Identity) -> list[StoredRun]:
    runs = (run for run in contents if isinstance(run, StoredRun) and run.identity == identity)
    return sorted(runs, key=lambda run: run.rank)


def _warn(contents: Iterable[StoredRun | Damage]) -> None:
    for damage in contents:
        if isinstance(damage, Damage):
            warnings.warn(str(damage), StoreWarning, stacklevel=3)


def _place(final: Path, files: dict[str, bytes]) -> Path:
    """Write a folder whole, under the name given or, where that is taken, the next free one."""
    partial = partial_beside(final)
    try:
        for name, content in files.items():
            write_flushed(partial / name, content)
        number = 1
        while True:
            try:
                return partial.rename(final if number == 1 else final.with_name(f"{final.name}~{number}"))
            except OSError as error:
                if error.errno not in _TAKEN or number == _MOST_NAMES:
                    raise
                number += 1
    finally:
        remove(partial)


def _remove(folder: Path) -> None:
    """Remove a run at once for whoever reads, and then bit by bit."""
    with contextlib.suppress(OSError):  # one that stays is outranked; another process may be removing it, too
        remove(folder.rename(partial_beside(folder)))


def _cannot_be_stored(error: OSError) -> str:
    return f"runs cannot be stored there ({error.strerror or error}). Is the disk full, or read-only?"


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
