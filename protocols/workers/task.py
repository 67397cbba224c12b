"""What workers do, and how a process must be set up to do it."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import platform
import sys
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


def run_here(task: Task, monitor: Monitor) -> Any:
    """A task's result, the same in every process: BLAS has one thread. What is printed goes to standard error."""
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
