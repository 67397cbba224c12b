"""Reading a root: its files as people have them, and what is wrong with them.

Any case and any separators will do, and one folder more or less. Every folder is read once. Nothing here knows a
particular set.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from datasets.common.errors import DataError, UserError
from datasets.common.files import read_text, read_whole
from datasets.core.codec import Codec
from datasets.core.dataset import Dataset, Manifest, OpenOptions, hashes_of
from datasets.core.ladder import CompressedLadder, Ladder, ShippedLadder
from datasets.core.picture_file import PictureFile


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    :param file: the file or folder, or what else it is about.
    :param severity: `error`, or `warning` for what real data do too.
    """

    file: str
    problem: str
    severity: str = "error"

    @staticmethod
    def of(error: DataError) -> Fault:
        """The fault that an error tells of; its text starts with the file and a colon."""
        file, _, problem = str(error).partition(": ")
        return Fault(file, problem)


@final
class Faults:
    """Where a reader reports a fault before it goes on with what is left.

    :param gather: keep the faults in `gathered`; otherwise the first one is raised.
    """

    def __init__(self, *, gather: bool) -> None:
        self.gather = gather
        self.gathered: list[Fault] = []

    def add(self, file: Path | str, problem: str) -> None:
        """Report a fault.

        :raises DataError: unless faults are gathered.
        """
        self.take(DataError(f"{file}: {problem}"))

    def take(self, error: DataError) -> None:
        """Report a fault that was raised elsewhere.

        :raises DataError: unless faults are gathered.
        """
        if not self.gather:
            raise error
        self.gathered.append(Fault.of(error))


class SurveyedDataset(Dataset):
    """A data set that can be read in spite of its faults, so that all of them can be shown at once."""

    @classmethod
    @final
    def open(cls, root: Path | None, options: OpenOptions) -> Dataset:
        return cls.survey(root, options, Faults(gather=False))

    @classmethod
    @abstractmethod
    def survey(cls, root: Path | None, options: OpenOptions, faults: Faults) -> Dataset:
        """Read what can be read and report the rest; the pictures may be fewer, and lack levels, where it is gathered.

        :raises UserError: where the options ask for what this set cannot do.
        :raises DataError: for the first fault, unless they are gathered.
        """


@final
@dataclass(frozen=True)
class FileKind:
    """One kind of file of a data set.

    :param folder: the official name of its folder; any case and separators will do, with or without a plural s.
    :param name: its official name as a format string, a field for each number, e.g. `SRC{:04d}_JPEG_{:03d}.jpg`. A
        file fits that has its letters and numbers in this order, whatever the case, the separators and the padding.
    :param also: further extensions that people convert to.
    """

    folder: str
    name: str
    also: tuple[str, ...] = ()

    def official(self, *numbers: int) -> str:
        """Where the official set has the file of these numbers."""
        return f"{self.folder}/{self.name.format(*numbers)}"

    def find(self, home: Path, faults: Faults) -> dict[tuple[int, ...], Path]:
        """All files of this kind by their numbers, from their folder and the folders in it, in order."""
        folder = find_entry(home, self.folder, faults)
        if folder is None or not folder.is_dir():
            return {}
        pattern = self._pattern()
        path_of: dict[tuple[int, ...], Path] = {}
        for name, path, is_file in _files(folder):
            match = pattern.fullmatch(name)
            if match is None:
                continue
            if not is_file:
                faults.add(path, "is no file, but a pipe, a device or a link to nothing. Unpack the set again.")
                continue
            numbers = tuple(map(int, match.groups()))
            if numbers in path_of:
                faults.add(path, f"is {self.official(*numbers)} a second time, beside {path_of[numbers]}. Keep one.")
            path_of[numbers] = Path(path)
        return dict(sorted(path_of.items()))

    def _pattern(self) -> re.Pattern[str]:
        stem, _, extension = self.name.rpartition(".")
        pattern, after_number = "", False
        for part in re.findall(r"\{[^}]*\}|[A-Za-z]+", stem):
            is_number = part.startswith("{")
            separator = r"[\W_]+" if is_number and after_number else r"[\W_]*"
            pattern += separator + (r"(\d+)" if is_number else part)
            after_number = is_number
        extensions = "|".join((extension, *self.also))
        return re.compile(rf"{pattern}[\W_]*\.(?:{extensions})", re.IGNORECASE)


