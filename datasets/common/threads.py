"""How many threads compute, and how they wait: by what is really usable, asleep, and without a say in any digit.

One thread adds in one order, so what it computes depends on no number of cores. Where several shall work, each does a
whole piece alone (`map_in_threads`): then none waits for another either. A thread that spins while it waits takes the
core that it waits for on a busy machine, and ten times the CPU time.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
"""Environment variables by which numerical libraries choose their threads when they are loaded."""

_WAITS = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "OPENCV_THREAD_POOL_ACTIVE_WAIT_MAIN": "0",
    "OPENCV_THREAD_POOL_ACTIVE_WAIT_WORKER": "0",
}
"""Variables, read likewise, by which waiting threads sleep: OpenMP's, of GCC, LLVM and Intel, and OpenCV's."""

_chosen: dict[str, str] = {}
"""The variables that `prepare_threads` has set, and nobody else."""


def prepare_threads() -> None:
    """Set up the numerical libraries of a command: usable cores only, one thread of BLAS, and waiting threads sleep.

    To be called before torch and OpenCV are loaded. What the user has set in the environment stays.
    """
    import threadpoolctl

    for variable, value in _WAITS.items():
        os.environ.setdefault(variable, value)
    if any(variable in os.environ for variable in _COUNTS):
        return
    cores = str(usable_cores())
    _chosen.update({"OMP_NUM_THREADS": cores, "OPENCV_FOR_THREADS_NUM": cores, "OPENBLAS_NUM_THREADS": "1"})
    os.environ.update(_chosen)
    threadpoolctl.threadpool_limits(1, user_api="blas")  # numpy has loaded its own by now


def usable_cores(root: Path = Path("/")) -> int:
    """How many processor cores this process may use: those it may run on, and no more than its container's quota.

    :param root: of the file system where Linux tells of control groups.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(affinity, math.ceil(min(_quotas(root), default=affinity))))


def usable_threads() -> int:
    """How many threads are worth starting: OMP_NUM_THREADS, else the usable cores, fewer on an overloaded machine.

    By as many as its load exceeds its cores: load up to that number may be our own, of a moment ago.
    """
    if (wanted := os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]).isdigit() and not _chosen:
        return max(1, int(wanted))
    cores = usable_cores()
    try:
        excess = round(os.getloadavg()[0]) - (os.cpu_count() or cores)
    except (AttributeError, OSError):  # Windows
        excess = 0
    return max(1, cores - max(excess, 0))


def map_in_threads(function: Callable[[Item], Result], items: Sequence[Item], *, most: int) -> list[Result]:
    """A function's results for the items in their order, some at a time in threads of one torch thread each.

    :param function: leaves the interpreter to others most of the time, as torch and OpenCV do.
    :param most: how many at a time.
    """
    count = min(len(items), usable_threads(), most)
    with one_torch_thread():
        if count < 2:
            return [function(item) for item in items]
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(function, items))


def one_torch_thread() -> contextlib.AbstractContextManager[None]:
    """One thread of torch."""
    return torch_threads(1)


@contextlib.contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """So many threads of torch.

    :param count: 0 leaves their number alone.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(count or threads)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """One thread of BLAS in numpy, scipy and OpenCV."""
    import cv2  # noqa: F401  # brings a BLAS of its own, which must be loaded before it can be limited
    import scipy.linalg  # noqa: F401  # and so does this
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield


@contextlib.contextmanager
def one_thread_in_children() -> Iterator[None]:
    """Processes started meanwhile compute in one thread, unless the user wants another number."""
    wanted = {**_WAITS, **dict.fromkeys(_COUNTS, "1")}
    added = [variable for variable in wanted if variable not in os.environ or variable in _chosen]
    before = {variable: os.environ[variable] for variable in added if variable in os.environ}
    os.environ.update({variable: wanted[variable] for variable in added})
    try:
        yield
    finally:
        for variable in added:
            del os.environ[variable]
        os.environ.update(before)


def _quotas(root: Path) -> Iterator[float]:
    """Cores that each control group above this process allows it on average, where one says so.

    https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max), .../scheduler/sched-bwc.html (version 1)
    """
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = root / "sys/fs/cgroup" / ("cpu" if controllers else "")
        folder = top / path.lstrip("/")  # which a container may not see: then its own is on top
        for group in (folder, *folder.parents):
            files = ("cpu.cfs_quota_us", "cpu.cfs_period_us") if controllers else ("cpu.max",)
            numbers = [word for file in files for word in _read(group / file).split()]
            if all(map(str.isdigit, numbers)) and len(numbers) == 2 and int(numbers[1]):  # not 'max', nor -1
                yield int(numbers[0]) / int(numbers[1])
            if group == top:
                break


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeError):
        return ""
