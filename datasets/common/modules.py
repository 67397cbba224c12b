"""Where Python code comes from: the user's own modules by the bytes of their files, installed ones by their version.

Nothing is imported to find out. Of a module that is loaded, the file counts as it was when it was first asked for: an
edit counts from the moment the module is loaded again.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import os
import platform
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import FunctionType

_PROJECT = ("baselines", "sgjnd", "datasets", "protocols", "reports")
_own = set(_PROJECT[:3])
"""Packages whose files count one by one, even where they are installed."""
_INSTALLED = ("site-packages", "dist-packages")
_STANDARD = tuple(f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "platstdlib"))
_MADE_BY_PYTHON = 1 << 9
"""Of a class's flags: it was made at run time, not with the interpreter or an extension."""
PYTHON = f"Python {platform.python_version()}"

_files: dict[str, tuple[object, str, tuple[str, ...]]] = {}
"""By module: what it was loaded by (None where it is not loaded), its file's hash, and what that imports."""


def count_as_own(name: str) -> None:
    """Take the files of a module's package one by one from now on, even where it is installed."""
    _own.add(name.partition(".")[0])


def forget_modules() -> None:
    """Look again at the files of modules that are not loaded, and at where all are found."""
    importlib.invalidate_caches()
    for cached in (_spec, _distribution, _infos, _record):
        cached.cache_clear()
    for name in [name for name, (loaded, *_) in _files.items() if loaded is None]:
        del _files[name]


def origins(names: Iterable[str]) -> dict[str, str]:
    """What modules are made of, with all that they import, directly or not: a hash or a version by module or package.

    :param names: dotted names of modules; packages that they stand in are taken with them.
    """
    known: dict[str, str] = {}
    waiting = sorted(names)
    while waiting:
        name = waiting.pop()
        if name in known:
            continue
        parent = name.rpartition(".")[0]
        spec = _spec(name)
        if spec is None:
            known[name] = "" if parent else "not there"
            continue
        if distribution := _distribution_of(name):
            known[name] = ""
            if distribution != PYTHON:
                known[name.partition(".")[0]] = distribution
            continue
        if parent:
            waiting.append(parent)
        known[name], imported = _file(name, spec)
        waiting.extend(imported)
    return {"python": PYTHON, **{name: origin for name, origin in known.items() if origin}}


def is_own(name: str) -> bool:
    """Whether a module's code is the user's or the project's: neither Python's nor an installed distribution's."""
    return not _distribution_of(name)


def is_project(name: str) -> bool:
    """Whether a module is one of the project itself."""
    return name.partition(".")[0] in _PROJECT


def home_of(code: type | FunctionType) -> tuple[str, bool]:
    """The name of the module that a class or function stands in, and whether that has a file that is known."""
    name = str(code.__module__)
    module = sys.modules.get(name)
    if module is None:
        return f"<{name}>", False
    function: object = code
    if isinstance(code, type) and code.__flags__ & _MADE_BY_PYTHON:
        if not hasattr(module, code.__qualname__.partition(".")[0]):  # made by `exec`, say
            return f"<{name}>", False
        function = next((member for member in vars(code).values() if isinstance(member, FunctionType)), None)
    if isinstance(function, FunctionType) and function.__globals__ is not vars(module):
        return f"<{name}>", False
    spec = _spec(name)
    return name, not is_own(name) or (spec is not None and spec.origin is not None and Path(spec.origin).is_file())


def _distribution_of(name: str) -> str:
    """The distribution and its version, or Python's; empty for code of one's own."""
    top = name.partition(".")[0]
    spec = _spec(top)
    if spec is not None and spec.origin is None:  # a package without __init__ may have its parts in several places
        spec = _spec(name)
    if spec is None:
        return ""
    place = spec.origin or next(iter(spec.submodule_search_locations or ()), "")
    distribution = _distribution(top, place)
    return "" if top in _own and distribution != PYTHON else distribution