def find_home(root: Path, wanted: Iterable[str], faults: Faults) -> Path:
    """The folder that holds the set: the root, or the one in it that a zip was unpacked into.

    :param wanted: official names of the folders and files of which a home has at least one.
    """
    plain = {_plain(name) for name in wanted}

    def fit(folder: Path) -> int:
        return len(plain & {_plain(entry.name) for entry in _entries(folder)})

    if fit(root):
        return root
    fitting = {Path(entry.path): fit(Path(entry.path)) for entry in _entries(root) if _is_dir(entry)}
    best = sorted(folder for folder, count in fitting.items() if count == max(fitting.values()) > 0)
    if len(best) > 1:
        faults.add(root, f"both {best[0].name} and {best[1].name} look like the set. Give the one to use as --root.")
    return best[0] if best else root


def find_entry(home: Path, name: str, faults: Faults) -> Path | None:
    """The folder or file of an official name, whatever its case and separators; None where there is none."""
    paths = sorted(entry.path for entry in _entries(home) if _plain(entry.name) == _plain(name))
    if len(paths) > 1:
        faults.add(home, f"both {Path(paths[0]).name} and {Path(paths[1]).name} could be {name}. Keep one.")
    return Path(paths[0]) if paths else None


def read_lines(path: Path) -> list[str]:
    """A text file's lines, as `read_text` reads them, whatever their ends.

    :raises DataError: where it cannot be read, is no UTF-8 text, or larger than labels are.
    """
    return read_text(path, "Copy it again from the data set.").splitlines()


def ladder_of(
    codec: Codec,
    levels: Mapping[int, Path],
    source: Path | None,
    anchor: str,
    *,
    folder: str,
    can_compress: bool = True,
) -> Ladder | None:
    """A picture's ladder: the set's own files, or compressed from the source; None where there are no pixels.

    :param levels: level to file; empty where the root has none.
    :param anchor: as in `OpenOptions`; the best level is the best there is.
    :raises UserError: where the levels are to be compared with the best one, and there are none.
    """
    if levels:
        if source is not None and anchor == "source":
            return ShippedLadder(codec, PictureFile(source), levels)
        best = levels[max(levels, key=codec.position)]
        return ShippedLadder(
            codec, PictureFile(best, functools.partial(read_level, codec=codec), codec.library()), levels
        )
    if source is None or not can_compress:
        return None
    if anchor == "best-level":
        raise UserError(
            f"--anchor best-level needs the set's own levels (the folder {folder}), and this root has source "
            "pictures only. Unpack the whole set, or leave --anchor out."
        )
    return CompressedLadder(codec, PictureFile(source))


def manifest_of(home: Path, files: Iterable[Path], **read_as: str) -> Manifest:
    """The manifest of a root: its labels and references by their bytes, and how it is read."""
    return Manifest(hashes_of(files, home) | {name.replace("_", " "): value for name, value in read_as.items()})


def read_level(path: Path, codec: Codec) -> np.ndarray:
    """A level's file as the ladder decodes it, uint8 RGB, shape (height, width, 3).

    :raises DataError: where the file is missing or damaged; the text names it.
    """
    try:
        return codec.decode(read_whole(path))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: {error}. Copy the file again from the data set.") from error


def missing_of(present: Iterable[int], expected: Iterable[int]) -> list[int]:
    """The expected numbers that are not present, in order."""
    return sorted(set(expected) - set(present))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower()).rstrip("s")


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder, without what operating systems leave there (`.DS_Store`, `._x.bmp`, `__MACOSX`)."""
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith((".", "__"))]
    except OSError as error:
        raise DataError(f"{folder}: {error.strerror}. Make the folder readable.") from error


def _files(folder: Path) -> Iterator[tuple[str, str, bool]]:
    """Name and path of what is in a folder and in the folders in it, and whether it is a file or a link to one."""
    for entry in _entries(folder):
        if _is_dir(entry):
            inside = (inner for inner in _entries(Path(entry.path)) if not _is_dir(inner))
            yield from ((inner.name, inner.path, _is_file(inner)) for inner in inside)
        else:
            yield entry.name, entry.path, _is_file(entry)


def _is_dir(entry: os.DirEntry[str]) -> bool:
    with contextlib.suppress(OSError):  # a link to itself
        return entry.is_dir()
    return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    with contextlib.suppress(OSError):
        return entry.is_file()
    return False
