"""What a data set's pictures are, whatever the predictors: facts of ladders in the cache, a table beside the runs.

A report must not open pictures or labels, yet it tells how far subjects agree and what errors depend on. So the
protocol writes `<dataset>/pictures-<key>-<digest>.parquet` once for all runs of the same data.

Several processes and machines add rows to it without locks. A file is named by the digest of its content, so no two
writers can spoil each other's. A writer stores what it adds together with all that it found, then removes what it
found. Where two wrote at once there are two files, which readers put together and the next writer makes one.
"""

from __future__ import annotations

import dataclasses
import glob
import io
import json
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.common.cache import is_stored, load_arrays, save_arrays
from datasets.common.code import code_sha256
from datasets.common.errors import DataError, UserError
from datasets.common.files import remove, write_atomically
from datasets.common.hashing import key_of, sha256_of_bytes
from datasets.core.imaging import PixelFacts
from datasets.core.ladder import LadderSummary
from datasets.core.picture import Picture
from protocols.store.damage import Damage, StoreWarning, read_settled, read_table, set_aside
from protocols.store.store import StoredRun

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1
_ROUNDS = 20
_DIGITS = 16
COLUMNS = {
    "picture": "the picture's name, unique in its data set",
    "source": "the reference picture's id",
    "codec": "codec of the levels",
    "width_px": "of the reference; empty without pixels",
    "height_px": "of the reference; empty without pixels",
    "pixels_per_degree": "viewing geometry of the study",
    "samples": "the subjects' JNDs as levels, in the data set's order; an empty list where unknown",
    "tabulated": "truths that the data set itself tabulates, JSON text, e.g. {'sqf': 36.0}",
    "psnr_db": "luma PSNR from the worst to the best level; empty without pixels",
    "size_bytes": "encoded size from the worst to the best level; empty where the codec's files are not there",
    "gradient": "mean Sobel magnitude of the luma, grey levels per pixel; empty without pixels",
    "colourfulness": "Hasler and Suesstrunk (2003); empty without pixels",
}


def table_name(key_parts: Mapping[str, Any]) -> str:
    """The table's name, `pictures-<key>.parquet`: a hash of what its content depends on.

    :param key_parts: of a job (see `protocols.store.run_key.key_parts`).
    """
    depends = {name: key_parts[name] for name in ("data set", "data", "jnd", "anchor", "level direction", "decoder")}
    return f"pictures-{key_of({'schema': SCHEMA_VERSION, **depends}, digits=12)}.parquet"


def write_pictures(path: Path, pictures: Sequence[Picture], pixels: Mapping[str, PixelFacts | None]) -> None:
    """Store what is known of pictures, beside what the table already says of others of the set.

    :param path: the table's (see `table_name`).
    :param pictures: of one data set; their ladders' summaries are taken where they have been measured.
    :param pixels: what their pixels said, by picture name.
    :raises DataError: where the folder cannot be written.
    """
    rows = [_row(picture, pixels.get(picture.name)) for picture in pictures]

    def merged(before: pd.DataFrame | None) -> bytes:
        import pandas as pd

        named = {row["picture"] for row in rows}
        known: list[dict[str, Any]] = [] if before is None else before.to_dict("records")  # type: ignore[assignment]
        both = rows + [row for row in known if row["picture"] not in named]
        both.sort(key=lambda row: str(row["picture"]))
        stream = io.BytesIO()
        pd.DataFrame(both, columns=list(COLUMNS)).to_parquet(stream, index=False, schema=_schema())
        return stream.getvalue()

    try:
        merge_into(path, merged)
    except OSError as error:
        raise DataError(
            f"{path.parent}: what the pictures are cannot be stored ({error.strerror or error}). "
            "Is the disk full, or read-only? Runs stored before are kept."
        ) from error


def read_pictures(results: Path, run: StoredRun) -> pd.DataFrame | None:
    """The table of the pictures that a run was made on, columns `COLUMNS`; lists are arrays.

    A limited run's pictures may be a part of the table's, or the other way round. What is damaged warns.

    :returns: None where the run names no table or nothing of it is there.
    """
    name = run.record.pictures_table
    # A name from a file must not lead elsewhere.
    if Path(name).name != name or not name.endswith(".parquet"):
        return None
    return read_merged(results / run.identity.dataset / name)


def _row(picture: Picture, pixels: PixelFacts | None) -> dict[str, Any]:
    summary = picture.ladder.known_summary if picture.has_pixels else None
    return {
        "picture": picture.name,
        "source": picture.source,
        "codec": picture.codec.name,
        "pixels_per_degree": picture.pixels_per_degree,
        "samples": np.asarray(picture.samples, dtype=float),
        "tabulated": json.dumps(dict(picture.tabulated), sort_keys=True),
        "psnr_db": None if summary is None else summary.psnr_db,
        "size_bytes": None if summary is None or not np.isfinite(summary.size_bytes).all() else summary.size_bytes,
        **(dataclasses.asdict(pixels) if pixels else {}),
    }


