"""Which predictors there are: found by folder, by entry point, or named as `package.module:Class`.

Nothing is registered by hand. A new method is one file in the folder of its kind below `baselines/` (or in
`sgjnd/`), or another package's entry point in the group `jnd_bench.predictors`.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from baselines.interface.card import KINDS, OWN
from baselines.interface.predictor import JNDPredictor
from datasets.common.errors import UserError, unknown_name

ENTRY_POINT_GROUP = "jnd_bench.predictors"
FOLDERS = (*(f"baselines.{kind}" for kind in KINDS), "sgjnd")
"""Where methods stand, one file each; files whose name begins with an underscore are shared pieces."""
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Registered:
    """A predictor under a name, with the parameters the name stands for.

    :param name: as `--predictors` takes it.
    :param predictor: the class.
    :param parameters: keyword arguments of its constructor.
    """

    name: str
    predictor: type[JNDPredictor]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        name = self.name
        if not (isinstance(name, str) and name.isprintable() and 0 < len(name) <= _LONGEST_NAME):
            raise UserError(
                f"{_origin(self.predictor)}: its name {repr(name)[:80]} is none: expected 1 to {_LONGEST_NAME} "
                "characters that can be printed, since folders, tables and pages go by it. Change its card's name."
            )

    def make(self, **more: Any) -> JNDPredictor:
        """A new, unfitted predictor; `more` is passed on where it is a parameter."""
        known = {field.name for field in fields(self.predictor)}  # type: ignore[arg-type]
        return self.predictor(**{**self.parameters, **{name: value for name, value in more.items() if name in known}})

    @property
    def kind(self) -> str:
        """One of `KINDS`, by the folder that the class stands in; `own` for a class from elsewhere."""
        top, _, rest = self.predictor.__module__.partition(".")
        if top == "sgjnd":
            return "learned"
        kind = rest.partition(".")[0]
        return kind if top == "baselines" and kind in KINDS else OWN

    @property
    def cost(self) -> str:
        """One of `baselines.interface.card.COSTS`."""
        return self.predictor.cost_of(self.parameters)

    def unavailable(self) -> str:
        """Why it cannot run here, and what to do; empty where it can."""
        return self.make().unavailable()


class PluginWarning(UserWarning):
    """A predictor's file or package could not be loaded and was left out."""


@functools.cache
def registry() -> Mapping[str, Registered]:
    """Every predictor that could be loaded, by name, sorted. A broken plug-in warns and is left out."""
    found: dict[str, Registered] = {}
    for origin, predictor in _candidates():
        try:
            entries = [Registered(name, predictor, parameters) for name, parameters in predictor.variants().items()]
        except Exception as error:  # a plug-in may fail in any way; the others must still be listed
            _warn(origin, error)
            continue
        for entry in entries:
            first = found.setdefault(entry.name, entry)
            if first.predictor is not predictor:
                _warn(origin, f"its name {entry.name!r} is taken by {_origin(first.predictor)}")
    return dict(sorted(found.items()))


def find_predictors(patterns: Sequence[str]) -> list[Registered]:
    """The predictors that names, globs or `package.module:Class` stand for, in order and without repetition.

    :raises UserError: where a pattern matches nothing (the text suggests near names), cannot be loaded, or brings
        a second class under a name.
    """
    chosen: dict[str, Registered] = {}
    for pattern in patterns:
        for entry in [_load(pattern)] if ":" in pattern else _match(pattern):
            same = chosen.setdefault(entry.name, entry)
            if same.predictor is not entry.predictor:
                raise UserError(
                    f"{pattern!r} and {_origin(same.predictor)} are both named {entry.name!r}. "
                    "Results go by name: change the card's name of one, or leave one out."
                )
    return list(chosen.values())


def _match(pattern: str) -> list[Registered]:
    known = registry()
    if pattern in known:
        return [known[pattern]]
    matches = [entry for name, entry in known.items() if fnmatchcase(name, pattern)]
    if not matches:
        raise unknown_name("predictor", pattern, known)
    return matches


def _load(path: str) -> Registered:
    module_name, _, class_name = path.partition(":")
    try:
        predictor = getattr(importlib.import_module(module_name), class_name)
    except Exception as error:  # anyone's file may fail in any way
        raise UserError(
            f"predictor {path!r} cannot be loaded: {type(error).__name__}: {error}. "
            "Expected package.module:Class on the Python path."
        ) from error
    if not _is_predictor(predictor):
        raise UserError(f"{path!r} is no predictor: {_what_is_missing(predictor)}.")
    return Registered(predictor.card.name, predictor, {})


def _candidates() -> Iterator[tuple[str, type[JNDPredictor]]]:
    for folder in FOLDERS:
        for info in pkgutil.iter_modules(importlib.import_module(folder).__path__):
            if info.name.startswith("_"):
                continue
            origin = f"{folder.replace('.', '/')}/{info.name}.py"
            try:
                module = importlib.import_module(f"{folder}.{info.name}")
            except (Exception, SystemExit) as error:  # one broken file must not take the others with it
                _warn(origin, error)
            else:
                yield from _predictors_of(module, origin)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        origin = f"plug-in {point.value}"
        try:
            value = point.load()
        except (Exception, SystemExit) as error:
            _warn(origin, error)
            continue
        if isinstance(value, ModuleType):
            yield from _predictors_of(value, origin)
        elif _is_predictor(value):
            yield origin, value
        else:
            _warn(origin, f"it is no predictor: {_what_is_missing(value)}")


def _predictors_of(module: ModuleType, origin: str) -> Iterator[tuple[str, type[JNDPredictor]]]:
    for value in vars(module).values():
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if _is_predictor(value):
            yield origin, value
        elif isinstance(value, type) and issubclass(value, JNDPredictor) and _meant_to_be_used(value):
            _warn(f"{origin}: {value.__name__}", _what_is_missing(value))


def _is_predictor(value: object) -> bool:
    return (
        isinstance(value, type)
        and issubclass(value, JNDPredictor)
        and not inspect.isabstract(value)
        and hasattr(value, "card")
    )


def _meant_to_be_used(value: type) -> bool:
    return "card" in vars(value) or not inspect.isabstract(value)


def _what_is_missing(value: object) -> str:
    if not (isinstance(value, type) and issubclass(value, JNDPredictor)):
        return "it must be a final subclass of baselines.interface.predictor.JNDPredictor"
    if missing := sorted(getattr(value, "__abstractmethods__", ())):
        return f"it does not implement {', '.join(missing)}"
    return "it has no card"


def _origin(predictor: type) -> str:
    return f"{predictor.__module__}:{predictor.__qualname__}"


def _warn(origin: str, error: object) -> None:
    kind = f"{type(error).__name__}: " if isinstance(error, BaseException) else ""
    warnings.warn(f"{origin} is left out: {kind}{error}", PluginWarning, stacklevel=3)
