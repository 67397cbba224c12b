"""What workers do, and what does it."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import platform
import sys
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

from datasets.common.threads import one_blas_thread
from protocols.workers.monitor import Monitor

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_KEPT_BYTES = 2**30
_LARGEST_MAPPED_BYTES = 32 * 2**20


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


class Workers(Protocol):
    """Processes that take calls: `datasets.common.process_pool.ProcessPool` or a cluster."""

    def has_room(self) -> bool:
        """Whether another call can be submitted."""

    def submit(self, function: Callable[..., Any], *arguments: object) -> Future[Any]:
        """Call a function; its future fails with ProcessDiedError where the process that calls it dies."""

    def next_done(self) -> Future[Any]:
        """Wait until any of the submitted calls has ended."""

    def close(self) -> None:
        """End them, in the middle of a task where they are in one."""


def run_here(task: Task, monitor: Monitor) -> Any:
    """A task's result, the same in every process: on one thread of BLAS. What predictors print goes to standard error,
    because standard output is the command's own."""
    keep_memory()
    with one_blas_thread(), contextlib.redirect_stdout(sys.stderr):
        return task.run(monitor)


@functools.cache
def keep_memory() -> None:
    """Let glibc keep the memory of large arrays for the next ones, instead of mapping and clearing it anew each time.

    Full-HD planes are beyond its usual threshold, and Dask's nanny sets a low one: there everything would take nearly
    twice as long. Without effect where the C library is another.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_MMAP_THRESHOLD, _LARGEST_MAPPED_BYTES)