def _schema() -> Any:
    import pyarrow as pa

    kinds = {"picture": pa.string(), "source": pa.string(), "codec": pa.string(), "tabulated": pa.string()}
    kinds |= dict.fromkeys(("samples", "psnr_db", "size_bytes"), pa.list_(pa.float64()))
    kinds |= dict.fromkeys(("width_px", "height_px"), pa.int32())
    return pa.schema([(name, kinds.get(name, pa.float64())) for name in COLUMNS])


def merge_into(path: Path, merged: Callable[[pd.DataFrame | None], bytes]) -> None:
    """Store a table that has what is there and what is new; damaged files are set aside.

    :param path: the table's, without a digest.
    :param merged: the new content as Parquet, from what is there already; None where nothing is.
    :raises OSError: where the folder cannot be written.
    """
    for _ in range(_ROUNDS):
        contents = _read_all(path)
        for damage in contents.values():
            if isinstance(damage, Damage) and (aside := set_aside(damage.path)) is not None:
                warnings.warn(f"{damage} and set aside: {aside}", StoreWarning, stacklevel=3)
        content = merged(_joined(contents))
        final = path.with_name(f"{path.stem}-{sha256_of_bytes(content)[:_DIGITS]}{path.suffix}")
        if final not in contents or isinstance(contents[final], Damage):
            write_atomically(final, content)
        for file, table in contents.items():
            if file != final and not isinstance(table, Damage):
                remove(file)
        # Another process may have taken this file for one that its own has the rows of, while this did the same to it.
        if final.is_file():
            return


def read_merged(path: Path) -> pd.DataFrame | None:
    """The whole table, in order of the pictures' names; damaged files warn and are passed over.

    :param path: the table's, without a digest.
    :returns: None where nothing of it is there.
    """
    contents = _read_all(path)
    for damage in contents.values():
        if isinstance(damage, Damage):
            warnings.warn(
                f"{damage}. To make it again: python -m protocols.run --predictors constant --rerun always, with the "
                "flags of the run",
                StoreWarning,
                stacklevel=3,
            )
    return _joined(contents)


def _joined(contents: dict[Path, pd.DataFrame | Damage]) -> pd.DataFrame | None:
    import pandas as pd

    tables = [table for table in contents.values() if not isinstance(table, Damage)]
    if len(tables) < 2:
        return tables[0] if tables else None
    joined = pd.concat(tables, ignore_index=True).drop_duplicates("picture")
    return joined.sort_values("picture", ignore_index=True)


def _read_all(path: Path) -> dict[Path, pd.DataFrame | Damage]:
    name = re.compile(re.escape(path.stem) + rf"-[0-9a-f]{{{_DIGITS}}}" + re.escape(path.suffix))

    def listing() -> list[Path]:
        files = path.parent.glob(f"{glob.escape(path.stem)}*{path.suffix}")
        return sorted(file for file in files if name.fullmatch(file.name))

    return read_settled(listing, lambda file: _read(file, path))


def _read(file: Path, path: Path) -> pd.DataFrame | Damage | None:
    try:
        data = file.read_bytes()
        if file.stem.removeprefix(f"{path.stem}-") != sha256_of_bytes(data)[:_DIGITS]:
            raise ValueError("its digest is not the one in its name")
        return read_table(data, COLUMNS)[list(COLUMNS)]
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        return Damage(file, file, str(error))


LADDER_VERSION = 2
"""To be raised where the same pixels are measured otherwise by the code of this folder."""


@dataclass(frozen=True)
class LadderFacts:
    """Error and size of every level, and what the reference's pixels say."""

    summary: LadderSummary
    pixels: PixelFacts


def ladder_key(picture: Picture) -> str:
    """Names everything that `LadderFacts` depend on.

    :raises UserError: where the picture's files cannot be read.
    """
    code = code_sha256(type(picture.ladder))
    return key_of({"stored": "ladder", "version": LADDER_VERSION, "code": code, "picture": picture.fingerprint()})


def has_ladder(picture: Picture) -> bool:
    """Whether a picture's ladder was measured, without reading what is stored."""
    try:
        return is_stored(ladder_key(picture))
    except UserError:  # an error in a file is raised when the picture is measured
        return False


def load_ladder(picture: Picture) -> LadderFacts | None:
    """What is stored of a picture's ladder; None where nothing is, or its files cannot be read."""
    try:
        arrays = load_arrays(ladder_key(picture))
    except UserError:
        return None
    if arrays is None:
        return None
    summary = LadderSummary(arrays["mse"], arrays["size_bytes"], float(arrays["ms"][0]))
    width, height, gradient, colourfulness = arrays["pixels"].tolist()
    return LadderFacts(summary, PixelFacts(int(width), int(height), gradient, colourfulness))


def save_ladder(picture: Picture, facts: LadderFacts) -> None:
    """Store what a pass over the ladder measured."""
    summary, pixels = facts.summary, np.array(dataclasses.astuple(facts.pixels), dtype=float)
    arrays = {"mse": summary.mse, "size_bytes": summary.size_bytes, "ms": np.array([summary.ms]), "pixels": pixels}
    save_arrays(ladder_key(picture), arrays)
