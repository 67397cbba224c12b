"""`python -m sgjnd.predict --fast`: levels of as many photographs as there are, in order, a line each.

With a file to write to, what was killed goes on from there: the file says which photographs are done.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TypeVar, final

from datasets.codecs import codec_named
from datasets.common.commands import printable, progress
from datasets.common.errors import DataError, UserError
from datasets.common.threads import one_torch_thread, usable_threads
from datasets.core.codec import Codec
from datasets.core.picture_file import read_upright
from sgjnd.answer import level_to_use, named
from sgjnd.fast import SgJndFast
from sgjnd.networks import Networks

Item = TypeVar("Item")
Result = TypeVar("Result")

FORMS = (".jsonl", ".csv")


@final
@dataclass(frozen=True)
class Line:
    """What is said of one photograph.

    :param image: its file.
    :param codec: the codec's name.
    :param level: to use, in the codec's unit; None where the photograph could not be used.
    :param jnd: the predicted JND, in the same unit.
    :param sur: share of people predicted to see no difference at `level`.
    :param asked_sur: the share that was asked for; None where the JND was.
    :param error: why the photograph could not be used; empty where it could.
    """

    image: str
    codec: str
    level: int | None
    jnd: float | None
    sur: float | None
    asked_sur: float | None
    error: str = ""

    def as_text(self) -> str:
        """For people."""
        if self.level is None or self.sur is None:
            return f"left out: {self.error}"
        at = named(codec_named(self.codec), self.level)
        return f"{self.image}: {at}, at which {self.sur:.0%} of people see no difference".replace("%", " %")


_FIELDS = [field.name for field in fields(Line)]


def predict_line(predictor: SgJndFast, codec: Codec, path: Path, sur: float | None) -> Line:
    """What `sgjnd-fast` says of one photograph, which is decoded at half its size.

    :param sur: share of people who are to see no difference; None takes the JND.
    """
    try:
        features = predictor.features_of(read_upright(path, at_half=True))
    except DataError as error:
        return Line(str(path), codec.name, None, None, None, sur, str(error))
    prediction = predictor.prediction_of(predictor.curve_of(features, codec), codec)
    level, satisfied = level_to_use(prediction, codec, sur)
    return Line(str(path), codec.name, level, round(prediction.level, 2), round(satisfied, 4), sur)


def predict_lines(predictor: SgJndFast, codec: Codec, files: Iterable[Path], sur: float | None) -> Iterator[Line]:
    """One line a photograph, in their order; some are computed at a time, and no others are held."""
    with one_torch_thread():
        yield from _in_order(lambda path: predict_line(predictor, codec, path, sur), files, usable_threads())


def _in_order(function: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[Result]:
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


@final
class LineFile:
    """A file of lines, as JSON or CSV by its suffix, that a killed run left and the next one goes on with.

    :param path: a last line that is not whole is cut off.
    :raises UserError: where it has another suffix, or holds other things than these lines.
    """

    def __init__(self, path: Path) -> None:
        if path.suffix not in FORMS or path.is_dir():
            raise UserError(f"--out {path}: expected a file name that ends in {' or '.join(FORMS)}")
        self._path = path
        self._is_csv = path.suffix == ".csv"
        try:
            self._cut_half_line()
        except OSError as error:
            raise UserError(f"--out {path}: cannot be written ({error.strerror or error})") from error

    def done(self, codec: Codec, sur: float | None) -> set[str]:
        """The photographs that have their line.

        :raises UserError: where a line is none of this command's, or answers another question.
        """
        done = set()
        for number, row in enumerate(self._rows(), start=1):
            if list(row) != _FIELDS:
                raise UserError(f"--out {self._path}: entry {number} is none of this command's. Name another file")
            if row["codec"] != codec.name or str(row["asked_sur"] or "") != str(sur or ""):
                raise UserError(
                    f"--out {self._path}: entry {number} was asked for another --codec or --sur. Name another file"
                )
            done.add(str(row["image"]))
        return done

    def write(self, lines: Iterable[Line]) -> None:
        """Append lines, each at once."""
        with self._path.open("a", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            table = csv.DictWriter(stream, _FIELDS, lineterminator="\n")
            if self._is_csv and not stream.tell():
                table.writeheader()
            for line in lines:
                if self._is_csv:
                    table.writerow(asdict(line))
                else:
                    stream.write(json.dumps(asdict(line)) + "\n")
                stream.flush()

    def _rows(self) -> Iterator[Mapping[str, object]]:
        with self._path.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            if self._is_csv:
                table = csv.DictReader(stream)
                yield from [{}] if table.fieldnames not in (None, _FIELDS) else table
                return
            for text in stream:
                try:
                    yield dict(json.loads(text))
                except (ValueError, TypeError):
                    yield {}

    def _cut_half_line(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a+b") as stream:
            end = at = stream.tell()
            while at:
                start = max(0, at - (1 << 16))
                stream.seek(start)
                if (newline := stream.read(at - start).rfind(b"\n")) >= 0:
                    at = start + newline + 1
                    break
                at = start
            if at < end:
                stream.truncate(at)


def check_fast(arguments: argparse.Namespace) -> None:
    """:raises UserError: where --fast meets flags that it has no use for, or --out is without it."""
    others = [flag for flag in ("save", "compare", "explain") if getattr(arguments, flag)]
    if arguments.fast and others:
        raise UserError(f"--fast compresses nothing and weighs no patches: leave --{others[0]} or --fast out")
    if arguments.fast and len(arguments.codec) > 1:
        raise UserError("--fast answers in one codec: give one to --codec")
    if arguments.out and not arguments.fast:
        raise UserError("--out belongs to --fast: add it, or send standard output to a file")


def predict_many(networks: Networks, files: Sequence[Path], arguments: argparse.Namespace) -> int:
    """Say it of all photographs, on standard output or in the file of --out.

    Photographs that have their line in that file are left alone.

    :param networks: one of `sgjnd-fast`.
    :returns: how many photographs could not be used.
    """
    ((codec, predictor),) = networks.items()
    assert isinstance(predictor, SgJndFast)
    target = LineFile(arguments.out) if arguments.out else None
    done = target.done(codec, arguments.sur) if target else set()
    todo = [path for path in files if str(path) not in done]
    failed = 0

    def lines() -> Iterator[Line]:
        nonlocal failed
        computed = predict_lines(predictor, codec, todo, arguments.sur)
        for line in progress(computed, "pictures", total=len(todo), quiet=arguments.quiet):
            failed += bool(line.error)
            yield line

    if target:
        target.write(lines())
    else:
        for line in lines():
            print(json.dumps(asdict(line)) if arguments.json else printable(line.as_text()), flush=True)
    return failed
