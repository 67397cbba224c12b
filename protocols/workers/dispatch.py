"""Tasks done here, in worker processes or on a cluster, whatever happens to those who do them.

A task tells its monitor what it is busy with. Where its process dies, the task is done again. Where it dies twice at
the same work, or runs out of time, it is done without that work, which fails with the reason.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import time
import warnings
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, final

from datasets.common.cache import VARIABLE, CacheWarning, cache_folder
from datasets.common.errors import UserError
from datasets.common.files import probe_writable
from datasets.common.process_pool import ProcessDiedError, ProcessPool
from protocols.workers.dask import DaskWorkers
from protocols.workers.parcel import Packer, unpack
from protocols.workers.task import Monitor, Task, run_here, take_interruption

_GIVE_UP_AFTER = 3
"""Failures of one predictor that end processes, after which it is not tried in other tasks."""

_OLD_S = 7 * 24 * 3600.0


@final
class WorkerPool:
    """Does tasks.

    :param workers: None does everything in this process.
    :param timeout_s: what a predictor may take for one picture or for fitting one fold; None for any time.
    """

    def __init__(self, workers: ProcessPool | DaskWorkers | None = None, timeout_s: float | None = None) -> None:
        self._workers, self._timeout_s = workers, timeout_s
        self._packer = Packer()
        self._used = False
        self._folder: Path | None = None
        self._numbers = itertools.count()
        self._failures: Counter[str] = Counter()
        self._given_up: dict[str, str] = {}
        self._said: set[str] = set()

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._workers is not None:
            self._workers.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def run(self, tasks: Sequence[Task]) -> Iterator[tuple[int, Any]]:
        """Do all tasks; each task's place and result, as they are done.

        :raises UserError: where workers cannot do any.
        """
        worthwhile = self._timeout_s is not None or self._used or any(task.is_heavy for task in tasks)
        if self._workers is None or not worthwhile:
            for place, task in enumerate(tasks):
                yield place, run_here(task, Monitor())
            return
        self._used = True
        waiting = deque(_Pending(place, task) for place, task in enumerate(tasks))
        again: deque[_Pending] = deque()
        running: dict[Future[Any], _Pending] = {}
        done: list[tuple[int, Any]] = []
        while waiting or again or running or done:
            # A task whose process died is done again alone, so that nobody else can have taken its memory.
            alone = again or any(pending.deaths for pending in running.values())
            while (again and not running) or (waiting and not alone and self._workers.has_room()):
                pending = (again or waiting).popleft()
                try:
                    running[self._workers.submit(_run_parcel, *self._packed(pending))] = pending
                except _UnsendableError as error:
                    warnings.warn(f"{error}: done in this process", stacklevel=2)
                    done.append((pending.place, self._here(pending)))
            yield from done  # only now, so that all workers are busy meanwhile
            done.clear()
            if not running:
                continue
            future = self._workers.next_done()
            pending = running.pop(future)
            try:
                result, said = future.result()
                for message in said:
                    if str(message) not in self._said:  # by another worker
                        self._said.add(str(message))
                        warnings.warn(message, stacklevel=2)
                done.append((pending.place, result))
            except _UnloadableError as error:
                warnings.warn(
                    f"workers cannot load a predictor or data set ({error}), so this process does its work. One that "
                    "stands in a file of its own on Python's path can be loaded everywhere.",
                    stacklevel=2,
                )
                done.append((pending.place, self._here(pending)))
            except ProcessDiedError:
                self._learn_from_death(pending)
                again.append(pending)

    def _packed(self, pending: _Pending) -> tuple[tuple[bytes, bytes], str, float | None, str | None]:
        """A task as `_run_parcel` takes it."""
        try:
            parcel = self._packer.pack(self._without_given_up(pending.task))
        except Exception as error:  # whatever keeps a plug-in from travelling, this process can run it
            raise _UnsendableError(f"a predictor cannot be sent to workers ({error})") from error
        self._folder = self._folder or _attempts_folder()
        pending.file = self._folder / f"task-{next(self._numbers)}"
        return parcel, str(pending.file), self._timeout_s, os.environ.get(VARIABLE)

    def _here(self, pending: _Pending) -> Any:
        return run_here(self._without_given_up(pending.task), Monitor())

    def _without_given_up(self, task: Task) -> Task:
        for predictor, reason in self._given_up.items():
            task = task.without(predictor, "", reason)
        return task

    def _learn_from_death(self, pending: _Pending) -> None:
        assert pending.file is not None
        found = take_interruption(pending.file)
        place = None if found is None else (found.predictor, found.work)
        pending.deaths[place] += 1
        if found is None:
            if pending.deaths[None] == _GIVE_UP_AFTER:
                raise UserError("worker processes die before they begin to work. Try --jobs 1, which needs none.")
            return
        if found.out_of_time:
            reason = f"it took more than {self._timeout_s:g} s (--timeout){', ' + found.place if found.place else ''}"
        elif pending.deaths[place] > 1:
            reason = "the process that worked on it died, most often for want of memory"
        else:
            return
        pending.task = pending.task.without(found.predictor, found.work, reason)
        self._failures[found.predictor] += 1
        if self._failures[found.predictor] == _GIVE_UP_AFTER:
            self._given_up[found.predictor] = f"not tried, because {_GIVE_UP_AFTER} times before: {reason}"


@final
class _Pending:
    """A task that is not done yet."""

    def __init__(self, place: int, task: Task) -> None:
        self.place, self.task = place, task
        self.file: Path | None = None
        self.deaths: Counter[tuple[str, str] | None] = Counter()
        """By predictor and work; None for deaths before any work began."""


class _UnsendableError(Exception):
    """A task cannot travel to another process."""


class _UnloadableError(Exception):
    """A worker cannot unpack a task."""


def _run_parcel(
    parcel: tuple[bytes, bytes], file: str, timeout_s: float | None, cache: str | None
) -> tuple[Any, list[Warning]]:
    """A task's result and what it warned of, in a worker.

    :raises ProcessDiedError: where another process has died of it; Dask gives a task to the next worker by itself.
    """
    import cv2

    cv2.setNumThreads(1)
    if cache is not None:
        os.environ[VARIABLE] = cache
    if Path(file).exists():
        raise ProcessDiedError
    try:
        task = unpack(*parcel)
    except Exception as error:  # a class that stands where only the first process looks
        raise _UnloadableError(str(error)) from None
    monitor = Monitor(Path(file), timeout_s)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.filterwarnings("default", category=UserWarning)
            result = run_here(task, monitor)
    finally:
        monitor.end()
    return result, [_sendable(warning) for warning in caught]


def _sendable(warning: warnings.WarningMessage) -> Warning:
    """A warning whose class every process knows."""
    category = next(cls for cls in warning.category.__mro__ if cls.__module__ in ("builtins", CacheWarning.__module__))
    return category(str(warning.message))


def _attempts_folder() -> Path:
    """A folder for this run's attempts, where workers on other machines find it; old ones are removed."""
    try:
        parent = cache_folder() / "attempts"
        probe_writable(parent)
        for old in parent.iterdir():
            if time.time() - old.stat().st_mtime > _OLD_S:
                shutil.rmtree(old, ignore_errors=True)
        return Path(tempfile.mkdtemp(prefix="run-", dir=parent))
    except OSError:
        return Path(tempfile.mkdtemp(prefix="jnd-bench-"))
