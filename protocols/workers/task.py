"""What is done, and who does it: tasks, and the processes that take them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from concurrent.futures import Executor
from typing import Any, Protocol

from protocols.workers.attempt import Attempt, Part


class Task(Protocol):
    """Something to be done once, in any process."""

    @property
    def weighs(self) -> bool:
        """Whether it is worth a process of its own."""

    def blame(self, part: Part, reason: str) -> Task:
        """The same task without one part, which fails for a reason; without effect where the part is none of its."""

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
