"""A program that predicts JNDs, as a TOML file describes it: how it is called, what it prints, and its limits."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.interface.card_file import OF_CARD, card_of, read_toml
from datasets.common.errors import UserError, check_name
from datasets.common.files import write_atomically
from datasets.common.hashing import sha256_of_bytes, sha256_of_file
from datasets.core.imaging import png

PRINTS = {
    "level": "one number, the predicted JND in the codec's levels",
    "json": 'a JSON object with "level" and, if it knows it, "sur": a share of people a level, from the worst',
    "score": "one number, how much {image} differs from {reference}: called for many levels, and a threshold is fitted",
}
"""What a program may print."""
_NUMBER: tuple[type, ...] = (int, float)
_TYPES: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "command": (list,),
    "prints": (str,),
    "version": (list,),
    "timeout_s": _NUMBER,
    "memory_gib": _NUMBER,
    "identical": _NUMBER,
    "higher_is_better": (bool,),
}


@final
@dataclass(frozen=True)
class Program:
    """What a TOML file says of a program.

    :param command: words, the program first; what is a file beside the TOML file is that file, and the program is
        looked for on the PATH besides. `{image}`, `{reference}` and `{out}` stand for files, `{codec}` for its name.
    :param prints: one of `PRINTS`; where the command has `{out}`, what stands in that file afterwards.
    :param version: words of a command whose output tells versions apart; empty for none.
    :param timeout_s: for one call.
    :param memory_gib: that it may allocate, on Linux; 0 for any amount.
    :param identical: the score of two pictures that are the same.
    :param higher_is_better: whether scores fall with more visible compression.
    """

    path: Path
    name: str
    command: tuple[str, ...]
    prints: str = "level"
    version: tuple[str, ...] = ()
    timeout_s: float = 600.0
    memory_gib: float = 0.0
    identical: float = 0.0
    higher_is_better: bool = False

    def files(self) -> dict[str, Path]:
        """The program and whatever else in its command is a file beside the TOML file, by the word that names it.

        :raises UserError: where the program is neither there nor on the PATH.
        """
        beside = {word: self.path.parent / word for word in self.command}
        files = {word: path.resolve() for word, path in beside.items() if path.is_file()}
        first = self.command[0]
        if first not in files:
            on_path = shutil.which(first)
            if on_path is None:
                raise UserError(f"{self.path}: the program {first} is neither beside it nor on the PATH")
            files[first] = Path(on_path)
        return files

    def call(self, words: Sequence[str]) -> str:
        """What it prints, called with these words instead of those of its command.

        :raises UserError: where it cannot be run, fails or takes too long.
        """
        shown, files = " ".join(words), self.files()
        try:
            with subprocess.Popen(
                [str(files.get(word, word)) for word in words],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,  # so that what it starts ends with it
            ) as process:
                try:
                    self._limit(process)
                    printed, complaint = process.communicate(timeout=self.timeout_s)
                except BaseException:
                    os.killpg(process.pid, signal.SIGKILL)
                    raise
        except subprocess.TimeoutExpired as error:
            raise UserError(f"{shown}: took more than {self.timeout_s:g} s (timeout_s)") from error
        except OSError as error:
            raise UserError(f"{shown}: cannot be run ({error.strerror})") from error
        if process.returncode:
            last = ((complaint or printed).strip().splitlines() or ["nothing"])[-1]
            raise UserError(f"{shown}: failed with status {process.returncode}, saying: {last}")
        return printed

    def run(self, codec: str, pictures: Mapping[str, np.ndarray]) -> str:
        """What it prints, or writes to `{out}`, of pictures.

        :param pictures: uint8 RGB, shape (height, width, 3), by the name that stands for their file.
        """
        with tempfile.TemporaryDirectory(prefix="jnd-bench-") as folder:
            files = {name: Path(folder, f"{name}.png") for name in pictures}
            for name, pixels in pictures.items():
                write_atomically(files[name], png(pixels), durable=False)
            out = Path(folder, "out")
            values = {**files, "out": out, "codec": codec}
            printed = self.call([_filled(word, values) for word in self.command])
            if any("{out}" in word for word in self.command):
                if not out.is_file():
                    raise UserError(f"{self.command[0]}: wrote no file {{out}}")
                return out.read_text(encoding="utf-8", errors="replace")
            return printed

    def ingredients(self) -> dict[str, str]:
        """Hashes of the TOML file, of the program with its files, and of what it says of its version."""
        own = {word: sha256_of_file(path) for word, path in self.files().items()}
        own["description"] = sha256_of_file(self.path)
        return own | ({"version": _version_sha256(self, frozenset(own.items()))} if self.version else {})

    def number(self, printed: str) -> float:
        """The last word of what it printed.

        :raises UserError: where that is no number.
        """
        try:
            return float((printed.split() or [""])[-1])
        except ValueError as error:
            raise UserError(f"{self.name}: printed no number at the end but {printed[-80:]!r}") from error

    def _limit(self, process: subprocess.Popen[str]) -> None:
        if self.memory_gib and sys.platform == "linux":
            import resource

            most = int(self.memory_gib * 2**30)
            resource.prlimit(process.pid, resource.RLIMIT_AS, (most, most))


@functools.lru_cache(maxsize=64)
def _version_sha256(program: Program, files: frozenset[tuple[str, str]]) -> str:
    """Of what a program says of its version, asked once as long as its files stay: metrics want it for each picture."""
    return sha256_of_bytes(program.call(program.version).encode())


def _filled(word: str, values: Mapping[str, object]) -> str:
    for name, value in values.items():
        word = word.replace("{" + name + "}", str(value))
    return word


def read_program(file: str) -> tuple[Program, Card]:
    """What a TOML file says of a program, and its card.

    :raises UserError: where something is missing, unknown or of another type.
    """
    path, about = Path(file), read_toml(Path(file))
    card = {key: about.pop(key) for key in OF_CARD if key in about}
    for key, value in about.items():
        check_name(f"entry in {path.name}", key, (*_TYPES, *OF_CARD))
        if type(value) not in _TYPES[key]:
            expected = " or ".join(kind.__name__ for kind in _TYPES[key])
            raise UserError(f"{path}: {key} is {value!r}, expected {expected}")
    if not about.get("name") or not about.get("command"):
        raise UserError(f'{path}: needs name = "..." and command = ["program", "{{image}}"]')
    words = {key: tuple(map(str, about.pop(key, ()))) for key in ("command", "version")}
    program = Program(path, **{**about, **words})
    check_name(f"meaning of 'prints' in {path.name}", program.prints, PRINTS)
    wanted = "{reference}" if program.prints == "score" else "{image}"
    if not any(wanted in word for word in program.command):
        raise UserError(f"{path}: its command names no {wanted}, so it would see no picture")
    return program, card_of(path, program.name, card, needs_pictures=True)
