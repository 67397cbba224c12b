"""What was measured of pictures, on disk, under a hash of all that it depends on. Any file may be deleted at any time.

It costs time and depends on no fold or truth (features of a network, profiles of a slow metric), so runs share it.
The folder is `jnd-bench` below the user's cache, or `JND_BENCH_CACHE`. Files are written whole or not at all; a damaged
one is computed again.
"""

from __future__ import annotations

import errno
import os
import warnings
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from platformdirs import user_cache_path

from datasets.common.files import write_atomically
from datasets.common.hashing import key_of

VARIABLE = "JND_BENCH_CACHE"

_CHECKSUM_BYTES = 4
"""After the arrays: CRC-32 of what stands before, because a number with a flipped bit looks like any other."""


class CacheWarning(UserWarning):
    """The cache could not be written or read; nothing is lost but time."""


def cache_folder() -> Path:
    """Where what can be computed again is kept.

    :raises OSError: where it would be below a home folder that the user does not have.
    """
    named = os.environ.get(VARIABLE)
    try:
        return Path(named).expanduser() if named else user_cache_path("jnd-bench", appauthor=False, opinion=False)
    except RuntimeError as error:
        raise FileNotFoundError(errno.ENOENT, "there is no such home folder", named or "~") from error


def warn_of_cache(error: OSError) -> None:
    """Say that the cache cannot be used. Python shows the same words once."""
    try:
        folder = str(cache_folder())
    except OSError:
        folder = str(error.filename)
    warnings.warn(
        f"{folder}: what is measured cannot be kept there ({error.strerror}); it will be computed again next time. "
        f"Set {VARIABLE} to a folder that can be written and has room.",
        CacheWarning,
        stacklevel=1,
    )


def training_folder(parts: Mapping[str, object]) -> Path:
    """Where a training keeps its state while it runs, under a hash of all that it depends on.

    :raises OSError: as `cache_folder`.
    """
    return cache_folder() / "training" / key_of(parts)


@final
@dataclass(frozen=True, eq=False)
class StoredArrays(Mapping[str, np.ndarray]):
    """Arrays on disk, read whenever one is asked for. It travels to other processes as its key.

    :param key: under which `save_arrays` stored them.
    """

    key: str

    def read(self) -> dict[str, np.ndarray]:
        """All of them.

        :raises FileNotFoundError: where the file has gone meanwhile, or is damaged.
        """
        arrays = load_arrays(self.key)
        if arrays is None:
            raise FileNotFoundError(f"{_file(self.key)}: the stored arrays have gone")
        return arrays

    def __getitem__(self, name: str) -> np.ndarray:
        return self.read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.read())

    def __len__(self) -> int:
        return len(self.read())


def is_stored(key: str) -> bool:
    """Whether there is a file of a key; it may turn out to be damaged."""
    try:
        return _file(key).is_file()
    except OSError:
        return False


def save_arrays(key: str, arrays: Mapping[str, np.ndarray]) -> bool:
    """Keep arrays under a key; where the folder cannot be written, warn and go on.

    :returns: whether they are kept.
    """
    from safetensors.numpy import save

    content = save({name: np.asarray(array, order="C") for name, array in arrays.items()})
    checksum = zlib.crc32(content).to_bytes(_CHECKSUM_BYTES, "little")
    try:
        write_atomically(_file(key), content + checksum, durable=False)  # a file that the disk lost is made again
    except OSError as error:
        warn_of_cache(error)
        return False
    return True


def load_arrays(key: str) -> dict[str, np.ndarray] | None:
    """The arrays of a key; None where there are none, or where the file is damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        content = (path := _file(key)).read_bytes()
        if zlib.crc32(content[:-_CHECKSUM_BYTES]) != int.from_bytes(content[-_CHECKSUM_BYTES:], "little"):
            raise ValueError("its checksum differs")
        return dict(load(content[:-_CHECKSUM_BYTES]))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (SafetensorError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno not in (errno.EIO, errno.EISDIR):
            warn_of_cache(error)
        else:
            warnings.warn(f"{path}: is damaged and computed again ({error})", CacheWarning, stacklevel=2)
        return None


def _file(key: str) -> Path:
    return cache_folder() / "measured" / key[:2] / f"{key}.arrays"
