"""Worker processes of a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from datasets.common.cache import VARIABLE, cache_folder
from datasets.common.errors import UserError
from datasets.common.files import users_path, write_atomically
from datasets.common.process_pool import ProcessDiedError

_WAIT_S = 60
"""For the scheduler, and for its first worker."""

_GATHER_S = 60
"""For a result to travel here."""

_CHECK_S = 5
"""After so long without a result, the scheduler is asked whether it still works on what was submitted."""

_LOST_AT_MOST = 5
"""Times that one call is submitted again because the cluster lost it."""

_AT_WORK = ("waiting", "queued", "no-worker", "processing")
"""States of a call, as the scheduler names them, that lead to a result or an error."""


@final
class DaskWorkers:
    """The workers of a running scheduler. They may come and go; each takes one task at a time.

    :param address: of the scheduler, e.g. `tcp://10.0.0.1:8786`, or its scheduler file.
    :param folders: that workers must see as this process does, besides the cache.
    :raises UserError: where the package is missing, nobody answers, there is no worker, or workers cannot do tasks.
    """

    def __init__(self, address: str, folders: Sequence[Path] = ()) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise UserError("--scheduler needs the package distributed: pip install -e '.[cluster]'") from None
        known = {"scheduler_file": str(users_path(address))} if address.endswith(".json") else {"address": address}
        try:
            self._client = Client(**known, timeout=_WAIT_S)
        except (OSError, TimeoutError, ValueError) as error:
            raise UserError(
                f"--scheduler {address}: no answer ({error}). Start one with 'dask scheduler', and give its address, "
                "e.g. tcp://10.0.0.1:8786, or its scheduler file."
            ) from error
        self._calls: list[_Call] = []
        try:
            self._check([cache_folder(), *folders])
        except OSError as error:
            self._client.close()
            raise UserError(
                f"--scheduler: the cache cannot be written ({error}). Set {VARIABLE} to a folder on a path that all "
                "machines share."
            ) from error
        except BaseException:
            self._client.close()
            raise

    def has_room(self) -> bool:
        """Whether another call can be submitted; as many wait as are worked on, so that no worker has to."""
        return len(self._calls) < 2 * max(len(self._client.nthreads()), 1)

    def submit(self, function: Callable[..., Any], *arguments: object) -> Future[Any]:
        """Call a function in a worker."""
        call = _Call(function, arguments)
        self._send(call)
        self._calls.append(call)
        return call.future

    def next_done(self) -> Future[Any]:
        """Wait until any of the submitted calls has ended.

        :raises UserError: where the cluster loses a call again and again.
        """
        from distributed import wait

        while True:
            try:
                wait([call.there for call in self._calls], timeout=_CHECK_S, return_when="FIRST_COMPLETED")
            except TimeoutError:
                self._send_forgotten_calls()
            except CancelledError:
                pass
            for call in self._calls:
                if self._ended(call):
                    self._calls.remove(call)
                    return call.future

    def close(self) -> None:
        """Let the workers go."""
        self._client.close()

    def _send(self, call: _Call) -> None:
        if call.sent > _LOST_AT_MOST:
            raise UserError(f"--scheduler: the cluster lost a task {call.sent} times. Look at its scheduler's log.")
        call.sent += 1
        call.is_doubtful = False
        call.there = self._client.submit(call.function, *call.arguments, pure=False)

    def _ended(self, call: _Call) -> bool:
        """Whether a call has its result or error; what the cluster lost is sent again."""
        from distributed import KilledWorker

        if call.there.status == "finished":
            try:
                call.future.set_result(call.there.result(timeout=_GATHER_S))
            except Exception:  # its worker died with it; if it fails for another reason, it does so again
                self._send(call)
        elif call.there.status == "error":
            error = call.there.exception(timeout=_GATHER_S)
            call.future.set_exception(ProcessDiedError() if isinstance(error, KilledWorker) else error)
        elif call.there.status == "cancelled":
            self._send(call)
        return call.future.done()

    def _send_forgotten_calls(self) -> None:
        """Send again what the scheduler has not been working on at two checks in a row, though nothing came of it."""
        keys = [call.there.key for call in self._calls]
        scheduler: Any = self._client.scheduler
        try:
            states = self._client.sync(scheduler.get_task_status, keys=keys)
        except OSError as error:
            raise UserError(f"--scheduler: it no longer answers ({error}). Start it and run this again.") from error
        for call in self._calls:
            forgotten = call.there.status != "finished" and states.get(call.there.key) not in _AT_WORK
            if forgotten and call.is_doubtful:
                self._send(call)
            else:
                call.is_doubtful = forgotten

    def _check(self, folders: Sequence[Path]) -> None:
        try:
            self._client.wait_for_workers(1, timeout=_WAIT_S)
        except TimeoutError:
            raise UserError(
                "--scheduler: it has no workers. Start some: 'dask worker ADDRESS --nthreads 1 --nworkers 4'."
            ) from None
        if max(self._client.nthreads().values()) > 1:
            raise UserError("--scheduler: workers must have one thread each. Start them with --nthreads 1.")
        sign = folders[0] / f"shared-{os.getpid()}"
        write_atomically(sign, "written to see whether workers of a cluster see this folder\n")
        try:
            answers = self._client.run(_missing, os.environ.get(VARIABLE), str(sign), [str(one) for one in folders])
        except Exception as error:  # whatever a worker raises that cannot load this file
            raise UserError(f"--scheduler: a worker cannot load jnd-bench ({error}). Install it there, too.") from error
        finally:
            sign.unlink(missing_ok=True)
        for worker, missing in answers.items():
            if missing:
                raise UserError(
                    f"--scheduler: worker {worker} does not see {missing} as this process does. Keep the data and the "
                    f"cache ({VARIABLE}) on a path that all machines share."
                )


@final
@dataclass(eq=False)
class _Call:
    """A submitted call.

    :param sent: how often it was sent to the scheduler.
    :param there: Dask's own future of the last time.
    :param is_doubtful: whether the scheduler was not working on it at the last check.
    """

    function: Callable[..., Any]
    arguments: Sequence[object]
    future: Future[Any] = field(default_factory=Future)
    sent: int = 0
    there: Any = None
    is_doubtful: bool = False


def _missing(cache: str | None, sign: str, folders: Sequence[str]) -> str:
    """What a worker does not see."""
    if cache is not None:
        os.environ[VARIABLE] = cache
    if not Path(sign).is_file():
        return str(Path(sign).parent)
    return next((folder for folder in folders if not Path(folder).is_dir()), "")
