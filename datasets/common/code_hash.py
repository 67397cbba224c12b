"""The hash of a method's source and of all that it imports, without running it."""

from __future__ import annotations

import ast
import functools
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from datasets.common.errors import UserError
from datasets.common.hashing import sha256_of_bytes

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
