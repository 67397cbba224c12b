"""Processes of one thread each that work beside this one. The death of one costs nothing but the task it was doing.

Each process has a pipe of its own, so a process that is killed in the middle of a message disturbs no other.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any, TypeVar, cast, final

from datasets.common.threads import one_thread_in_children

Item = TypeVar("Item")
Result = TypeVar("Result")


class ProcessDiedError(Exception):
    """The process that did a task died before it had a result."""


@final
class ProcessPool:
    """Processes that are started when they are needed, replaced when they die, and end when this one does.

    They leave Ctrl-C and standard output to this process: what is printed in them goes to standard error.

    :param memory_gib: what each may allocate; None for any amount.
    """

    def __init__(self, count: int, memory_gib: float | None = None) -> None:
        self._count, self._memory_gib = count, memory_gib
        self._idle: list[_Process] = []
        self._busy: dict[Connection, tuple[_Process, Future[Any]]] = {}
        atexit.register(self.close)

    def __enter__(self) -> ProcessPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def has_room(self) -> bool:
        """Whether a process is free."""
        return len(self._busy) < self._count

    def submit(self, function: Callable[..., Any], *arguments: object) -> Future[Any]:
        """Call a function in a process that is free.

        :param function: importable there; like its arguments and its result it can be pickled.
        :returns: it is done when `next_done` returns it. Its error is the function's, or ProcessDiedError.
        """
        message = ForkingPickler.dumps((function, arguments))
        while self._idle and not self._idle[-1].is_alive():  # killed while it had nothing to do
            self._idle.pop().end()
        process = self._idle.pop() if self._idle else _Process(self._memory_gib)
        with contextlib.suppress(OSError):  # where it has died by now, `next_done` finds out
            process.connection.send_bytes(message)
        future: Future[Any] = Future()
        self._busy[process.connection] = (process, future)
        return future

    def next_done(self) -> Future[Any]:
        """Wait until any of the submitted calls has ended."""
        connection = cast(Connection, wait(list(self._busy))[0])
        process, future = self._busy.pop(connection)
        try:
            result, error = connection.recv()
        except (EOFError, OSError):
            process.end()
            result, error = None, ProcessDiedError("the process that worked on it died")
        except Exception as unreadable:  # an error of the function that cannot be unpickled
            self._idle.append(process)
            result, error = None, unreadable
        else:
            self._idle.append(process)
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
        return future

    def unordered(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """A function's results for all items, as they are done.

        :raises ProcessDiedError: where a process died; else what the function raises.
        """
        todo = iter(items)
        while True:
            while self.has_room() and (following := next(todo, todo)) is not todo:
                self.submit(function, following)
            if not self._busy:
                return
            yield self.next_done().result()

    def close(self) -> None:
        """End all processes, in the middle of a task where they are in one."""
        atexit.unregister(self.close)
        for process in [*self._idle, *(process for process, _ in self._busy.values())]:
            process.end()
        self._idle.clear()
        self._busy.clear()


@final
class _Process:
    """One process, and this end of its pipe."""

    def __init__(self, memory_gib: float | None) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, memory_gib))
        with _fit_for_workers(), one_thread_in_children():
            self._process.start()
        theirs.close()
        self.is_alive = self._process.is_alive

    def end(self) -> None:
        self.connection.close()
        self._process.kill()
        self._process.join()


def _serve(connection: Connection, memory_gib: float | None) -> None:
    """Take calls from the pipe and answer each, until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(OSError):
        os.dup2(sys.stderr.fileno(), 1)
    with contextlib.suppress(OSError):  # where memory runs out, this process is to go before the one that knows it all
        Path("/proc/self/oom_score_adj").write_text("500")
    if memory_gib is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (round(memory_gib * 2**30),) * 2)
    while True:
        try:
            function, arguments = connection.recv()
        except (EOFError, OSError):
            return
        try:
            connection.send((function(*arguments), None))
        except Exception as error:  # raised again where the result is asked for
            connection.send((None, error))


def _end_with_parent() -> None:
    """End this process when the one that started it ends, whatever ended it."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


@contextlib.contextmanager
def _fit_for_workers() -> Iterator[None]:
    """Processes started meanwhile never see Ctrl-C, which reaches this one afterwards, not even while they start.

    They do not run the user's script or module again, as Python would for its classes; so it needs no guard.
    """
    holds = hasattr(signal, "pthread_sigmask")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if holds else set()
    main = vars(sys.modules["__main__"])
    hidden: dict[str, Any] = {name: main.pop(name) for name in ("__file__", "__spec__") if name in main}
    main["__spec__"] = None
    try:
        yield
    finally:
        main.update(hidden)
        if holds:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
