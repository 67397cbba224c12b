"""What a predictor's code is, as a hash of all that it reaches: it changes where anything changes that could matter.

A class or function is its compiled code as it is loaded here, the values of the names that it uses, the classes and
functions behind them, and the modules of all of these (`datasets.common.modules`). So a class of a notebook has a hash,
too, and a constant that a script has set counts.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from types import CodeType, FunctionType, ModuleType
from typing import Any, final

from datasets.common.contents import Content, NoContentError, digest_of, name_of
from datasets.common.errors import UserError
from datasets.common.modules import count_as_own, forget_modules, home_of, is_own, is_project, origins

_METHODS = (FunctionType, classmethod, staticmethod, property)
_FIXED = (type, FunctionType, functools._lru_cache_wrapper, ModuleType, int, float, str, tuple, frozenset, PurePath)


def content_sha256(value: object) -> str:
    """The hash of a value (see `Content.of`) with the code that it reaches.

    :raises NoContentError: where something in it has no content, or its code has none (see `code_sha256`).
    """
    content = Content(is_asked_for=True)
    facts, modules, seen = {content.of(value)}, set(content.modules), set[int]()
    waiting = list(content.uses)
    while waiting:
        code = waiting.pop()
        if id(code) not in seen:
            seen.add(id(code))
            part = _part_of(code)
            if part.error is not None:
                raise part.error
            facts |= part.facts
            modules |= part.content.modules
            waiting.extend(part.content.uses)
    if modules:
        facts |= {digest_of("module", name, origin) for name, origin in origins(modules).items()}
    return digest_of(*sorted(facts))


def have_same_content(first: Mapping[str, object], second: Mapping[str, object]) -> bool:
    """Whether values by name are known to be the same."""
    try:
        return content_sha256(dict(first)) == content_sha256(dict(second))
    except NoContentError:
        return all(first[name] is second[name] for name in first)


def code_sha256(code: type) -> str:
    """The hash of a class with all that it reaches; made once until `forget_code` is called.

    :raises NoContentError: where it stands in no file, and uses something that has no content.
    """
    if code not in _hashes:
        count_as_own(code.__module__)
        try:
            _hashes[code] = content_sha256(code)
        except NoContentError as error:
            _hashes[code] = error
    known = _hashes[code]
    if isinstance(known, NoContentError):
        raise NoContentError(*known.args)
    return known


def known_code(code: type) -> str:
    """As `code_sha256`; empty where there is none."""
    try:
        return code_sha256(code)
    except NoContentError:
        return ""


def require_code(code: type, sha256: str) -> None:
    """Refuse to do the work of a process that has loaded other code, or set other values in it.

    :param sha256: as `known_code` gave it there.
    :raises UserError: where it differs here.
    """
    if sha256 and sha256 != known_code(code):
        raise UserError(
            f"{name_of(code)} is other code here than where it was asked for: it, or something that it uses, was "
            "edited or set after it was loaded"
        )


def load_named(what: str, path: str) -> Any:
    """What stands at `package.module:Class`.

    :param what: it is to be, as the error says it.
    :raises UserError: where it cannot be loaded.
    """
    module, _, attribute = path.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except Exception as error:  # anyone's file may fail in any way
        raise UserError(
            f"{what} {path!r} cannot be loaded: {type(error).__name__}: {error}. "
            "Expected package.module:Class on the Python path."
        ) from error


def forget_code() -> None:
    """Look at all code again: a run begins, and since the last one it may have been edited and loaded again."""
    _hashes.clear()
    _parts.clear()
    forget_modules()


@final
class _Part:
    """What one class or function is by itself, and what else it uses."""

    def __init__(self, code: type | FunctionType) -> None:
        self.code = code
        """Held, so that its address stays its own."""
        self.facts: set[str] = set()
        self.content = Content(is_asked_for=False)
        self.error: NoContentError | None = None
        name, has_file = home_of(code)
        if has_file:
            self.content.modules.add(name)
        for what, value in _of_class(code) if isinstance(code, type) else _of_function(code):
            try:
                self.facts.add(digest_of("uses", name_of(code), what, self.content.of(value)))
            except NoContentError as error:
                if not has_file:  # otherwise the file says how it is made
                    self.error = NoContentError(f"{error} ({code.__qualname__} uses it as {what!r})")


_hashes: dict[type, str | NoContentError] = {}
_parts: dict[int, _Part] = {}
"""By the address of a class or function."""


def _part_of(code: type | FunctionType) -> _Part:
    if id(code) not in _parts:
        _parts[id(code)] = _Part(code)
    return _parts[id(code)]


def _of_class(code: type) -> Iterator[tuple[str, object]]:
    """What a class consists of, by name."""
    yield "class", code
    yield "bases", code.__bases__
    yield "metaclass", type(code)
    for name, value in vars(code).items():
        is_special = name == "_abc_impl" or (name.startswith("__") and not isinstance(value, _METHODS))
        if not is_special and not type(value).__name__.endswith("_descriptor"):
            yield name, value


def _of_function(code: FunctionType) -> Iterator[tuple[str, object]]:
    """What a function is, and what the names mean that it uses."""
    yield "function", code
    names = set(_names(code.__code__))
    for name in sorted(names & code.__globals__.keys()):
        value = code.__globals__[name]
        if isinstance(value, _FIXED) or not is_project(str(code.__module__)):  # ours may remember something meanwhile
            yield name, value
        if isinstance(value, ModuleType) and is_own(value.__name__):
            for inner in sorted(names & vars(value).keys()):
                yield f"{name}.{inner}", vars(value)[inner]


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
