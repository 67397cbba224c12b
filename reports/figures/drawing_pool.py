"""Many drawings at once, on as many processor cores as there are.

The processes are forked: they find the sections in memory, where sending them would take longer than drawing. Where
there is no fork, or little to draw, all is drawn here; the files are the same.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from datasets.common.commands import progress

Draw = Callable[[], dict[str, bytes]]

_waiting: Sequence[Draw] = ()
"""What the processes forked from this one draw."""


def draw_all(drawings: Sequence[Draw], *, many: bool, quiet: bool) -> dict[str, bytes]:
    """The files of all drawings, in their order.

    :param many: whether there is enough to draw for several processes to be worth their start.
    :param quiet: shows no progress.
    """
    files: dict[str, bytes] = {}
    # Darwin's own libraries do not survive a fork.
    processes = len(os.sched_getaffinity(0)) if many and sys.platform == "linux" else 1
    made = _forked(drawings, processes) if processes > 1 else (draw() for draw in drawings)
    for some in progress(made, "figures", len(drawings), quiet=quiet):
        files.update(some)
    return files


def _forked(drawings: Sequence[Draw], processes: int) -> Iterator[dict[str, bytes]]:
    global _waiting
    _waiting = drawings
    done = 0
    try:
        with warnings.catch_warnings():
            # Python 3.12 warns of threads: those here are the idle workers of Arrow and BLAS, which know forks.
            warnings.filterwarnings("ignore", message=".*fork.*", category=DeprecationWarning)
            with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork")) as pool:
                for made in pool.map(_draw, range(len(drawings))):
                    done += 1
                    yield made
    except BrokenProcessPool:
        # A process was killed, most likely for memory: one alone needs less.
        yield from (draw() for draw in drawings[done:])
    finally:
        _waiting = ()


def _draw(number: int) -> dict[str, bytes]:
    return _waiting[number]()