@functools.cache
def _distribution(top: str, place: str) -> str:
    path = Path(place)
    if place in ("built-in", "frozen") or not path.is_absolute():
        return PYTHON if top in sys.stdlib_module_names else ""
    installed = [folder for folder in path.parents if folder.name in _INSTALLED]
    if not installed and place.startswith(_STANDARD):
        return PYTHON
    folder = next((folder for folder in path.parents if not (folder / "__init__.py").is_file()), path.parent)
    inside = path.relative_to(folder).as_posix().encode() + b","
    infos = _infos(installed[0] if installed else folder)
    for info in sorted(infos, key=lambda info: top.lower() not in info.name.lower()):  # mostly of the same name
        record = _record(info)
        if record.startswith(inside) or b"\n" + inside in record:
            code = (line for line in record.splitlines() if line.partition(b",")[0].endswith((b".py", b".so", b".pyd")))
            return f"{info.stem} {hashlib.sha256(b''.join(sorted(code))).hexdigest()[:16]}"
    return ""


@functools.cache
def _infos(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(folder.glob("*.dist-info")))


@functools.cache
def _record(info: Path) -> bytes:
    """The list of a distribution's files; empty where it has none."""
    try:
        return (info / "RECORD").read_bytes()
    except OSError:
        return b""


@functools.cache
def _spec(name: str) -> ModuleSpec | None:
    """How a module is found, or was found where it is loaded; None where it is none."""
    loaded = sys.modules.get(name)
    if name == "__main__":
        file = getattr(loaded, "__file__", None)
        return None if file is None else ModuleSpec(name, None, origin=str(Path(file).absolute()))
    spec = getattr(loaded, "__spec__", None)
    if spec is not None:
        return spec
    parent = name.rpartition(".")[0]
    try:
        if not parent:
            return importlib.util.find_spec(name)
        around = _spec(parent)
        places = around.submodule_search_locations if around is not None else None
        return PathFinder.find_spec(name, places) if places is not None else None
    except (ImportError, ValueError, AttributeError):
        return None


def _file(name: str, spec: ModuleSpec) -> tuple[str, tuple[str, ...]]:
    """The hash of a module's file, and the names that may be modules which it imports."""
    loaded = sys.modules.get(name)
    key = loaded if name == "__main__" else getattr(loaded, "__spec__", None)
    if name not in _files or _files[name][0] is not key:
        content = _content(spec)
        imported: tuple[str, ...] = ()
        if name == "__main__" or (spec.origin or "").endswith(".py"):
            package = name if spec.submodule_search_locations is not None else name.rpartition(".")[0]
            imported = tuple(sorted(set(_imports(content, getattr(loaded, "__package__", None) or package))))
        _files[name] = key, hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest(), imported
    return _files[name][1:]


def _content(spec: ModuleSpec) -> bytes:
    """A module's file, in an archive too; empty for a package that has none."""
    if spec.origin and Path(spec.origin).is_file():
        return Path(spec.origin).read_bytes()
    read = getattr(spec.loader, "get_data", None)
    try:
        return bytes(read(spec.origin)) if read and spec.origin else b""
    except OSError:
        return b""


def _imports(source: bytes, package: str) -> Iterator[str]:
    """Dotted names that a source imports anywhere, whether or not there are such modules."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    names: dict[str, str] = {}
    attributes: list[ast.Attribute] = []
    for node in _executed(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = alias.name if alias.asname else ""
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            base = _absolute("." * node.level + (node.module or ""), package)
            yield base
            for alias in node.names:
                names[alias.asname or alias.name] = f"{base}.{alias.name}"
                yield f"{base}.{alias.name}"
        elif isinstance(node, ast.Call) and _dotted(node.func).endswith(("import_module", "__import__")):
            if node.args and isinstance(literal := node.args[0], ast.Constant) and isinstance(literal.value, str):
                yield _absolute(literal.value, package)
        elif isinstance(node, ast.Attribute):
            attributes.append(node)
    for attribute in attributes:  # `import package` and then `package.module.function`
        first, *rest = _dotted(attribute).split(".")
        if first in names:
            yield ".".join([names[first] or first, *rest])


def _dotted(node: ast.AST) -> str:
    """`a.b.c` of names and attributes; empty for any other expression."""
    if isinstance(node, ast.Name):
        return node.id
    inner = _dotted(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{inner}.{node.attr}" if inner and isinstance(node, ast.Attribute) else ""


def _executed(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those that only a type checker reads."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and _dotted(node.test).endswith("TYPE_CHECKING"):
            waiting.extend(node.orelse)
        else:
            waiting.extend(ast.iter_child_nodes(node))


def _absolute(name: str, package: str) -> str:
    inner = name.lstrip(".")
    up = len(name) - len(inner)
    if not up:
        return name
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - up + 1], *([inner] if inner else [])])
