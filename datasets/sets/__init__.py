"""The data sets. A new one is one file here with one final subclass of `Dataset`; it is found by its card's name.

A name with an underscore is a piece that sets share: `_layout` finds files under a root and gathers what is wrong.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from datasets.codecs import codec_named
from datasets.common.errors import UserError, check_name
from datasets.common.files import users_path
from datasets.core.dataset import Dataset, OpenOptions


def dataset_classes() -> dict[str, type[Dataset]]:
    """Every data set by name, found in the files of this folder."""
    classes: dict[str, type[Dataset]] = {}
    for module in pkgutil.iter_modules(__path__):
        for value in vars(importlib.import_module(f"{__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Dataset) and hasattr(value, "card"):
                other = classes.setdefault(value.card.name, value)
                if other is not value:
                    raise UserError(
                        f"the data sets {other.__module__}:{other.__qualname__} and {value.__module__}:"
                        f"{value.__qualname__} are both named {value.card.name!r}. Give one card another name."
                    )
    return dict(sorted(classes.items()))


def open_dataset(name: str, root: str | Path | None = None, options: OpenOptions | None = None) -> Dataset:
    """Open a data set by name.

    :raises UserError: where there is no such set or codec, the set is not in that codec, or its root is missing.
    :raises DataError: where something under the root is wrong.
    """
    classes = dataset_classes()
    check_name("data set", name, classes)
    card = classes[name].card
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
    dataset = classes[name].open(folder, options)
    check_codec(dataset, options)
    return dataset


def check_codec(dataset: Dataset, options: OpenOptions) -> None:
    """:raises UserError: where an opened set is in another codec than the one asked for."""
    if options.codec not in ("", dataset.codec.name):
        raise UserError(
            f"--codec {options.codec}: the levels of data set {dataset.name!r} are {dataset.codec.title} "
            f"({dataset.codec.name}) and no other"
        )
