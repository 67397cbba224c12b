"""A cluster gives the bytes that this machine gives, and loses nothing when its workers die or hang.

A real scheduler and two real workers, on this machine's loopback.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psutil
import pytest

from datasets.common.commands import run_command
from datasets.common.errors import UserError
from protocols.run import main
from protocols.store.store import Store
from protocols.workers.dask import DaskWorkers

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.slow(reason="starts a scheduler and workers, and kills them")

QUICK = ["--predictors", "constant", "psnr", "chou1995", "watson1997", "--truths", "mean", "median", "--limit", "8"]


@contextlib.contextmanager
def _started(module: str, *flags: str) -> Iterator[subprocess.Popen]:
    command = [sys.executable, "-m", f"distributed.cli.{module}", *flags]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as one:
        try:
            yield one
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGKILL)


FAULTY = """
    import os, time
    from baselines.interface.card import Card
    from baselines.interface.predictor import JNDPredictor
    class Faulty(JNDPredictor):
        card = Card("{fault}", "Faulty", needs_pictures=True)
        def fit(self, pictures, levels, *, seed): return self
        def measure(self, picture):
            if picture.source == "coffee": {act}
            return {{}}
        def predict(self, picture): return 50.0
"""
FAULTS = {"dies": "os._exit(1)", "hangs": "time.sleep(999)"}


@contextlib.contextmanager
def _scheduler(folder: Path) -> Iterator[Path]:
    """The file of a scheduler that nobody works for yet."""
    file = folder / "scheduler.json"
    flags = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
    with _started("dask_scheduler", *flags):
        deadline = time.monotonic() + 60
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        yield file


@pytest.fixture(scope="module")
def plugins(tmp_path_factory) -> Path:
    """A folder with predictors that end the process they run in."""
    folder = tmp_path_factory.mktemp("plugins")
    for fault, act in FAULTS.items():
        (folder / f"plugin_{fault}.py").write_text(textwrap.dedent(FAULTY.format(fault=fault, act=act)))
    return folder


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, plugins) -> Iterator[tuple[Path, int]]:
    """A scheduler's file, and the process that starts two workers for it and starts them again when they die."""
    with pytest.MonkeyPatch.context() as patch, _scheduler(tmp_path_factory.mktemp("scheduler")) as file:
        patch.setenv("PYTHONPATH", str(plugins))
        flags = ("--scheduler-file", str(file), "--nthreads", "1", "--nworkers", "2", "--no-dashboard")
        with _started("dask_worker", *flags) as nanny:
            yield file, nanny.pid


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> Path:
    """What a run without a cluster stores."""
    folder = tmp_path_factory.mktemp("here")
    assert _run(folder, *QUICK, "--jobs", "1") == 0
    return folder


def _run(folder: Path, *flags: str) -> int:
    return main(
        [*flags, "-q", "--shard", "1/1", "--results", str(folder / "results"), "--report", str(folder / "report")]
    )


def _assert_same(one: Path, other: Path) -> None:
    runs, others = (list(Store(folder / "results").runs()) for folder in (one, other))
    assert [run.path.relative_to(one) for run in runs] == [run.path.relative_to(other) for run in others]
    for run, same in zip(runs, others, strict=True):
        pd.testing.assert_frame_equal(
            run.predictions.drop(columns="ms"), same.predictions.drop(columns="ms"), check_exact=True
        )


def test_a_cluster_gives_the_same_bytes_even_if_a_worker_is_killed_in_the_middle(here, cluster, tmp_path, empty_cache):
    file, nanny = cluster
    killed: list[int] = []

    def kill_one() -> None:
        while not list(empty_cache.rglob("task-*")):
            time.sleep(0.02)
        workers = [child for child in psutil.Process(nanny).children(recursive=True) if _is_worker(child)]
        os.kill(workers[0].pid, signal.SIGKILL)
        killed.append(workers[0].pid)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    assert _run(tmp_path, *QUICK, "--scheduler", str(file)) == 0
    killer.join(timeout=10)
    assert killed and not psutil.pid_exists(killed[0])
    _assert_same(here, tmp_path)
    assert list(empty_cache.rglob("*.arrays")), "workers keep what they measure where others find it"


def test_predictors_that_end_workers_fail_alone(cluster, plugins, tmp_path, empty_cache, monkeypatch):
    """Dask tries again what ends a worker; the project finds out who did it."""
    monkeypatch.syspath_prepend(str(plugins))
    flags = ["--predictors", *(f"plugin_{fault}:Faulty" for fault in FAULTS), "psnr"]
    assert _run(tmp_path, *flags, "--limit", "12", "--scheduler", str(cluster[0]), "--timeout", "3") == 1
    runs = {run.identity.predictor: run for run in Store(tmp_path / "results").runs()}
    assert runs["psnr"].status == "complete"
    for fault, said in (("dies", "died"), ("hangs", "it took more than 3 s (--timeout)")):
        rows = runs[fault].predictions.set_index("picture")["error"]
        assert rows.str.contains(said, regex=False).tolist() == rows.index.str.startswith("coffee").tolist()


def test_what_the_cluster_loses_is_sent_again(cluster, monkeypatch):
    """Calls that the scheduler has dropped, or that it no longer knows although nobody said so."""
    monkeypatch.setattr("protocols.workers.dask._CHECK_S", 0.5)
    workers = DaskWorkers(str(cluster[0]))
    try:
        future = workers.submit(abs, -3)
        workers._client.cancel([workers._calls[0].there], force=True)
        assert workers.next_done() is future and future.result() == 3
        future = workers.submit(abs, -4)
        workers._calls[0].there = distributed.Future("unknown", workers._client)
        assert workers.next_done() is future and future.result() == 4
    finally:
        workers.close()


def test_a_folder_that_workers_do_not_see_is_named(cluster):
    with pytest.raises(UserError, match="does not see /no/such/root as this process does"):
        DaskWorkers(str(cluster[0]), [Path("/no/such/root")])


def test_a_cluster_that_cannot_be_used_is_said_at_once(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("protocols.workers.dask._WAIT_S", 2)
    assert run_command(lambda: _run(tmp_path, *QUICK, "--scheduler", "tcp://127.0.0.1:9")) == 2
    assert "no answer" in capsys.readouterr().err
    assert run_command(lambda: _run(tmp_path, *QUICK, "--scheduler", "x", "--memory", "1")) == 2
    assert "limits of their own" in capsys.readouterr().err
    with _scheduler(tmp_path) as file:
        assert run_command(lambda: _run(tmp_path, *QUICK, "--scheduler", str(file))) == 2
        assert "it has no workers" in capsys.readouterr().err
        monkeypatch.setattr("protocols.workers.dask._WAIT_S", 60)
        with _started("dask_worker", "--scheduler-file", str(file), "--nthreads", "2", "--no-dashboard"):
            assert run_command(lambda: _run(tmp_path, *QUICK, "--scheduler", str(file))) == 2
        assert "--nthreads 1" in capsys.readouterr().err


def _is_worker(process: psutil.Process) -> bool:
    return "spawn_main" in " ".join(process.cmdline())
