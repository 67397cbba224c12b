"""Files to start from: a template, written under a name that somebody picks."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from string import Template

from datasets.common.errors import UserError
from datasets.common.files import write_atomically

NAME = re.compile(r"[a-z][a-z0-9]*([-.][a-z0-9]+)*")
NAME_IN_WORDS = "lower-case words and digits joined by '-' or '.'"


def write_new(template: Path, name: str, folder: Path, what: str, taken: Mapping[str, type]) -> Path:
    """Write a template under a new name; it has the fields `$name`, `$title` and `$class_name`.

    :param what: the file is to be, as errors say it, e.g. `predictor`.
    :param taken: names that are in use, and for what.
    :returns: the file.
    :raises UserError: where the name is no good or taken, or the folder is missing.
    """
    _check_name(name, what, taken)
    if not folder.is_dir():
        raise UserError(f"--folder {folder}: there is no such folder. Make it first.")
    path = folder / f"{module_name(name)}.py"
    if path.exists():
        raise UserError(f"{path} exists already and is left as it is. Pick another name, e.g. {name + '-2'!r}.")
    if importlib.util.find_spec(path.stem):
        raise UserError(f"Python has a module {path.stem!r}, which {path} would hide. Pick another name.")
    title = name.replace("-", " ").capitalize()
    text = Template(template.read_text(encoding="utf-8"))
    write_atomically(path, text.substitute(name=name, title=title, class_name=class_name(name)))
    return path


def module_name(name: str) -> str:
    """Of the file."""
    return re.sub("[-.]", "_", name)


def class_name(name: str) -> str:
    """Of the class in the file."""
    return "".join(word.capitalize() for word in re.split("[-.]", name))


def _check_name(name: str, what: str, taken: Mapping[str, type]) -> None:
    if not NAME.fullmatch(name):
        raise UserError(
            f"{name!r} is no name for a {what}: {NAME_IN_WORDS}, beginning with a letter. Try "
            f"{_suggestion(name, what)!r}."
        )
    module = module_name(name)
    if keyword.iskeyword(module) or module in sys.stdlib_module_names:
        raise UserError(
            f"{name!r} is a word or module of Python's own, so a file cannot be named so. Try 'jnd-{name}'."
        )
    if name in taken:
        user = f"{taken[name].__module__}:{taken[name].__qualname__}"
        raise UserError(f"the name {name!r} is taken by {user}. Try {name + '-2'!r}, or another.")


def _suggestion(name: str, what: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    slug = re.sub(r"[^a-z0-9]+", "-", spaced.lower()).strip("-")
    return slug if NAME.fullmatch(slug) else f"jnd-{slug}" if slug else f"my-{what.replace(' ', '-')}"
