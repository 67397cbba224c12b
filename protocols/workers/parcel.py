"""Tasks as they travel to other processes.

An experiment holds every picture with the paths of all its levels, and many tasks share it: it is packed once, travels
compressed beside each task, and is unpacked once in each worker.
"""

from __future__ import annotations

import functools
import io
import pickle
import zlib
from typing import final

from protocols.plan import Experiment
from protocols.workers.task import Task


@final
class Packer:
    """Packs tasks, and keeps the last experiment packed: tasks of one experiment come after each other."""

    def __init__(self) -> None:
        self._experiment: Experiment | None = None
        self._packed = b""

    def pack(self, task: Task) -> tuple[bytes, bytes]:
        """A task without its experiment, and that experiment; the second is empty for a task that has none.

        :raises Exception: whatever keeps a part of it from being packed.
        """
        stream = io.BytesIO()
        pickler = _TaskPickler(stream)
        pickler.dump(task)
        if pickler.experiment is None:
            return stream.getvalue(), b""
        if pickler.experiment is not self._experiment:
            self._packed = zlib.compress(pickle.dumps(pickler.experiment), level=1)
            self._experiment = pickler.experiment
        return stream.getvalue(), self._packed


def unpack(task: bytes, experiment: bytes) -> Task:
    """The task that `Packer` has packed, in a worker.

    :raises Exception: whatever keeps a part of it from being unpacked.
    """
    unpickler = _TaskUnpickler(io.BytesIO(task))
    if experiment:
        unpickler.experiment = _unpacked(experiment)
        for picture in unpickler.experiment.all_pictures:
            picture.measurements.clear()  # of the task before, so that they do not pile up
    unpacked: Task = unpickler.load()  # made by the process that started this one, not read from a file
    return unpacked


@functools.lru_cache(maxsize=1)
def _unpacked(experiment: bytes) -> Experiment:
    unpacked: Experiment = pickle.loads(zlib.decompress(experiment))  # from the same process
    return unpacked


@final
class _TaskPickler(pickle.Pickler):
    experiment: Experiment | None = None
    """The one that was left out."""

    def persistent_id(self, part: object) -> str | None:
        if not isinstance(part, Experiment):
            return None
        self.experiment = part
        return "experiment"


@final
class _TaskUnpickler(pickle.Unpickler):
    experiment: Experiment | None = None
    """What to put where one was left out."""

    def persistent_load(self, name: str) -> Experiment | None:
        return self.experiment
