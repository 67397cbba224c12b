"""What was measured of pictures, on disk, under a hash of all that it depends on. Any file may be deleted at any time.

It costs time and depends on no fold or truth (features of a network, profiles of a slow metric), so runs share it.
The folder is `jnd-bench` below the user's cache, or `JND_BENCH_CACHE`. Files are written whole or not at all; a damaged
one is computed again.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from datasets.common.commands import write_atomically
from datasets.common.hashing import key_of

VARIABLE = "JND_BENCH_CACHE"

_CHECKSUM_BYTES = 4
"""After the arrays: CRC-32 of what stands before, because a number with a flipped bit looks like any other."""

_spent_before_ms = [0.0]


class CacheWarning(UserWarning):
    """The cache could not be written or read; nothing is lost but time."""


def count_as_spent(ms: float) -> None:
    """Say that something was found here whose making took so long: what a method costs is not what it costs again."""
    _spent_before_ms[0] += ms


def spent_before_ms() -> float:
    """What this process has been spared so far, in milliseconds; a timing adds the difference of two calls."""
    return _spent_before_ms[0]


def cache_folder() -> Path:
    """Where what can be computed again is kept."""
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "jnd-bench"


def training_folder(parts: Mapping[str, object]) -> Path:
    """Where a training keeps its state while it runs, under a hash of all that it depends on."""
    return cache_folder() / "training" / key_of(parts)


def have_arrays(key: str, compute: Callable[[], Mapping[str, np.ndarray]]) -> dict[str, Any]:
    """Have the arrays of a key at hand: found, or computed now; either way they count with the time they once took.

    :returns: `key`, by which `load_arrays` gives them; where they cannot be kept, the arrays as well.
    """
    if (found := load_arrays(key)) is not None:
        count_as_spent(float(found["ms"][0]) if "ms" in found else 0.0)
        return {"key": key}
    start = time.perf_counter()
    arrays = dict(compute())
    ms = (time.perf_counter() - start) * 1000
    return {"key": key} if save_arrays(key, {**arrays, "ms": np.array([ms])}) else {"key": key, **arrays}


def have_kept(key: str) -> bool:
    """Whether there is a file of a key; it may turn out to be damaged."""
    return _file(key).is_file()


def save_arrays(key: str, arrays: Mapping[str, np.ndarray]) -> bool:
    """Keep arrays under a key; where the folder cannot be written, warn and go on.

    :returns: whether they are kept.
    """
    from safetensors.numpy import save

    path = _file(key)
    content = save({name: np.asarray(array, order="C") for name, array in arrays.items()})
    checksum = zlib.crc32(content).to_bytes(_CHECKSUM_BYTES, "little")
    try:
        write_atomically(path, content + checksum, durable=False)  # a file that the disk lost is made again
    except OSError as error:
        warnings.warn(
            f"{path.parent}: measurements cannot be kept ({error.strerror}); they will be computed again next time. "
            f"Set {VARIABLE} to a folder with room.",
            CacheWarning,
            stacklevel=2,
        )
        return False
    return True


def load_arrays(key: str) -> dict[str, np.ndarray] | None:
    """The arrays of a key; None where there are none, or where the file is damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    path = _file(key)
    try:
        content = path.read_bytes()
        if zlib.crc32(content[:-_CHECKSUM_BYTES]) != int.from_bytes(content[-_CHECKSUM_BYTES:], "little"):
            raise ValueError("its checksum differs")
        return dict(load(content[:-_CHECKSUM_BYTES]))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (SafetensorError, OSError, ValueError) as error:
        warnings.warn(f"{path}: is damaged and computed again ({error})", CacheWarning, stacklevel=2)
        return None


def _file(key: str) -> Path:
    return cache_folder() / "measured" / key[:2] / f"{key}.arrays"
