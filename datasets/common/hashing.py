"""The one content hash (SHA-256), the one canonical JSON, and the keys and seeds that are made of them."""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from datasets.common.errors import UserError

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


_SHARED = ("baselines", "sgjnd", "datasets")
"""The project's packages whose code can change what a predictor says."""


@functools.cache
def method_sha256(predictor: type) -> str:
    """Hash of the source of a predictor's module, its base classes' and whatever of their packages they import.

    So an edit to the method, or to a piece it uses, makes its stored runs stale; an edit elsewhere does not.

    :raises UserError: for a class that stands in a notebook or in the program that was started: what it uses is not
        known, so nothing of it is reused.
    """
    if predictor.__module__ == "__main__":
        raise UserError(f"{predictor.__qualname__} stands in no module of its own, so its code has no hash")
    modules = {cls.__module__ for cls in predictor.__mro__ if cls.__module__ not in ("builtins", "abc")}
    return _code_sha256(modules, {*_SHARED, predictor.__module__.partition(".")[0]})


@functools.cache
def ladders_sha256() -> str:
    """Hash of the code that compresses, decodes and compares levels."""
    return _code_sha256({"datasets.core.ladder"}, {"datasets"})


def _code_sha256(modules: set[str], packages: set[str]) -> str:
    files = sorted(_closure(modules, packages).items())
    return sha256_of_bytes("".join(f"{name}\n{_file_sha256(path)}\n" for name, path in files))


def _closure(modules: set[str], packages: set[str]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    waiting = sorted(modules)
    while waiting:
        name = waiting.pop()
        path = _source_file(name) if name.partition(".")[0] in packages and name not in files else None
        if path is not None:
            files[name] = path
            waiting.extend(_imports(path, name))
    return files


@functools.cache
def _imports(path: Path, module: str) -> tuple[str, ...]:
    return tuple(_walk_imports(ast.parse(path.read_text(encoding="utf-8")), module))


def _walk_imports(tree: ast.Module, module: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = module.rsplit(".", node.level)[0]
                base = f"{parent}.{base}".rstrip(".")
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


@functools.cache
def _source_file(module: str) -> Path | None:
    """A module's file; None for a package, and for a name that is no module. Nothing is imported for it."""
    top, *inner = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None or not inner:
        path = Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None
        return path if path and path.name != "__init__.py" else None
    candidates = (Path(folder, *inner).with_suffix(".py") for folder in spec.submodule_search_locations or ())
    return next((path for path in candidates if path.is_file()), None)


@functools.cache
def _file_sha256(path: Path) -> str:
    return sha256_of_bytes(path.read_bytes().replace(b"\r\n", b"\n"))
