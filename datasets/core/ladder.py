"""The ladder: one picture at every level of its codec, from shipped files or compressed on demand."""

from __future__ import annotations

import copy
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np

from datasets.common.cache import sha256_of_files
from datasets.common.code import code_sha256
from datasets.common.errors import DataError
from datasets.common.files import read_whole
from datasets.common.hashing import FileState, file_state, key_of, sha256_of_pixels
from datasets.core.codec import Codec
from datasets.core.imaging import luma, mse, psnr_db


@dataclass(frozen=True)
class LadderSummary:
    """What a whole ladder costs and loses, from the worst to the best level; no pixels are kept.

    :param mse: luma squared error per level, grey levels squared, shape (levels,).
    :param size_bytes: encoded size per level, shape (levels,); NaN where the codec's own files are not there.
    :param ms: what the pass over the ladder took, in milliseconds.
    """

    mse: np.ndarray
    size_bytes: np.ndarray
    ms: float

    @property
    def psnr_db(self) -> np.ndarray:
        """Luma PSNR per level in dB, shape (levels,)."""
        return psnr_db(self.mse)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One level of a ladder as it passes by.

    :param rgb: its pixels, uint8, shape (height, width, 3).
    :param luma: its BT.601 luma, uint8, shape (height, width).
    """

    level: int
    rgb: np.ndarray
    luma: np.ndarray


_CHANGED = "was changed while the run went on. Give the same command again."


class Ladder(ABC):
    """A picture at every level of its codec. Levels are streamed: only the reference's pixels are kept."""

    def __init__(self, codec: Codec, read_reference: Callable[[], np.ndarray]) -> None:
        self.codec = codec
        self._read_reference = read_reference
        self.known_summary: LadderSummary | None = None
        """Where the pass has been made, here or in another process."""
        self._passing: Step | None = None
        self._broke_off: DataError | None = None

    @abstractmethod
    def encoded(self, level: int) -> bytes:
        """The file's bytes at a level.

        :raises DataError: where a shipped file is missing or unreadable.
        """

    @abstractmethod
    def fingerprint(self) -> str:
        """Names what the levels depend on besides the reference's pixels, without decoding any."""

    @final
    @cached_property
    def whole_fingerprint(self) -> str:
        """Names the reference and the levels, with the code that makes their pixels; made once."""
        reference = self._named_by_file() or f"pixels {sha256_of_pixels(self.reference)}"
        code = " ".join(map(code_sha256, (type(self), type(self.codec))))
        return f"{reference} {self.fingerprint()} by {code}"

    def _named_by_file(self) -> str:
        return str(getattr(self._read_reference, "fingerprint", str)())

    @final
    def afresh(self) -> Ladder:
        """The same ladder, of whose files nothing is known yet."""
        ladder = copy.copy(self)
        ladder.__dict__.pop("whole_fingerprint", None)
        ladder.known_summary = ladder._passing = ladder._broke_off = None
        return ladder

    def __getstate__(self) -> dict[str, object]:
        # Pixels are read again where they are needed; a picture travels to a worker as its paths.
        pixels = ("reference", "reference_luma", "_encoder")
        return {**{name: value for name, value in self.__dict__.items() if name not in pixels}, "_passing": None}

    @final
    @property
    def reference_file(self) -> Path | None:
        """Where the reference's pixels come from, where that is one file."""
        return getattr(self._read_reference, "path", None)

    @final
    @cached_property
    def reference(self) -> np.ndarray:
        """The picture the levels are compared with, uint8 RGB, shape (height, width, 3), read-only."""
        pixels, named = _read_only(self._read_reference()), self._named_by_file()
        if not self.__dict__.get("whole_fingerprint", named).startswith(named):
            raise DataError(f"{getattr(self._read_reference, 'path', 'the reference')}: {_CHANGED}")
        return pixels

    @final
    @cached_property
    def reference_luma(self) -> np.ndarray:
        """BT.601 luma of the reference, uint8, shape (height, width), read-only."""
        return _read_only(luma(self.reference))

    @final
    def forget_pixels(self) -> None:
        """Let go of the reference's pixels; they are read again when asked for."""
        self.__dict__.pop("reference", None)
        self.__dict__.pop("reference_luma", None)
        self.__dict__.pop("_encoder", None)

    @final
    def rgb(self, level: int) -> np.ndarray:
        """The picture at a level, uint8 RGB, shape (height, width, 3), read-only.

        :raises DataError: where the level's file is damaged or of another size than the reference.
        """
        if self._passing is not None and self._passing.level == level:
            return self._passing.rgb
        return self._decode(self.encoded(level), level)

    @final
    def luma(self, level: int) -> np.ndarray:
        """The picture's BT.601 luma at a level, uint8, shape (height, width), read-only."""
        if self._passing is not None and self._passing.level == level:
            return self._passing.luma
        return _read_only(luma(self.rgb(level)))

    @final
    def mse(self, level: int) -> float:
        """Luma squared error at a level, in grey levels squared."""
        return mse(self.reference_luma, self.luma(level))

    @final
    def psnr_db(self, level: int) -> float:
        """Luma PSNR at a level, in dB."""
        return float(psnr_db(self.mse(level)))

    @final
    def size_bytes(self, level: int) -> int | None:
        """The encoded size at a level, or None where the codec's own files are not there."""
        return len(self.encoded(level)) if self.codec.has_file_sizes else None

    @final
    def summary(self) -> LadderSummary:
        """Error and size of every level, from one pass over the ladder that is made once.

        :raises DataError: as `steps`.
        """
        if self._broke_off is not None:
            raise self._broke_off
        if self.known_summary is None:
            for _ in self.steps():
                pass
        assert self.known_summary is not None
        return self.known_summary

    @final
    def steps(self) -> Iterator[Step]:
        """Every level from the worst to the best, decoded one after another; at the end the summary is known too.

        While a level passes by, `rgb` and `luma` give its pixels to whoever asks for that level, decoding nothing.

        :raises DataError: at a level whose file is missing, damaged, or of another size than the reference.
        """
        errors, sizes, ms = [], [], 0.0
        try:
            for level in map(int, self.codec.levels):
                start = time.perf_counter()
                encoded = self.encoded(level)
                rgb = self._decode(encoded, level)
                self._passing = Step(level, rgb, _read_only(luma(rgb)))
                errors.append(mse(self.reference_luma, self._passing.luma))
                sizes.append(float(len(encoded)) if self.codec.has_file_sizes else float("nan"))
                ms += (time.perf_counter() - start) * 1000
                yield self._passing
        except DataError as error:
            self._broke_off = error
            raise
        finally:
            self._passing = None
        self.known_summary = LadderSummary(np.array(errors), np.array(sizes), ms)

    def _decode(self, encoded: bytes, level: int) -> np.ndarray:
        try:
            pixels = self.codec.decode(encoded)
        except ValueError as error:
            raise DataError(f"{self._name(level)}: {error}. Copy the file again from the data set.") from error
        if pixels.shape != self.reference.shape:
            raise DataError(
                f"{self._name(level)}: is {pixels.shape[1]}x{pixels.shape[0]}, but its reference is "
                f"{self.reference.shape[1]}x{self.reference.shape[0]}. Both must be the same picture."
            )
        return _read_only(pixels)

    @abstractmethod
    def _name(self, level: int) -> str:
        """What to call a level in an error."""


