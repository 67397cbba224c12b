"""Which predictors there are, and which of them a run takes.

Nothing is registered by hand. A method is found as one file in the folder of its kind below `baselines/`, as another
package's entry point in the group `jnd_bench.predictors`, or where it is named: as `package.module:Class`, or by the
TOML file that describes a program.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import secrets
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, TypeAlias, TypeGuard

from baselines.interface.card import KINDS, OWN, SUBMITTED, Card
from baselines.interface.predictor import JNDPredictor, constructor_fault
from datasets.common.code import have_same_content, known_code, load_named, require_code
from datasets.common.errors import PluginWarning, UserError, unknown_name

ENTRY_POINT_GROUP = "jnd_bench.predictors"
SGJND = ("sgjnd.predictors", "sgjnd.fast")
"""The modules of `sgjnd/` that hold predictors."""
PROGRAM = ".toml"
"""How the name of a file ends that describes a program (`baselines.program`)."""
_LONGEST_NAME = 100

Wanted: TypeAlias = "str | type[JNDPredictor] | JNDPredictor | Registered"
"""What a caller names a predictor by: a name, a glob, `package.module:Class`, a program's TOML file, a class, a
predictor, or an entry."""


@dataclass(frozen=True)
class Registered:
    """A predictor under a name, with the parameters the name stands for.

    :param name: as `--predictors` takes it.
    :param predictor: the class.
    :param parameters: keyword arguments of its constructor.
    :param own_card: where one class stands for methods of many people, the card of this one.
    """

    name: str
    predictor: type[JNDPredictor]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    own_card: Card | None = None
    _token: str = field(default_factory=lambda: secrets.token_hex(8), repr=False, compare=False)

    def __post_init__(self) -> None:
        name = self.name
        others = self.parameters.keys() - {field.name for field in fields(self.predictor)}  # type: ignore[arg-type]
        _refuse_others(f"{_origin(self.predictor)}: its name {name!r} stands for", others)
        if not (isinstance(name, str) and name.isprintable() and 0 < len(name) <= _LONGEST_NAME):
            raise UserError(
                f"{_origin(self.predictor)}: its name {repr(name)[:80]} is none: expected 1 to {_LONGEST_NAME} "
                "characters that can be printed, since folders, tables and pages go by it. Change its card's name."
            )

    @staticmethod
    def of(predictor: type[JNDPredictor] | JNDPredictor) -> Registered:
        """A class, or a predictor with its parameters, under its card's name."""
        if isinstance(predictor, type):
            return Registered(predictor.card.name, predictor)
        entry = Registered(predictor.card.name, type(predictor), predictor.get_params())
        others = (name for name in vars(predictor).keys() - vars(entry.make()).keys() if not name.endswith("_"))
        _refuse_others(f"{entry.name} was given", others)
        return entry

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "code": known_code(self.predictor)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        require_code(state["predictor"], state.pop("code"))
        self.__dict__.update(state)

    def make(self, **more: Any) -> JNDPredictor:
        """A new, unfitted predictor; `more` is passed on where it is a parameter."""
        known = {field.name for field in fields(self.predictor)}  # type: ignore[arg-type]
        made = self.predictor(**{**self.parameters, **{name: value for name, value in more.items() if name in known}})
        made.made_by(self._token)
        return made

    @property
    def card(self) -> Card:
        """Where the method comes from."""
        return self.own_card or self.predictor.card

    @property
    def kind(self) -> str:
        """One of `KINDS`, by the folder that the class stands in; `submitted`, or `own` for a class from elsewhere."""
        top, _, rest = self.predictor.__module__.partition(".")
        if top == "sgjnd":
            return "learned"
        kind = rest.partition(".")[0]
        return kind if top == "baselines" and kind in (*KINDS, SUBMITTED) else OWN

    @property
    def cost(self) -> str:
        """One of `baselines.interface.card.COSTS`."""
        return self.predictor.cost_of(self.parameters)

    def unavailable(self) -> str:
        """Why it cannot run here, and what to do; empty where it can."""
        return self.make().unavailable()


@functools.cache
def registry() -> Mapping[str, Registered]:
    """Every predictor that could be loaded, by name, sorted. A broken plug-in warns and is left out.

    Only files that hold methods are executed, and none of those may import torch, OpenCV, scipy or pandas on loading.
    """
    known: dict[str, Registered] = {}
    for origin, predictor in _candidates():
        try:
            entries = [Registered(name, predictor, parameters) for name, parameters in predictor.variants().items()]
        except Exception as error:  # a plug-in may fail in any way; the others must still be listed
            _warn(origin, error)
            continue
        for entry in entries:
            first = known.setdefault(entry.name, entry)
            if first.predictor is not predictor:
                _warn(origin, f"its name {entry.name!r} is taken by {_origin(first.predictor)}")
    return dict(sorted(known.items()))


def find_predictors(wanted: Sequence[Wanted]) -> list[Registered]:
    """The predictors that are meant, in order and without repetition.

    :param wanted: names, globs, `package.module:Class`, classes, or predictors with their parameters.
    :raises UserError: where a pattern matches nothing (the text suggests near names), cannot be loaded, or brings
        a second class, or other parameters, under a name.
    """
    chosen: dict[str, Registered] = {}
    for predictor in wanted:
        for entry in _entries(predictor):
            first = chosen.setdefault(entry.name, entry)
            if first.predictor is not entry.predictor:
                raise UserError(
                    f"{predictor!r} and {_origin(first.predictor)} are both named {entry.name!r}. "
                    "Results go by name: change the card's name of one, or leave one out."
                )
            if not have_same_content(first.make().get_params(), entry.make().get_params()):
                raise UserError(
                    f"{entry.name!r} is asked for with {first.parameters} and with {entry.parameters}. "
                    "Results go by name: leave one out, or run each by itself."
                )
    return list(chosen.values())


