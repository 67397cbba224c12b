"""What `run.json` says of a run and of the machine, as a typed record: written from it, read back and verified."""

from __future__ import annotations

import dataclasses
import functools
import platform
import re
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar, final

from baselines.interface.card import Card
from datasets.common.errors import UserError
from datasets.common.threads import usable_cores
from datasets.core.dataset import Dataset, OpenOptions
from datasets.core.reference import Reference, citation

Record = TypeVar("Record")


@final
@dataclass(frozen=True, order=True)
class Identity:
    """What a run is about: at most one run of each identity counts.

    :param limit: how many pictures the run was limited to; 0 for all.
    """

    dataset: str
    folds: str
    truth: str
    jnd: int
    limit: int
    predictor: str

    @property
    def asked(self) -> str:
        """The truth, and which JND where it is not the first: for people."""
        return self.truth if self.jnd == 1 else f"{self.truth}, JND {self.jnd}"

    @property
    def folder(self) -> Path:
        """Where its runs lie below the results folder."""
        return Path(self.dataset) / self.folds / self.truth


@final
@dataclass(frozen=True)
class DatasetRecord:
    """What a run says of its data set: see `datasets.core.dataset.DatasetCard`.

    :param name: as tables and pages say it, and `title`: another for each codec (`datasets.core.dataset.Dataset`).
    :param unit: of the codec's levels, `QF` or `QP`.
    :param level_lowest: the numerically smallest level; with `level_highest` the codec's range.
    :param root: the folder it was read from; None where it needs none.
    :param notes: what the loader found out, one sentence each.
    :param screening: what is reported of the raters behind the samples, a line each.
    :param opens_as: the name by which `options` open it again; empty in older runs, where it is `name`.
    """

    name: str
    title: str
    samples: str
    terms: str
    redistributable: bool
    codec: str
    unit: str
    level_lowest: float
    level_highest: float
    has_pixels: bool
    options: OpenOptions
    references: tuple[Reference, ...] = ()
    root: str | None = None
    notes: tuple[str, ...] = ()
    screening: tuple[str, ...] = ()
    opens_as: str = ""

    @property
    def opening_name(self) -> str:
        """The name by which `options` open it again, of older runs too."""
        return self.opens_as or self.name

    @property
    def citation(self) -> str:
        """What to cite, in one line for people; empty where there is nothing."""
        return citation(self.references)

    @property
    def heading(self) -> str:
        """Title and who gave the samples, as every table and figure says it."""
        return self.title if self.samples.lower() in self.title.lower() else f"{self.title} ({self.samples})"

    def heading_within(self, letters: int) -> str:
        """The heading with its title cut where it is too long; who gave the samples is never cut."""
        over = len(self.heading) - letters
        if over <= 0 or len(self.title) <= over + 1:
            return self.heading
        return f"{self.title[: -over - 1]}… ({self.samples})"

    @property
    def is_simulated(self) -> bool:
        """Whether no people were asked."""
        return "simulated observers" in self.samples

    @staticmethod
    def of(dataset: Dataset, options: OpenOptions, root: Path | None) -> DatasetRecord:
        """An opened data set's."""
        card, codec = dataset.card, dataset.codec
        return DatasetRecord(
            name=dataset.name,
            title=dataset.title,
            samples=dataset.samples,
            terms=card.terms,
            redistributable=card.redistributable,
            codec=codec.name,
            unit=codec.unit,
            level_lowest=codec.lowest,
            level_highest=codec.highest,
            has_pixels=dataset.has_pixels,
            options=dataclasses.replace(options, codec=codec.name if codec.name in card.codecs[1:] else ""),
            references=dataset.references,
            root=None if root is None else str(root.resolve()),
            notes=tuple(dataset.notes),
            screening=tuple(dataset.screening),
            opens_as=dataset.opens_as,
        )


