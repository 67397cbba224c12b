"""The one hash (SHA-256), the one canonical JSON, and the keys and seeds that are made of them."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

_BLOCK_BYTES = 1 << 20


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
    """The hash of a file's bytes. It is read again only where its size or date has changed.

    :raises OSError: where it cannot be read.
    """
    status = path.stat()
    return _sha256_of_file(path, status.st_size, status.st_mtime_ns, status.st_ino)


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


@functools.lru_cache(maxsize=2048)
def _sha256_of_file(path: Path, size: int, mtime_ns: int, inode: int) -> str:
    with path.open("rb") as stream:
        return sha256_of_pieces(iter(lambda: stream.read(_BLOCK_BYTES), b""))
