"""Worker processes on this machine."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from pathlib import Path
from typing import final

from protocols.workers.task import Workers

_LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@final
class LocalWorkers(Workers):
    """A pool of processes of one thread each.

    :param count: how many.
    :param memory_gib: what each may allocate; None for any amount.
    """

    deaths = (BrokenProcessPool,)
    deaths_prove = False

    def __init__(self, count: int, memory_gib: float | None = None) -> None:
        self._count, self._memory_gib = count, memory_gib
        self._pool: _Pool | None = None

    def executor(self) -> Executor:
        return self._of(self._count)

    def alone(self) -> Executor:
        return self._of(1)

    def at_once(self) -> int:
        return self._count + 1  # one waits, so that nobody who is done has to

    def mend(self) -> None:
        self.close()

    def close(self) -> None:
        if self._pool is not None:
            self._pool.end()
            self._pool = None

    def _of(self, count: int) -> Executor:
        if self._pool is None or self._pool.count != count:
            self.close()
            self._pool = _Pool(count, self._memory_gib)
        return self._pool.executor


@final
class _Pool:
    """Processes that end when this one does, whatever ends it."""

    def __init__(self, count: int, memory_gib: float | None) -> None:
        for variable in _LIBRARIES:
            os.environ.setdefault(variable, "1")  # workers inherit it before they load any library
        context = multiprocessing.get_context("spawn")
        lifeline, self._held_end = context.Pipe(duplex=False)
        self.count = count
        self.executor = ProcessPoolExecutor(count, context, _start_worker, (lifeline, memory_gib))

    def end(self) -> None:
        self._held_end.close()  # ends workers in the middle of a task, where there are any left
        self.executor.shutdown(cancel_futures=True)


def _start_worker(lifeline: Connection, memory_gib: float | None = None) -> None:
    """Ctrl-C and standard output left to the parent, no life after it lets the lifeline go."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    with contextlib.suppress(OSError):
        os.dup2(sys.stderr.fileno(), 1)
    with contextlib.suppress(OSError):  # where memory runs out, a worker is to go before the process that knows it all
        Path("/proc/self/oom_score_adj").write_text("500")
    if memory_gib is not None:
        _limit_memory(round(memory_gib * 2**30))


def _limit_memory(size_bytes: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (size_bytes, size_bytes))


def _end_with(lifeline: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv_bytes()  # nothing is ever sent: it returns when the other end is closed, or its process killed
    os._exit(1)
