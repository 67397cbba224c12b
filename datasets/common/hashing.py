"""The one hash (SHA-256), the one canonical JSON, and the keys and seeds that are made of them."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

_BLOCK_BYTES = 1 << 20
_TICK_NS = 2_000_000_000


def sha256_of_bytes(content: bytes | str) -> str:
    """64 hexadecimal digits; a text is hashed in UTF-8."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def sha256_of_pieces(pieces: Iterable[bytes | np.ndarray]) -> str:
    """The hash of pieces in a row, as if they were one; only one of them is held at a time."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(np.ascontiguousarray(piece).tobytes() if isinstance(piece, np.ndarray) else piece)
    return digest.hexdigest()


def sha256_of_file(path: Path) -> str:
    """The hash of a file's bytes. It is read again only where its state has changed.

    :raises OSError: where it cannot be read.
    """
    state = file_state(path)
    if state not in _hashes:
        with path.open("rb") as stream:
            sha256 = sha256_of_pieces(iter(lambda: stream.read(_BLOCK_BYTES), b""))
        if not is_settled(state):
            return sha256
        _hashes[state] = sha256
    return _hashes[state]


FileState = tuple[str, int, int, int, int]
"""Absolute path, size, inode, and when its content and its entry were changed, in nanoseconds."""


def file_state(path: Path) -> FileState:
    """What a file's content is remembered under.

    :raises OSError: where there is no such file.
    """
    status = path.stat()
    return (
        os.path.abspath(path),  # noqa: PTH100  # thousands of files: this is ten times as fast as a Path's
        status.st_size,
        status.st_ino % 2**63,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def is_settled(state: FileState) -> bool:
    """Whether the file was not changed just now: a second change within a tick of the disk's clock would not show."""
    return time.time_ns() - max(state[3:]) > _TICK_NS


def remember_hash(state: FileState, sha256: str) -> None:
    """Take over the hash of a file that need not be read."""
    _hashes[state] = sha256


_hashes: dict[FileState, str] = {}


def sha256_of_pixels(rgb: np.ndarray) -> str:
    """The hash of a picture's height, width and pixels, whatever file they came from.

    :param rgb: uint8, shape (height, width, 3).
    """
    return sha256_of_pieces([f"{rgb.shape[0]}x{rgb.shape[1]}".encode(), rgb])


def canonical_json(content: Mapping[str, Any]) -> str:
    """One text for one content: sorted names, no spaces, no NaN.

    :raises TypeError: for a value that JSON has no form for.
    :raises ValueError: for a number that is not finite.
    """
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)


def key_of(parts: Mapping[str, Any], digits: int = 32) -> str:
    """A name for named parts: the first hexadecimal digits of the hash of their canonical JSON."""
    return sha256_of_bytes(canonical_json(parts))[:digits]


def seed_of(**parts: Any) -> int:
    """A seed that depends on exactly the named parts, 0 to 2**32 - 1."""
    return seed_of_text(canonical_json(parts), bits=32)


def seed_of_text(text: str, bits: int = 64) -> int:
    """A seed that depends on a text alone, 0 to 2**bits - 1."""
    return int(sha256_of_bytes(text)[: bits // 4], 16)
