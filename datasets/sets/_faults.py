"""What is wrong under a root: raised at the first fault when a set is opened, gathered when it is verified."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import final

from datasets.common.errors import DataError
from datasets.core.dataset import Dataset, OpenOptions


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    :param file: the file or folder.
    :param problem: what is wrong with it, what was expected and what to do.
    """

    file: str
    problem: str


@final
class Faults:
    """Where a reader reports a fault before it goes on with what is left.

    :param gather: keep the faults in `found`; otherwise the first one is raised.
    """

    def __init__(self, *, gather: bool) -> None:
        self.gather = gather
        self.found: list[Fault] = []

    def add(self, file: Path | str, problem: str) -> None:
        """Report a fault.

        :raises DataError: unless faults are gathered.
        """
        self.take(DataError(f"{file}: {problem}"))

    def take(self, error: DataError) -> None:
        """Report a fault that was raised elsewhere; its text starts with the file and a colon.

        :raises DataError: unless faults are gathered.
        """
        if not self.gather:
            raise error
        file, _, problem = str(error).partition(": ")
        self.found.append(Fault(file, problem))


class SurveyedDataset(Dataset):
    """A data set that can be read in spite of its faults, so that all of them can be told at once."""

    @classmethod
    @final
    def open(cls, root: Path | None, options: OpenOptions) -> Dataset:
        """As `Dataset.open`: the first fault is raised."""
        return cls.survey(root, options, Faults(gather=False))

    @classmethod
    @abstractmethod
    def survey(cls, root: Path | None, options: OpenOptions, faults: Faults) -> Dataset:
        """Read what can be read and report the rest; the pictures may be fewer, and lack levels, where it is gathered.

        :raises UserError: where the options ask for what this set cannot do.
        :raises DataError: for the first fault, unless they are gathered.
        """
