"""The data sets. A new one is one file here with one final subclass of `Dataset`; it is found by its card's name.

Other packages offer theirs as entry points in the group `jnd_bench.datasets`, and any class opens as `module:Class`. A
name with an underscore is a piece that sets share: `_layout` finds files under a root and gathers what is wrong.
"""

from __future__ import annotations

import importlib
import pkgutil
import warnings
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeGuard

from datasets.codecs import codec_named
from datasets.common.code import load_named
from datasets.common.errors import PluginWarning, UserError, check_name
from datasets.common.files import users_path
from datasets.core.dataset import Dataset, OpenOptions

ENTRY_POINT_GROUP = "jnd_bench.datasets"


def dataset_classes() -> dict[str, type[Dataset]]:
    """Every data set by name: those in the files of this folder, and those of other packages.

    A package's set that cannot be loaded warns and is left out.
    """
    classes: dict[str, type[Dataset]] = {}
    for dataset in (*_own(), *_offered()):
        other = classes.setdefault(dataset.card.name, dataset)
        if other is not dataset:
            raise UserError(
                f"the data sets {_path(other)} and {_path(dataset)} are both named {dataset.card.name!r}. "
                "Give one card another name."
            )
    return dict(sorted(classes.items()))


def dataset_class(name: str) -> type[Dataset]:
    """A data set's class.

    :param name: of its card, or `module:Class`.
    :raises UserError: where there is none.
    """
    if ":" not in name:
        classes = dataset_classes()
        check_name("data set", name, classes)
        return classes[name]
    dataset = load_named("data set", name)
    if not _is_dataset(dataset):
        raise UserError(f"{name!r} is no data set: expected a subclass of datasets.core.dataset.Dataset with a card")
    return dataset


def _own() -> Iterator[type[Dataset]]:
    for module in pkgutil.iter_modules(__path__):
        yield from filter(_is_dataset, vars(importlib.import_module(f"{__name__}.{module.name}")).values())


def _offered() -> Iterator[type[Dataset]]:
    for point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            yield dataset_class(point.value)
        except UserError as error:
            warnings.warn(f"plug-in {point.value} is left out: {error}", PluginWarning, stacklevel=3)


def _is_dataset(value: object) -> TypeGuard[type[Dataset]]:
    return isinstance(value, type) and issubclass(value, Dataset) and hasattr(value, "card")


def _path(dataset: type[Dataset]) -> str:
    return f"{dataset.__module__}:{dataset.__qualname__}"


def open_dataset(name: str, root: str | Path | None = None, options: OpenOptions | None = None) -> Dataset:
    """Open a data set.

    :param name: of its card, or `module:Class`.
    :raises UserError: where there is no such set or codec, the set is not in that codec, or its root is missing.
    :raises DataError: where something under the root is wrong.
    """
    chosen = dataset_class(name)
    card = chosen.card
    if card.needs_root and root is None:
        raise UserError(
            f"data set {name!r} needs --root DIR, the folder it was unpacked into or made in. "
            f"'python -m datasets.get {name}' says where it comes from."
        )
    folder = None if root is None else users_path(root)
    if folder is not None and not folder.is_dir():
        raise UserError(f"--root {root}: there is no such folder")
    options = options or OpenOptions()
    if options.codec and (codec := codec_named(options.codec)).name not in (card.codecs or [codec.name]):
        raise UserError(
            f"--codec {codec.name}: data set {name!r} has no samples in {codec.title}. It has {', '.join(card.codecs)}."
        )
    dataset = chosen.open(folder, options)
    check_codec(dataset, options)
    return dataset


def check_codec(dataset: Dataset, options: OpenOptions) -> None:
    """:raises UserError: where an opened set is in another codec than the one asked for."""
    if options.codec not in ("", dataset.codec.name):
        raise UserError(
            f"--codec {options.codec}: the levels of data set {dataset.name!r} are {dataset.codec.title} "
            f"({dataset.codec.name}) and no other"
        )
