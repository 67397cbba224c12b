"""Tasks carried out here, in worker processes or on a cluster, whatever happens to those who carry them out.

A task says on disk what it is busy with (`protocols.attempt`). Where a process dies or runs out of time, the part that
killed it is blamed and the task done again without it; all other parts and tasks are completed.
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
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, final

from datasets.cache import VARIABLE, cache_folder
from datasets.errors import UserError
from protocols import attempt
from protocols.attempt import Attempt, Step
from protocols.memory import keep_memory

_GIVE_UP_AFTER = 3
"""Deaths of one predictor in different tasks after which it is not tried in the others."""

_OLD_S = 7 * 24 * 3600.0


class Task(Protocol):
    """Something to be done once, in any process."""

    @property
    def weighs(self) -> bool:
        """Whether it is worth a process of its own."""

    def blame(self, step: Step, reason: str) -> Task:
        """The same task without one step, which fails for a reason; without effect where the step is none of its."""

    def do(self, attempt: Attempt) -> Any:
        """Do it. What a predictor raises stands in the result; nothing of it is raised."""


class Workers(ABC):
    """Where tasks are done other than here."""

    deaths: tuple[type[Exception], ...]
    """What a task's future raises where the process that did it died."""

    deaths_prove: bool
    """Whether a task that died has been tried in more than one process already."""

    @abstractmethod
    def executor(self) -> Executor:
        """Takes tasks."""

    @abstractmethod
    def alone(self) -> Executor:
        """Takes one task at a time, so that nobody else can be blamed for a death."""

    @abstractmethod
    def mend(self) -> None:
        """Called after a death, before the next task."""

    @abstractmethod
    def at_once(self) -> int:
        """How many tasks to hand out at a time."""

    @abstractmethod
    def close(self) -> None:
        """End them, in the middle of a task where they are in one."""


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
        step = attempt.unfinished(one.file)
        if step is None or attempt.ran_out_of_time(one.file) is not None:
            return
        reason = "the process that worked on it died, most often for want of memory"
        attempt.blame(one.file, step, reason)
        self._count(step, reason)

    def _count(self, step: Step, reason: str) -> None:
        self._deaths[step.who] += 1
        if self._deaths[step.who] == _GIVE_UP_AFTER:
            self._given_up[step.who] = f"not tried, because {_GIVE_UP_AFTER} times before: {reason}"

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
            task = task.blame(Step(who), reason)
        return task

    def _result(self, future: Future[Any], one: _Pending) -> Any:
        result, blamed = future.result()
        if isinstance(result, _Unknown):
            warnings.warn(f"workers cannot load a predictor or data set ({result.error}): done here", stacklevel=2)
            return self._as_blamed(one).do(Attempt())
        for step, reason in blamed:
            if reason.startswith(_OUT_OF_TIME):
                self._count(step, reason)
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


def _do(parcel: bytes, file: str, timeout_s: float | None, cache: str | None) -> tuple[Any, list[tuple[Step, str]]]:
    """A task, in a worker: on one thread, and without what is known to kill it.

    :returns: the result, and the blamed steps.
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
    step, where = attempt.unfinished(path), attempt.ran_out_of_time(path)
    if step is not None and where is not None:
        attempt.blame(path, step, f"{_OUT_OF_TIME} {timeout_s:g} s (--timeout){', ' + where if where else ''}")
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
