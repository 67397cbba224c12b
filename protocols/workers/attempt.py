"""What a task is busy with, said on disk, so that whoever finds its process dead knows what killed it; and time limits.

A process that hangs cannot be asked to stop, so a limit ends it: Python's fault handler writes down where it stood and
exits, also where a C library never gives the interpreter back.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, final

from datasets.common.files import write_atomically


@dataclass(frozen=True)
class Part:
    """One part of a task that can be blamed for the death of its process.

    :param who: the predictor, by a name that is the same in all tasks.
    :param what: of its work, e.g. one picture; empty for all of it.
    """

    who: str
    what: str = ""


@final
class Attempt:
    """One try at a task.

    :param file: where to say what it is busy with; None says nothing and sets no limits.
    :param timeout_s: what each part may take, several visits to it added up; None for any time.
    """

    def __init__(self, file: Path | None = None, timeout_s: float | None = None) -> None:
        self._file = file
        self._timeout_s = timeout_s
        self._spent_s: dict[Part, float] = {}
        self._stream = None if file is None else file.open("w", encoding="utf-8")
        limited = file is not None and timeout_s is not None
        self._trace = _open_trace(file) if file is not None and limited else None
        self._said: Part | None = None

    @contextlib.contextmanager
    def at(self, part: Part) -> Iterator[None]:
        """While a part is worked on. What it prints goes to standard error: standard output is the command's own."""
        start = time.perf_counter()
        self._say(part)
        with contextlib.redirect_stdout(sys.stderr), self._limited(part):
            try:
                yield
            finally:
                self._spent_s[part] = self._spent_s.get(part, 0.0) + time.perf_counter() - start

    def end(self) -> None:
        """Nothing was killed: forget the try."""
        for stream in (self._stream, self._trace):
            if stream is not None:
                stream.close()
        if self._file is not None:
            _forget_try(self._file)

    def _say(self, part: Part) -> None:
        if self._stream is None or part == self._said:
            return
        self._stream.seek(0)
        self._stream.truncate()
        self._stream.write(f"{part.who}\n{part.what}")
        self._stream.flush()
        self._said = part

    @contextlib.contextmanager
    def _limited(self, part: Part) -> Iterator[None]:
        if self._timeout_s is None or self._trace is None:
            yield
            return
        left_s = max(self._timeout_s - self._spent_s.get(part, 0.0), 0.01)
        faulthandler.dump_traceback_later(left_s, exit=True, file=self._trace)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


def unfinished(file: Path) -> Part | None:
    """The part in which a try ended with its process; None where it did not begin or came to its end."""
    try:
        who, _, what = file.read_text(encoding="utf-8").partition("\n")
    except FileNotFoundError:
        return None
    return Part(who, what) if who else None


def ran_out_of_time(file: Path) -> str | None:
    """Where a try stood when its time was up, for people; None where that is not what ended it."""
    try:
        trace = _trace_file(file).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    thread, timeout, stacks = trace.partition("Timeout")
    if not timeout:
        return None
    _, _, own = stacks.partition(thread.strip())
    found = re.search(r'File "([^"]+)", line (\d+) in (\S+)', own)
    return f"in {found.group(3)} ({Path(found.group(1)).name}:{found.group(2)})" if found else ""


def blame(file: Path, part: Part, reason: str) -> None:
    """Write down that a part is not to be tried again, and that its try is over."""
    known = [*blamed(file), (part, reason)]
    lines = [{"who": one.who, "what": one.what, "reason": why} for one, why in known]
    write_atomically(_blame_file(file), json.dumps(lines), durable=False)
    _forget_try(file)


def blamed(file: Path) -> list[tuple[Part, str]]:
    """The parts of a task that are not to be tried again, and why."""
    try:
        lines = json.loads(_blame_file(file).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return [(Part(line["who"], line["what"]), line["reason"]) for line in lines]


def forget(file: Path) -> None:
    """Remove all that is written of a task."""
    _forget_try(file)
    _blame_file(file).unlink(missing_ok=True)


def _forget_try(file: Path) -> None:
    file.unlink(missing_ok=True)
    _trace_file(file).unlink(missing_ok=True)


def _blame_file(file: Path) -> Path:
    return file.with_suffix(".blamed")


def _open_trace(file: Path) -> TextIO:
    """Where the fault handler writes all threads' stacks; it begins with the name of this one."""
    stream = _trace_file(file).open("w", encoding="utf-8")
    stream.write(f"{threading.get_ident():#018x}\n")
    stream.flush()
    return stream


def _trace_file(file: Path) -> Path:
    return file.with_suffix(".trace")
