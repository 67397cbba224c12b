"""The data sets. A new one is one file here with one final subclass of `Dataset`; it is found by its card's name.

A name with an underscore is a piece that sets share: `_layout` finds files under a root and gathers what is wrong.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

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

    :raises UserError: where there is no such set, or its root is missing.
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
    return classes[name].open(folder, options or OpenOptions())
