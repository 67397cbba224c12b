"""One stored run: what it is about, what its files say, and how they are read and verified."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.common.hashing import sha256_of_bytes
from protocols.store.damage import Damage, read_table, unsealed
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

    :param path: its folder.
    :param record: what `run.json` says of it.
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