def choose_predictors(wanted: Sequence[Wanted]) -> tuple[list[Registered], list[str]]:
    """The predictors to run, and a note on each that a glob matches and that is left out.

    :param wanted: as `find_predictors` takes them; none takes every predictor that costs little.
    :raises UserError: where a pattern matches nothing, nothing is left, or one named in full cannot run here.
    """
    named = {entry.name for predictor in wanted if not _is_glob(predictor) for entry in find_predictors([predictor])}
    entries = find_predictors(wanted) if wanted else [entry for entry in registry().values() if entry.cost == "light"]
    chosen, notes = [], []
    for entry in entries:
        why = entry.unavailable()
        if why and entry.name in named:
            raise UserError(f"{entry.name} cannot run here: {why}")
        if entry.cost == "heavy" and entry.name not in named:
            why = "it trains for hours without a GPU; name it in full to run it"
        if why:
            notes.append(f"{entry.name} is left out: {why}")
        else:
            chosen.append(entry)
    if not chosen:
        raise UserError("no predictor is left to run. " + ". ".join(notes))
    return chosen, notes


def _entries(wanted: Wanted) -> list[Registered]:
    if isinstance(wanted, Registered):
        return [wanted]
    if not isinstance(wanted, str):
        cls = wanted if isinstance(wanted, type) else type(wanted)
        if not _is_predictor(cls):
            raise UserError(f"{wanted!r} is no predictor: {_what_is_missing(cls)}.")
        return [Registered.of(wanted)]
    if wanted.endswith(PROGRAM):
        return [Registered(**importlib.import_module("baselines.program").described(wanted))]
    if ":" in wanted:
        return [_load(wanted)]
    known = registry()
    if wanted in known:
        return [known[wanted]]
    matches = [entry for name, entry in known.items() if fnmatchcase(name, wanted)]
    if not matches:
        raise unknown_name("predictor", wanted, known)
    return matches


def _refuse_others(what: str, names: Iterable[str]) -> None:
    """Refuse what no field holds: a run would not have it, or two that differ would be taken for one."""
    if named := ", ".join(sorted(names)):
        raise UserError(f"{what} {named}, which is no field. Write parameters as annotated fields with defaults.")


def _is_glob(wanted: Wanted) -> bool:
    return isinstance(wanted, str) and ":" not in wanted and not wanted.endswith(PROGRAM) and wanted not in registry()


def _load(path: str) -> Registered:
    predictor = load_named("predictor", path)
    if not _is_predictor(predictor):
        raise UserError(f"{path!r} is no predictor: {_what_is_missing(predictor)}.")
    return Registered.of(predictor)


def _candidates() -> Iterator[tuple[str, type[JNDPredictor]]]:
    """Every predictor class, with the file or entry point that it comes from."""
    for origin, load in _sources():
        try:
            value = load()
        except (Exception, SystemExit) as error:  # one broken file must not take the others with it
            _warn(origin, error)
            continue
        if isinstance(value, ModuleType):
            yield from _predictors_of(value, origin)
        elif _is_predictor(value):
            yield origin, value
        else:
            _warn(origin, f"it is no predictor: {_what_is_missing(value)}")


def _sources() -> Iterator[tuple[str, Callable[[], object]]]:
    """What may hold predictors, and how it is loaded. A file whose name begins with an underscore is a shared piece."""
    modules = list(SGJND)
    for kind in KINDS:
        folder = importlib.import_module(f"baselines.{kind}")
        files = [info.name for info in pkgutil.iter_modules(folder.__path__) if not info.ispkg]
        modules += [f"{folder.__name__}.{name}" for name in files if not name.startswith("_")]
    for name in modules:
        yield f"{name.replace('.', '/')}.py", functools.partial(importlib.import_module, name)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        yield f"plug-in {point.value}", point.load


def _predictors_of(module: ModuleType, origin: str) -> Iterator[tuple[str, type[JNDPredictor]]]:
    for value in vars(module).values():
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if _is_predictor(value):
            yield origin, value
        elif isinstance(value, type) and issubclass(value, JNDPredictor) and _meant_to_be_used(value):
            _warn(f"{origin}: {value.__name__}", _what_is_missing(value))


def _is_predictor(value: object) -> TypeGuard[type[JNDPredictor]]:
    return (
        isinstance(value, type)
        and issubclass(value, JNDPredictor)
        and not inspect.isabstract(value)
        and hasattr(value, "card")
        and not constructor_fault(value)
    )


def _meant_to_be_used(value: type) -> bool:
    return "card" in vars(value) or not inspect.isabstract(value)


def _what_is_missing(value: object) -> str:
    if not (isinstance(value, type) and issubclass(value, JNDPredictor)):
        return "it must be a final subclass of baselines.interface.predictor.JNDPredictor"
    if missing := sorted(getattr(value, "__abstractmethods__", ())):
        return f"it does not implement {', '.join(missing)}"
    return constructor_fault(value) if hasattr(value, "card") else "it has no card"


def _origin(predictor: type) -> str:
    return f"{predictor.__module__}:{predictor.__qualname__}"


def _warn(origin: str, error: object) -> None:
    kind = f"{type(error).__name__}: " if isinstance(error, BaseException) else ""
    warnings.warn(f"{origin} is left out: {kind}{error}", PluginWarning, stacklevel=3)