@final
@dataclass(frozen=True)
class RunRecord:
    """Everything that is known of a run besides its predictions.

    :param status: `complete`, `partial` (some pictures failed) or `failed` (all did).
    :param error: how many pictures failed, and why the first did; empty where none did.
    :param key: hash of everything the predictions depend on, and `key_parts` by name what that is.
    :param card: of the method, and `kind` the folder in which it stands.
    :param fitted: by fold the numbers that the method learned from the other folds; empty where it learns none.
    :param labels_of: the data set whose labels gave the method its parameters; empty where none did.
    :param remarks: what the predictor said of pictures, each with the number of pictures.
    :param pictures_table: name of the table of its pictures (`protocols.store.pictures`); empty where there is none.
    :param pictures: how many, `sources` of how many sources, and `failed` how many of them without a prediction.
    :param decoder: the library that decoded the levels; `none` without pixels.
    :param timings_s: stage to seconds.
    :param finished: when, ISO 8601.
    :param generation: goes up with every run of the same identity that takes an older one's place.
    """

    identity: Identity
    key: str
    status: str
    finished: str
    kind: str
    card: Card
    dataset: DatasetRecord
    pictures: int
    sources: int
    failed: int
    error: str = ""
    seed: int = 0
    truth_meaning: str = ""
    pictures_table: str = ""
    decoder: str = "none"
    device: str = "auto"
    key_parts: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    fitted: dict[str, dict[str, float]] = field(default_factory=dict)
    labels_of: str = ""
    remarks: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    timings_s: dict[str, float] = field(default_factory=dict)
    generation: int = 0

    @staticmethod
    def from_json(content: Any) -> RunRecord:
        """Read the content of a `run.json`; names that are not known are passed over.

        :raises ValueError: where it lacks something, or something is of another kind.
        """
        try:
            return _read(RunRecord, content, "")
        except (ValueError, UserError) as error:
            raise ValueError(f"it does not describe a run: {error}") from error

    def to_json(self) -> dict[str, Any]:
        """For `run.json`; `from_json` gives the same record again."""
        return dataclasses.asdict(self)


def _read(kind: Any, value: Any, name: str) -> Any:
    """A value of JSON as an annotated type; `name` says where it stands."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and isinstance(value, Mapping):
        return _read_record(kind, value, name)
    if origin in (typing.Union, types.UnionType):
        (wanted,) = (option for option in inner if option is not type(None))
        return None if value is None else _read(wanted, value, name)
    if origin is tuple and isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_read(inner[0], item, f"{name}[{place}]") for place, item in enumerate(value))
    if origin is dict and isinstance(value, Mapping):
        return {str(key): _read(inner[1], item, f"{name}[{key!r}]") for key, item in value.items()}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(kind, type) and isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise ValueError(f"{name or 'it'} is of another kind, {type(value).__name__}")


def _read_record(kind: type[Record], value: Mapping[str, Any], name: str) -> Record:
    kinds = typing.get_type_hints(kind)
    given: dict[str, Any] = {}
    for each in dataclasses.fields(kind):  # type: ignore[arg-type]
        where = f"{name}.{each.name}".lstrip(".")
        if each.name in value:
            given[each.name] = _read(kinds[each.name], value[each.name], where)
        elif each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING:
            raise ValueError(f"{where} is missing")
    return kind(**given)


_PACKAGES = (
    "jnd-bench",
    "numpy",
    "scipy",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "scikit-image",
    "opencv-python-headless",
    "Pillow",
    "torch",
    "torchvision",
)


@functools.cache
def versions() -> dict[str, str]:
    """Python's version and those of the packages that touch numbers; none is imported for it."""
    known = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            known[package] = version(package)
        except PackageNotFoundError:
            known[package] = "not installed"
    return known


@functools.cache
def machine() -> dict[str, Any]:
    """The machine, as far as timings depend on it."""
    return {"system": platform.platform(), "processor": _processor_name(), "usable_cores": usable_cores()}


def _processor_name() -> str:
    info = Path("/proc/cpuinfo")
    name = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE) if info.is_file() else None
    return name.group(1) if name else platform.processor() or platform.machine()
