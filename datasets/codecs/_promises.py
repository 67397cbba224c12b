"""The promises of codecs, one function each: it raises AssertionError, with what to do, where one is broken."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pickle
import re
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from datasets.common.contract import require
from datasets.common.errors import UserError
from datasets.common.process_pool import ProcessPool
from datasets.core.codec import Codec
from datasets.core.imaging import mse

_NAME = re.compile(r"[a-z][a-z0-9]*")
_WRONG_WAY = 0.05
"""Share of the steps at which size or error may go the wrong way: encoders round."""
_SHAPES = ((1, 1), (1, 9), (7, 1), (17, 33))
_COLOURS = ((10, 200, 30), (200, 30, 10), (30, 10, 200), (0, 0, 0), (255, 255, 255))
_COLOUR_OFF = 8
"""Grey levels that a flat colour may change by at the best level."""
_CUTS = 24


@final
@dataclass(frozen=True)
class Trial:
    """A codec on trial: what the checks share, so that each level is encoded once.

    :param picture: uint8 RGB, shape (height, width, 3).
    """

    codec: Codec
    picture: np.ndarray

    @property
    def levels(self) -> list[int]:
        """From the worst to the best."""
        return [int(level) for level in self.codec.levels]

    @property
    def three_levels(self) -> list[int]:
        """The worst, one in the middle, the best."""
        return [self.levels[0], self.levels[len(self.levels) // 2], self.levels[-1]]

    @cached_property
    def files(self) -> list[bytes]:
        """At every level."""
        return [self.codec.encode(self.picture, level) for level in self.levels]

    @cached_property
    def errors(self) -> np.ndarray:
        """Mean squared error at every level, in grey levels squared, shape (levels,)."""
        return np.array([mse(self.picture, self.codec.decode(file)) for file in self.files])


def form(trial: Trial) -> None:
    """Name, texts, levels and default are what flags and tables take."""
    codec = trial.codec
    require(bool(_NAME.fullmatch(codec.name)), f"name {codec.name!r} must be lower-case letters and digits")
    require(bool(codec.title.strip() and codec.unit.strip()), "fill in title and unit")
    require(codec.suffix.startswith("."), f"suffix {codec.suffix!r} must begin with a dot")
    require(codec.step >= 1, f"step is {codec.step}: make it 1 or more; worst_level and best_level give the direction")
    require(len(trial.levels) >= 3, f"it has {len(trial.levels)} levels: a JND needs three or more")
    require(
        trial.levels[-1] == codec.best_level,
        f"steps of {codec.step} from {codec.worst_level} lead to {trial.levels[-1]}: choose ends so that they lead to "
        f"the best level, {codec.best_level}",
    )
    default = codec.default_level
    in_range = default is None or codec.lowest <= default <= codec.highest
    require(in_range, f"default_level {default} lies outside {codec.lowest}..{codec.highest}")


def library_named(trial: Trial) -> None:
    """Two versions of an encoder are told apart."""
    library = trial.codec.library()
    named = trial.codec.can_encode
    require(not named or bool(re.search(r"\d", library)), f"library() says {library!r}: name it with its version")


def refuses_to_encode(trial: Trial) -> None:
    """Where a codec is only read, encoding ends in one line."""
    if trial.codec.can_encode:
        return
    try:
        trial.codec.encode(trial.picture, trial.levels[0])
    except UserError:
        return
    raise AssertionError("can_encode is False: let encode raise a UserError that says where levels come from")


def direction(trial: Trial) -> None:
    """The best level is better than the worst, and its file larger."""
    ends = "swap worst_level and best_level, or turn the number round before the encoder gets it"
    require(trial.errors[-1] < trial.errors[0], f"the best level has the larger error: {ends}")
    require(len(trial.files[-1]) > len(trial.files[0]), f"the best level has the smaller file: {ends}")


def sizes_rise(trial: Trial) -> None:
    """Bytes grow from level to level."""
    _mostly_rises(trial, np.array([len(file) for file in trial.files], dtype=float), "size")


def error_falls(trial: Trial) -> None:
    """The error falls from level to level."""
    _mostly_rises(trial, -trial.errors, "error")


def bytes_differ(trial: Trial) -> None:
    """No two neighbouring levels are one file."""
    same = [level for level, a, b in zip(trial.levels, trial.files, trial.files[1:], strict=False) if a == b]
    some = ", ".join(map(str, same[:5]))
    require(not same, f"levels {some} give the same file as the next: take a larger step")


def lossy(trial: Trial) -> None:
    """No level is another, lossless mode: a jump that no JND can lie at."""
    require(trial.errors.min() > 0, "a level gives back the picture exactly: switch lossless off, or leave it out")


def odd_sizes(trial: Trial) -> None:
    """Pictures of odd sizes, down to one pixel, keep their shape at the worst, a middle and the best level."""
    for height, width in _SHAPES:
        small = trial.picture[:height, :width]
        for level in trial.three_levels:
            decoded = trial.codec.decode(trial.codec.encode(small, level))
            require(
                decoded.shape == small.shape and decoded.dtype == np.uint8,
                f"{width}x{height} at {level} comes back as {decoded.dtype} of shape {decoded.shape}",
            )


def colours_kept(trial: Trial) -> None:
    """Flat colours come back at the best level: channels are not swapped, ranges not mixed up."""
    for colour in _COLOURS:
        flat = np.full((16, 16, 3), colour, np.uint8)
        decoded = trial.codec.decode(trial.codec.encode(flat, trial.levels[-1]))
        middle = decoded[8, 8].astype(int)
        off = int(np.abs(middle - colour).max())
        require(off <= _COLOUR_OFF, f"{colour} comes back as {tuple(middle.tolist())}: look at channels and range")


def input_untouched(trial: Trial) -> None:
    """A read-only view is encoded as its copy is: ladders share their reference."""
    view = trial.picture[::2, 1::2]
    copy = np.ascontiguousarray(view)
    view.setflags(write=False)
    level = trial.three_levels[1]
    same = trial.codec.encode(view, level) == trial.codec.encode(copy, level)
    require(same, "a view and its copy give different files: make the array contiguous first")


def damage_refused(trial: Trial) -> None:
    """What is cut off, empty or foreign raises ValueError, and nothing is printed."""
    whole = trial.files[len(trial.files) // 2] if trial.codec.can_encode else b""
    cuts = sorted({len(whole) * part // _CUTS for part in range(_CUTS)} | {max(len(whole) - 1, 0)})
    damaged = {f"the first {cut} of {len(whole)} bytes": whole[:cut] for cut in cuts}
    damaged |= {"text": b"no picture" * 40, "zeros": bytes(400)}
    with _heard() as printed:
        for what, content in damaged.items():
            try:
                trial.codec.decode(content)
            except ValueError:
                continue
            except Exception as error:
                raise AssertionError(f"{what} end in {type(error).__name__}: turn it into a ValueError") from error
            raise AssertionError(f"{what} are decoded as if they were whole: refuse them with a ValueError")
    require(not printed, f"decoding damaged bytes prints {printed[:1]}: keep it off the terminal")


def same_bytes_again(trial: Trial) -> None:
    """Encoded again, and in several threads at a time, a level has the same bytes and pixels."""
    with ThreadPoolExecutor(3) as threads:
        again = list(threads.map(lambda level: trial.codec.encode(trial.picture, level), trial.three_levels))
        pixels = list(threads.map(trial.codec.decode, again))
    before = [trial.files[trial.levels.index(level)] for level in trial.three_levels]
    require(again == before, "a level has other bytes when it is encoded again: fix the number of threads")
    same = all(np.array_equal(a, trial.codec.decode(b)) for a, b in zip(pixels, before, strict=True))
    require(same, "a file has other pixels when it is decoded again: fix the number of threads")


def another_process(trial: Trial) -> None:
    """Another process makes the same bytes and pixels."""
    work = pickle.dumps((trial.codec, np.array(trial.picture), trial.three_levels))
    _other_process().submit(_digests, work, list(sys.path))
    same = _other_process().next_done().result() == _digests(work, sys.path)
    require(same, "another process makes other bytes: depend on no thread count, clock or environment")


def _mostly_rises(trial: Trial, values: np.ndarray, what: str) -> None:
    wrong = np.flatnonzero(np.diff(values) < 0)
    at = ", ".join(str(trial.levels[place]) for place in wrong[:5])
    require(
        len(wrong) <= max(1, _WRONG_WAY * len(values)),
        f"{what} goes the wrong way at {len(wrong)} of {len(values) - 1} steps (after {at}): take a larger step",
    )


def _digests(work: bytes, path: list[str]) -> list[str]:
    """Hashes of files and pixels.

    :param work: codec, picture and levels, pickled, since the codec may lie on a path that another process lacks.
    """
    sys.path[:] = path
    codec, picture, levels = pickle.loads(work)
    files = [codec.encode(picture, level) for level in levels]
    return [hashlib.sha256(file + codec.decode(file).tobytes()).hexdigest() for file in files]


@functools.cache
def _other_process() -> ProcessPool:
    return ProcessPool(1)


@contextlib.contextmanager
def _heard() -> Iterator[list[str]]:
    """Lines that reach standard output or error meanwhile, from C too; filled in at the end."""
    lines: list[str] = []
    with tempfile.TemporaryFile() as file:
        before = [os.dup(stream) for stream in (1, 2)]
        try:
            for stream in (1, 2):
                os.dup2(file.fileno(), stream)
            yield lines
        finally:
            for stream, saved in zip((1, 2), before, strict=True):
                os.dup2(saved, stream)
                os.close(saved)
            file.seek(0)
            lines += file.read().decode(errors="replace").splitlines()
