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
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from platformdirs import user_cache_path

from datasets.common.errors import DataError
from datasets.common.files import write_atomically
from datasets.common.hashing import FileState, file_state, is_settled, key_of, remember_hash, sha256_of_file

VARIABLE = "JND_BENCH_CACHE"

_CHECKSUM_BYTES = 4
"""After the arrays: CRC-32 of what stands before, because a number with a flipped bit looks like any other."""


_said: set[str] = set()
"""Python's own memory of what was shown is lost at every `warnings.catch_warnings`."""


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
    """Say once that the cache cannot be used."""
    try:
        folder = str(cache_folder())
    except OSError:
        folder = str(error.filename)
    text = (
        f"{folder}: what is measured cannot be kept there ({error.strerror}); it will be computed again next time. "
        f"Set {VARIABLE} to a folder that can be written and has room."
    )
    if text not in _said:
        _said.add(text)
        warnings.warn(text, CacheWarning, stacklevel=2)


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


def sha256_of_files(files: Sequence[Path]) -> list[str]:
    """The hashes of many files' bytes, in order; of those that were hashed before, only the state is looked at.

    They are remembered for this sequence of files, so that a ladder takes one entry of the cache.

    :raises DataError: where one cannot be read.
    """
    try:
        return _hashes_of(files, [file_state(file) for file in files])
    except OSError as error:
        raise DataError(f"{error.filename}: {error.strerror}. Copy it again from the data set.") from error


def _hashes_of(files: Sequence[Path], states: Sequence[FileState]) -> list[str]:
    key = key_of({"stored": "hashes", "files": [state[0] for state in states]})
    known = load_arrays(key) or {}
    numbers = np.array([state[1:] for state in states], dtype=np.int64).reshape(-1, 4)
    hashes = known["sha256"] if "sha256" in known else np.zeros((len(files), 32), np.uint8)
    same = (known["states"] == numbers).all(axis=1) if "states" in known else np.zeros(len(files), bool)
    for place in np.flatnonzero(same).tolist():
        remember_hash(states[place], hashes[place].tobytes().hex())
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:  # hashing releases Python's lock
        found = list(pool.map(sha256_of_file, files)) if not same.all() else [sha256_of_file(file) for file in files]
    if not same.all():
        settled = np.array([is_settled(state) for state in states])
        hashes = np.array([[*bytes.fromhex(sha256)] for sha256 in found], dtype=np.uint8)
        save_arrays(key, {"states": np.where(settled[:, None], numbers, -1), "sha256": hashes})
    return found


def _file(key: str) -> Path:
    return cache_folder() / "measured" / key[:2] / f"{key}.arrays"
