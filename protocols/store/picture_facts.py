"""What a data set's pictures are, in one table beside the runs: `<dataset>/pictures-<key>-<digest>.parquet`.

A report must not open pictures or labels, yet it tells how far subjects agree and what errors depend on. So the
protocol writes down, once for all runs of the same data, what it learned while it had the pictures at hand.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.common.errors import DataError
from datasets.common.hashing import key_of
from datasets.core.imaging import luma, mean_gradient
from datasets.core.ladder import LadderSummary
from datasets.core.picture import Picture
from protocols.store.merged_tables import merge_into, read_merged
from protocols.store.store import StoredRun

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1
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


@dataclass(frozen=True)
class PixelFacts:
    """What a reference's pixels say of it.

    :param gradient: mean Sobel magnitude of the luma, in grey levels per pixel.
    :param colourfulness: of Hasler and Suesstrunk (2003); 0 for grey.
    """

    width_px: int
    height_px: int
    gradient: float
    colourfulness: float


def pixel_facts(rgb: np.ndarray) -> PixelFacts:
    """Look at a reference.

    :param rgb: uint8, shape (height, width, 3).
    """
    plane = luma(rgb)
    height, width = plane.shape
    return PixelFacts(width, height, mean_gradient(plane), _colourfulness(rgb))


def _colourfulness(rgb: np.ndarray) -> float:
    """Hasler & Suesstrunk, Measuring colourfulness in natural images, 2003: metric M3."""
    red, green, blue = (rgb[..., channel].astype(np.float32) for channel in range(3))
    opponents = (red - green, (red + green) / 2 - blue)
    spread = math.hypot(*(float(plane.std(dtype=np.float64)) for plane in opponents))
    mean = math.hypot(*(float(plane.mean(dtype=np.float64)) for plane in opponents))
    return spread + 0.3 * mean


def table_name(key_parts: Mapping[str, Any]) -> str:
    """The table's name, `pictures-<key>.parquet`: a hash of what its content depends on.

    :param key_parts: of a job (see `protocols.plan.Job.key_parts`).
    """
    depends = {name: key_parts[name] for name in ("data set", "data", "jnd", "anchor", "level direction", "decoder")}
    return f"pictures-{key_of({'schema': SCHEMA_VERSION, **depends}, digits=12)}.parquet"


def write_pictures(path: Path, pictures: Sequence[Picture], found: Mapping[str, PixelFacts | None]) -> None:
    """Store what is known of pictures, beside what the table already says of others of the set.

    :param path: the table's (see `table_name`).
    :param pictures: of one data set; their ladders' summaries are taken where they have been measured.
    :param found: what their pixels said, by picture name.
    :raises DataError: where the folder cannot be written.
    """
    rows = [_row(picture, found.get(picture.name)) for picture in pictures]

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
        merge_into(path, COLUMNS, merged)
    except OSError as error:
        raise DataError(
            f"{path.parent}: what the pictures are cannot be stored ({error.strerror or error}). "
            "Is the disk full, or read-only? Runs stored before are kept."
        ) from error


def read_pictures(results: Path, run: StoredRun) -> pd.DataFrame | None:
    """The table of the pictures that a run was made on, columns `COLUMNS`; lists are arrays.

    A limited run's pictures may be a part of the table's, or the other way round. What is damaged warns and is passed
    over.

    :param results: the folder of stored runs.
    :returns: None where the run does not name its table (runs of an older form) or nothing of it is there.
    """
    name = run.info.get("pictures_table")
    # A name from a file must not lead elsewhere.
    if not isinstance(name, str) or Path(name).name != name or not name.endswith(".parquet"):
        return None
    return read_merged(results / run.identity.dataset / name, COLUMNS)


def _row(picture: Picture, pixels: PixelFacts | None) -> dict[str, Any]:
    summary = picture.ladder.summary_if_measured() if picture.has_pixels else None
    return {
        "picture": picture.name,
        "source": picture.source,
        "codec": picture.codec.name,
        "width_px": pixels.width_px if pixels else None,
        "height_px": pixels.height_px if pixels else None,
        "pixels_per_degree": picture.pixels_per_degree,
        "samples": np.asarray(picture.samples, dtype=float),
        "tabulated": json.dumps(dict(picture.tabulated), sort_keys=True),
        "psnr_db": None if summary is None else summary.psnr_db,
        "size_bytes": _sizes(summary),
        "gradient": pixels.gradient if pixels else None,
        "colourfulness": pixels.colourfulness if pixels else None,
    }


def _sizes(summary: LadderSummary | None) -> np.ndarray | None:
    return None if summary is None or not np.isfinite(summary.size_bytes).all() else summary.size_bytes


def _schema() -> Any:
    import pyarrow as pa

    kinds = {"picture": pa.string(), "source": pa.string(), "codec": pa.string(), "tabulated": pa.string()}
    kinds |= dict.fromkeys(("samples", "psnr_db", "size_bytes"), pa.list_(pa.float64()))
    kinds |= dict.fromkeys(("width_px", "height_px"), pa.int32())
    return pa.schema([(name, kinds.get(name, pa.float64())) for name in COLUMNS])