@final
class CompressedLadder(Ladder):
    """Levels made from the reference when they are asked for."""

    def encoded(self, level: int) -> bytes:
        height, width = self.reference.shape[:2]
        if max(height, width) > self.codec.longest_side_px:
            most = f"{self.codec.longest_side_px:,}"
            raise DataError(
                f"the picture is {width}x{height}, and {self.codec.title} takes sides of at most {most} pixels"
            )
        return self._encoder(level)

    @cached_property
    def _encoder(self) -> Callable[[int], bytes]:
        return self.codec.encoder(self.reference)

    def fingerprint(self) -> str:
        return f"compressed by {self.codec.library()}"

    def _name(self, level: int) -> str:
        return f"the picture at {self.codec.unit} {level}"


@final
class ShippedLadder(Ladder):
    """Levels read from the data set's own files.

    :param files: level to file; every level of the codec.
    """

    def __init__(self, codec: Codec, read_reference: Callable[[], np.ndarray], files: Mapping[int, Path]) -> None:
        super().__init__(codec, read_reference)
        self.files = dict(files)
        self._states: dict[int, FileState] = {}
        """Of the files whose content the fingerprint names."""

    def encoded(self, level: int) -> bytes:
        if level not in self.files:
            raise DataError(
                f"{self.codec.unit} {level} has no file: the set ships {len(self.files)} of "
                f"{len(self.codec.levels)} levels. Run 'python -m datasets.verify' on its root."
            )
        path = self.files[level]
        try:
            content = read_whole(path)
            is_as_named = self._states.get(level) in (None, file_state(path))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", "") or error
            raise DataError(f"{path}: {reason}. Copy it again from the data set.") from error
        if not is_as_named:
            raise DataError(f"{path}: {_CHANGED}")
        return content

    def fingerprint(self) -> str:
        files = {level: path for level, path in sorted(self.files.items()) if path.is_file()}
        self._states = {level: file_state(path) for level, path in files.items()}
        hashes = sha256_of_files(list(files.values()))
        return f"files {key_of(dict(zip(map(str, files), hashes, strict=True)))}, decoded by {self.codec.library()}"

    def _name(self, level: int) -> str:
        return str(self.files[level])


def _read_only(pixels: np.ndarray) -> np.ndarray:
    """Pixels are shared: nobody may change them for others."""
    pixels.setflags(write=False)
    return pixels
