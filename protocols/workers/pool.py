"""Tasks carried out here, in worker processes or on a cluster, whatever happens to those who carry them out.

A task says on disk what it is busy with (`protocols.workers.attempt`). Where a process dies or runs out of time, the
part that killed it is blamed and the task done again without it; all other parts and tasks are completed.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import signal
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from datasets.common.cache import VARIABLE, cache_folder
from datasets.common.errors import UserError
from protocols.workers import attempt
from protocols.workers.attempt import Attempt, Part
from protocols.workers.memory import keep_memory
from protocols.workers.task import Task, Workers

_GIVE_UP_AFTER = 3
"""Deaths of one predictor in different tasks after which it is not tried in the others."""

_OLD_S = 7 * 24 * 3600.0


@final
class Crew:
    """Carries out tasks.

    :param workers: None does everything in this process.
    :param timeout_s: what a predictor may take for one picture or for fitting one fold; None for any time.
    """

    def __init__(self, workers: Workers | None = None, timeout_s: float | None = None) -> None:
        self._workers, self._timeout_s = workers, timeout_s
        self._used = False
        self._folder: Path | None = None
        self._deaths: Counter[str] = Counter()
        self._given_up: dict[str, str] = {}

    def __enter__(self) -> Crew:
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
        worthwhile = self._timeout_s is not None or self._used or any(task.weighs for task in tasks)
        if self._workers is None or not worthwhile:
            keep_memory()
            for place, task in enumerate(tasks):
                yield place, task.do(Attempt())
            return
        self._used = True
        pending = {place: _Pending(task, self._file()) for place, task in enumerate(tasks)}
        barren = 0
        while pending:
            before = len(pending)
            for place, result in self._round(self._workers, pending):
                del pending[place]
                yield place, result
            suspects = [place for place, one in pending.items() if one.has_begun]
            barren = 0 if suspects or len(pending) < before else barren + 1
            if barren == _GIVE_UP_AFTER:
                raise UserError(_STILLBORN)
            for place in suspects:
                yield place, self._alone(self._workers, pending.pop(place))

    def _round(self, workers: Workers, pending: Mapping[int, _Pending]) -> Iterator[tuple[int, Any]]:
        """Hand out tasks until all are done, or until a process dies."""
        executor, queue = workers.executor(), iter(list(pending.items()))
        running: dict[Future[Any], int] = {}
        broken = False
        while True:
            while not broken and len(running) < workers.at_once() and (following := next(queue, None)):
                place, one = following
                try:
                    running[self._submit(executor, one)] = place
                except _UnsendableError as error:
                    warnings.warn(f"{error}: done in this process", stacklevel=2)
                    yield place, self._as_blamed(one).do(Attempt())
                except workers.deaths:  # of those that waited for work
                    broken = True
                    workers.mend()
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                place = running.pop(future)
                try:
                    result = self._result(future, pending[place])
                except workers.deaths:
                    broken = True
                    workers.mend()
                    continue
                yield place, result

    def _alone(self, workers: Workers, one: _Pending) -> Any:
        """Find out whether a task kills its process, and do it without the part that does."""
        proven, barren = workers.deaths_prove, 0
        while True:
            if proven:
                self._blame_for_death(one)
            try:
                return self._result(self._submit(workers.alone(), one), one)
            except workers.deaths:
                workers.mend()
                proven = one.has_begun
                barren = 0 if one.has_begun else barren + 1
                if barren == _GIVE_UP_AFTER:
                    raise UserError(_STILLBORN) from None

    def _blame_for_death(self, one: _Pending) -> None:
        part = attempt.unfinished(one.file)
        if part is None or attempt.ran_out_of_time(one.file) is not None:
            return
        reason = "the process that worked on it died, most often for want of memory"
        attempt.blame(one.file, part, reason)
        self._count(part, reason)

    def _count(self, part: Part, reason: str) -> None:
        self._deaths[part.who] += 1
        if self._deaths[part.who] == _GIVE_UP_AFTER:
            self._given_up[part.who] = f"not tried, because {_GIVE_UP_AFTER} times before: {reason}"

    def _submit(self, executor: Executor, one: _Pending) -> Future[Any]:
        try:
            parcel = pickle.dumps(self._as_blamed(one))
        except Exception as error:  # whatever keeps a plug-in from travelling, this process can run it
            raise _UnsendableError(f"a predictor cannot be sent to workers ({error})") from error
        with _interrupts_held():
            return executor.submit(_do, parcel, str(one.file), self._timeout_s, os.environ.get(VARIABLE))

    def _as_blamed(self, one: _Pending) -> Task:
        task = one.task
        for who, reason in self._given_up.items():
            task = task.blame(Part(who), reason)
        return task

    def _result(self, future: Future[Any], one: _Pending) -> Any:
        result, blamed = future.result()
        if isinstance(result, _Unknown):
            warnings.warn(f"workers cannot load a predictor or data set ({result.error}): done here", stacklevel=2)
            return self._as_blamed(one).do(Attempt())
        for part, reason in blamed:
            if reason.startswith(_OUT_OF_TIME):
                self._count(part, reason)
        attempt.forget(one.file)
        return result

    def _file(self) -> Path:
        if self._folder is None:
            self._folder = _attempts_folder()
        descriptor, name = tempfile.mkstemp(prefix="task-", dir=self._folder)
        os.close(descriptor)
        Path(name).unlink()
        return Path(name)


@final
class _Pending:
    """A task that is not done yet."""

    def __init__(self, task: Task, file: Path) -> None:
        self.task, self.file = task, file

    @property
    def has_begun(self) -> bool:
        return attempt.unfinished(self.file) is not None


@final
@dataclass(frozen=True)
class _Unknown:
    """What a worker answers to a task that it cannot unpack."""

    error: str


class _UnsendableError(Exception):
    """A task cannot travel to another process."""


_STILLBORN = "worker processes die before they begin to work. Try --jobs 1, which needs none."
_OUT_OF_TIME = "it took more than"


def _do(parcel: bytes, file: str, timeout_s: float | None, cache: str | None) -> tuple[Any, list[tuple[Part, str]]]:
    """A task, in a worker: on one thread, and without what is known to kill it.

    :returns: the result, and the blamed parts.
    """
    import cv2

    cv2.setNumThreads(1)
    keep_memory()
    if cache is not None:
        os.environ[VARIABLE] = cache
    path = Path(file)
    try:
        task = pickle.loads(parcel)  # made by the process that started this one, not read from a file
    except Exception as error:  # a class that stands where only the first process looks
        return _Unknown(str(error)), []
    part, where = attempt.unfinished(path), attempt.ran_out_of_time(path)
    if part is not None and where is not None:
        attempt.blame(path, part, f"{_OUT_OF_TIME} {timeout_s:g} s (--timeout){', ' + where if where else ''}")
    blamed = attempt.blamed(path)
    for one, reason in blamed:
        task = task.blame(one, reason)
    trying = Attempt(path, timeout_s)
    try:
        return task.do(trying), blamed
    finally:
        trying.end()


def _attempts_folder() -> Path:
    """A folder for this run's attempts, where workers on other machines find it; old ones are removed."""
    parent = cache_folder() / "attempts"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for old in parent.iterdir():
            if time.time() - old.stat().st_mtime > _OLD_S:
                shutil.rmtree(old, ignore_errors=True)
        return Path(tempfile.mkdtemp(prefix="run-", dir=parent))
    except OSError:
        return Path(tempfile.mkdtemp(prefix="jnd-bench-"))


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes started meanwhile never see Ctrl-C, not even while they start; it reaches the parent afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
