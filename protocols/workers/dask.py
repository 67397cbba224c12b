"""Worker processes of a Dask cluster, through Dask's executor interface."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import final

from datasets.common.cache import VARIABLE, cache_folder
from datasets.common.errors import UserError
from datasets.common.files import write_atomically
from protocols.workers.task import Workers

_WAIT_S = 60
"""For the scheduler, and for its first worker."""


@final
class DaskWorkers(Workers):
    """The workers of a running scheduler. They may come and go; each takes one task at a time.

    :param address: of the scheduler, e.g. `tcp://10.0.0.1:8786`, or its scheduler file.
    :param folders: that workers must see as this process does, besides the cache.
    :raises UserError: where the package is missing, nobody answers, there is no worker, or workers cannot do tasks.
    """

    deaths_prove = True

    def __init__(self, address: str, folders: Sequence[Path] = ()) -> None:
        try:
            from distributed import Client, KilledWorker
        except ImportError:
            raise UserError("--scheduler needs the package distributed: pip install -e '.[cluster]'") from None
        self.deaths = (KilledWorker,)
        known = {"scheduler_file": address} if address.endswith(".json") else {"address": address}
        try:
            self._client = Client(**known, timeout=_WAIT_S)
        except (OSError, TimeoutError, ValueError) as error:
            raise UserError(
                f"--scheduler {address}: no answer ({error}). Start one with 'dask scheduler', and give its address, "
                "e.g. tcp://10.0.0.1:8786, or its scheduler file."
            ) from error
        try:
            self._check([cache_folder(), *folders])
        except BaseException:
            self._client.close()
            raise
        # Every try that ends with its worker's death is repeated on another, so often.
        self._executor = self._client.get_executor(pure=False)

    def executor(self) -> Executor:
        return self._executor

    def alone(self) -> Executor:
        return self._executor

    def mend(self) -> None:
        """Dask's nannies start workers again."""

    def at_once(self) -> int:
        return 2 * max(len(self._client.nthreads()), 1)

    def close(self) -> None:
        self._executor.shutdown(wait=False)
        self._client.close()

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


def _missing(cache: str | None, sign: str, folders: Sequence[str]) -> str:
    """What a worker does not see."""
    if cache is not None:
        os.environ[VARIABLE] = cache
    if not Path(sign).is_file():
        return str(Path(sign).parent)
    return next((folder for folder in folders if not Path(folder).is_dir()), "")
