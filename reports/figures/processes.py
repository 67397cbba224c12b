"""Drawing on all processor cores."""

from __future__ import annotations

import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from reports.figures.style import FigureFiles

Draw = Callable[[], dict[str, FigureFiles]]

_draws: Sequence[Draw] = ()
"""In a drawing process: all that there is to draw."""


def drawn_by_processes(draws: Sequence[Draw]) -> Iterator[dict[str, FigureFiles]]:
    """Draw on all processor cores.

    The processes are forked, not spawned as those of a run: so they find the sections and matplotlib in memory, where
    spawned ones would each have to load both.
    """
    done = 0
    # Darwin's own libraries do not survive a fork.
    processes = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
    if processes > 1:
        # Loaded once for all processes.
        import matplotlib.backends.backend_agg
        import matplotlib.backends.backend_mixed
        import matplotlib.backends.backend_svg
        import matplotlib.figure  # noqa: F401

        try:
            with warnings.catch_warnings():
                # Python 3.12 warns of threads: those here are the idle workers of Arrow and BLAS, which know forks.
                warnings.filterwarnings("ignore", message=".*fork.*", category=DeprecationWarning)
                context = multiprocessing.get_context("fork")
                with ProcessPoolExecutor(processes, context, initializer=_remember, initargs=(draws,)) as pool:
                    for some in pool.map(_draw, range(len(draws))):
                        done += 1
                        yield some
        except BrokenProcessPool:
            # A process was killed, most likely for memory: one alone needs less.
            pass
    yield from (draw() for draw in draws[done:])


def _remember(draws: Sequence[Draw]) -> None:
    global _draws
    _draws = draws


def _draw(number: int) -> dict[str, FigureFiles]:
    return _draws[number]()
