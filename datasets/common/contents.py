"""What is in a value, as a hash: never its name alone, its address or its repr.

What cannot be known to be the same is computed again: a value whose content cannot be had has no hash. Classes and
functions in a value stand by their names and their compiled code; what that uses is for `datasets.common.code`.
"""

from __future__ import annotations

import copyreg
import functools
import hashlib
import os
import sys
from pathlib import Path, PurePath
from types import CodeType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any, final

import numpy as np

from datasets.common.errors import UserError
from datasets.common.hashing import sha256_of_file
from datasets.common.modules import home_of, is_own

_PLAIN = (type(None), bool, int, float, complex, type(Ellipsis), type(NotImplemented), range)
_LONGEST_PATH = 4096


class NoContentError(UserError):
    """There is something whose content cannot be known."""


@final
class Content:
    """Takes values apart, and gathers the code that is in them.

    :param is_asked_for: whether the values are somebody's parameters, whose texts may name files; else they are what
        code uses.
    """

    def __init__(self, *, is_asked_for: bool) -> None:
        self.uses: list[type | FunctionType] = []
        """The user's own classes and functions in them."""
        self.modules: set[str] = set()
        """Modules that they, or parts of them, come from."""
        self._is_asked_for = is_asked_for
        self._open: list[int] = []
        self._held: list[object] = []

    def of(self, value: Any) -> str:
        """The hash of a value.

        Arrays count with type and shape; the order of a dict does not; a path counts with what it names.

        :raises NoContentError: where something in it has none: an open file, a lock, a generator.
        """
        kind = type(value)
        if kind in _PLAIN:
            return digest_of(kind.__name__, f"{value:x}" if kind is int else repr(value))
        if kind is bytes:
            return digest_of("bytes", value)
        if kind is str:
            return digest_of("str", value, _file_named(value) if self._is_asked_for else "")
        if id(value) in self._open:
            return digest_of("around", str(len(self._open) - self._open.index(id(value))))
        self._open.append(id(value))
        self._held.append(value)
        try:
            return self._compound(kind, value)
        except NoContentError:
            raise
        except RecursionError:
            raise NoContentError("something that is nested too deeply") from None
        except Exception as error:  # anyone's object may fail to say what is in it
            raise NoContentError(f"something of type {name_of(kind)}") from error
        finally:
            self._open.pop()

    def _compound(self, kind: type, value: Any) -> str:
        if kind in (tuple, list):
            return digest_of(kind.__name__, *map(self.of, value))
        if kind in (set, frozenset):
            return digest_of(kind.__name__, *sorted(map(self.of, value)))
        if kind in (dict, MappingProxyType):
            return digest_of(kind.__name__, *sorted(self.of(name) + self.of(inner) for name, inner in value.items()))
        if isinstance(value, np.ndarray | np.generic):
            return self._array(kind, value)
        if isinstance(value, type | FunctionType):
            return self._code(value)
        if kind is CodeType:
            return self._compiled(value)
        if kind is MethodType:
            return digest_of("method", self.of(value.__func__), self.of(value.__self__))
        if kind is ModuleType:
            self.modules.add(value.__name__)
            return digest_of("module", value.__name__)
        if isinstance(value, property | classmethod | staticmethod | functools.cached_property):
            inner = (getattr(value, name, None) for name in ("fget", "fset", "fdel", "__func__", "func"))
            return digest_of(name_of(kind), *map(self.of, inner))
        if kind is functools._lru_cache_wrapper:
            return digest_of("cached", self.of(value.__wrapped__))
        if isinstance(value, PurePath):
            return digest_of("path", str(value), self._path(Path(value).expanduser()))
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.Tensor):
            flat = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
            about = f"{value.dtype} {tuple(value.shape)} {value.requires_grad}"
            return digest_of(name_of(kind), about, flat.tobytes())
        return self._reduced(kind, value)

    def _array(self, kind: type, value: Any) -> str:
        array = np.asarray(value)
        about = f"{array.dtype.descr if array.dtype.names else array.dtype.str} {array.shape}"
        if array.dtype.hasobject:
            return digest_of(name_of(kind), about, *map(self.of, array.ravel().tolist()))
        mask = self.of(np.ma.getmaskarray(value)) if isinstance(value, np.ma.MaskedArray) else ""
        return digest_of(name_of(kind), about, np.ascontiguousarray(array).tobytes(), mask)

    def _code(self, value: type | FunctionType) -> str:
        if not is_own(home_of(value)[0]):
            self.modules.add(value.__module__)
            return digest_of("installed", value.__module__, value.__qualname__)
        self.uses.append(value)
        return self._named(value)

    def _named(self, value: type | FunctionType) -> str:
        """A class or function by name, code and what was bound to it, not by what its names mean."""
        if isinstance(value, type):
            codes = [member.__code__ for member in vars(value).values() if isinstance(member, FunctionType)]
            return digest_of("class", name_of(value), *sorted(map(self._compiled, codes)))
        bound = [value.__defaults__, value.__kwdefaults__, vars(value), [*map(_in_cell, value.__closure__ or ())]]
        return digest_of("function", name_of(value), self._compiled(value.__code__), *map(self.of, bound))

    def _compiled(self, code: CodeType) -> str:
        constants = (
            self._compiled(constant)
            if isinstance(constant, CodeType)
            else self.of(constant)
            if isinstance(constant, frozenset)
            else repr(constant)
            for constant in code.co_consts
        )
        names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
        counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
        return digest_of("code", code.co_code, repr(names), repr(counts), *constants)

    def _path(self, path: Path) -> str:
        """The hash of a file, or of a folder's files with their names."""
        if path.is_file():
            return sha256_of_file(path)
        if not path.is_dir() or not self._is_asked_for:  # the project's folder, say, that code finds its files by
            return "a folder" if path.is_dir() else f"there is something: {path.exists()}"
        files = sorted(Path(folder, name) for folder, _, names in os.walk(path) for name in names)
        return digest_of(*(part for file in files for part in (str(file.relative_to(path)), sha256_of_file(file))))

    def _reduced(self, kind: type, value: Any) -> str:
        """As `pickle` takes an object apart."""
        reduce = copyreg.dispatch_table.get(kind)
        taken = reduce(value) if reduce else value.__reduce_ex__(4)
        if isinstance(taken, str):  # the name of something in a module
            module = getattr(value, "__module__", None) or kind.__module__
            self.modules.add(module)
            return digest_of("named", module, taken)
        maker, arguments, *more = taken
        state, items, pairs = (*more, None, None, None)[:3]
        self._held.append(taken)
        entries = sorted(self.of(name) + self.of(inner) for name, inner in pairs or ())
        inner = self.of(maker), self.of(tuple(arguments)), self.of(state), *map(self.of, items or ())
        return digest_of(name_of(kind), str(len(inner)), *inner, *entries)


def _in_cell(cell: Any) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def name_of(kind: Any) -> str:
    """Of a class or function, with its module."""
    return f"{kind.__module__}.{kind.__qualname__}"


def _file_named(text: str) -> str:
    """The hash of the file that a text names; empty where it names none."""
    if not 0 < len(text) < _LONGEST_PATH or "\n" in text:
        return ""
    try:
        path = Path(text).expanduser()
        return sha256_of_file(path) if path.is_file() and path.stat().st_size else ""
    except (OSError, ValueError, RuntimeError):
        return ""


def digest_of(*parts: str | bytes) -> str:
    """The hash of parts that no other parts have."""
    pieces = [part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in parts]
    return hashlib.sha256(b"".join([repr([*map(len, pieces)]).encode(), *pieces])).hexdigest()
