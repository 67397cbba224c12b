"""What workers do, how a process is set up for it, what it is busy with, and time limits.

A task's work is written to a file, so that whoever finds its process dead knows why. A process that hangs cannot be
asked to stop, so a limit ends it: Python's fault handler writes down where it stood and exits, also where a C library
never gives the interpreter back.
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
from typing import Any, Protocol, final

from datasets.common.memory import keep_memory
from datasets.common.threads import one_blas_thread


class Task(Protocol):
    """Something to be done once, in any process."""

    @property
    def is_heavy(self) -> bool:
        """Whether it takes so long that starting a process for it is worthwhile."""

    def run(self, monitor: Monitor) -> Any:
        """Do it, and tell the monitor which predictor is at work. What a predictor raises stands in the result."""

    def without(self, predictor: str, work: str, reason: str) -> Task:
        """The same task without a piece of a predictor's work, which fails for a reason.

        :param predictor: as told to the monitor; one that has no part in this task changes nothing.
        :param work: as told to the monitor; empty for all of the predictor's work.
        """


def run_here(task: Task, monitor: Monitor) -> Any:
    """A task's result, the same in every process: BLAS has one thread. What is printed goes to standard error."""
    keep_memory()
    with one_blas_thread(), contextlib.redirect_stdout(sys.stderr):
        return task.run(monitor)


@final
class Monitor:
    """Watches one attempt at a task.

    :param file: where to write what the task is busy with; None writes nothing and sets no limits.
    :param timeout_s: what each predictor may take for each piece of its work; None for any time.
    """

    def __init__(self, file: Path | None = None, timeout_s: float | None = None) -> None:
        self._file, self._timeout_s = file, timeout_s
        self._stream = None if file is None else file.open("w", encoding="utf-8")
        self._spent_s: dict[tuple[str, str], float] = {}
        self._written: tuple[str, str] | None = None

    @contextlib.contextmanager
    def during(self, predictor: str, work: str = "") -> Iterator[None]:
        """While a predictor works. Several times at the same work are added up.

        :param predictor: a name that is the same in all tasks.
        :param work: which piece of its work in this task, e.g. one picture; empty for all of it.
        """
        start, key = time.perf_counter(), (predictor, work)
        self._write(key)
        limit_s, stream = self._timeout_s, self._stream
        if limit_s is not None and stream is not None:
            left_s = max(limit_s - self._spent_s.get(key, 0.0), 0.01)
            faulthandler.dump_traceback_later(left_s, exit=True, file=stream)
        try:
            yield
        finally:
            if limit_s is not None and stream is not None:
                faulthandler.cancel_dump_traceback_later()
            self._spent_s[key] = self._spent_s.get(key, 0.0) + time.perf_counter() - start

    def end(self) -> None:
        """The process is alive: remove the file."""
        if self._stream is not None and self._file is not None:
            with contextlib.suppress(OSError):  # what a full disk did not take is lost
                self._stream.close()
            self._file.unlink(missing_ok=True)

    def _write(self, key: tuple[str, str]) -> None:
        if self._stream is None or key == self._written:
            return
        with contextlib.suppress(OSError):  # a full disk: should the process die, nobody will know at what
            self._stream.seek(0)
            self._stream.truncate()
            self._stream.write(json.dumps([*key, f"{threading.get_ident():#018x}"]) + "\n")
            self._stream.flush()
        self._written = key


@final
@dataclass(frozen=True)
class Interruption:
    """Where an attempt stood when its process died.

    :param out_of_time: whether a time limit ended it.
    :param place: the function, file and line, for people; empty where they are not known.
    """

    predictor: str
    work: str
    out_of_time: bool = False
    place: str = ""


def take_interruption(file: Path) -> Interruption | None:
    """Read and remove what an attempt left; None where it had not begun or came to its end."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    file.unlink(missing_ok=True)
    line, _, stacks = text.partition("\n")
    if not line:
        return None
    predictor, work, thread = json.loads(line)
    _, _, own = stacks.partition(thread)
    frame = re.search(r'File "([^"]+)", line (\d+) in (\S+)', own)
    place = f"in {frame.group(3)} ({Path(frame.group(1)).name}:{frame.group(2)})" if frame else ""
    return Interruption(predictor, work, "Timeout" in stacks, place)
