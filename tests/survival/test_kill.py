"""Kill -9 at random moments: nothing half-written is read as whole, nothing finished is lost, the end is the same."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from datasets.common.cache import CacheWarning, load_arrays
from protocols.store.store import Identity, Store
from tests.survival.conftest import cases

CLASSICAL = ["constant", "constant-sur", "psnr", "chou1995", "watson1993", "wu2017", "yang2005-color"]
TRAINING = ["constant", "psnr", "surfeatnet2020"]


def _command(folder: Path, predictors: list[str]) -> list[str]:
    command = [sys.executable, "-m", "protocols.run", "--limit", "8", "--jobs", "2", "-q", "--predictors", *predictors]
    return [*command, "--results", str(folder / "results"), "--report", str(folder / "report")]


def _leaderboard(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "report" / "leaderboard.csv").drop(columns="ms_per_picture")


def _finished(folder: Path) -> dict[Identity, str]:
    """When each stored run was finished; reading them all warns of nothing, so all are whole."""
    runs = list(Store(folder / "results").runs())
    assert all(len(run.predictions) == 8 for run in runs)
    return {run.identity: run.record.finished for run in runs}


def _kept(cache: Path) -> set[str]:
    """What is kept of pictures; each file is whole."""
    names = {file.stem for file in cache.rglob("*.arrays") if not file.name.startswith(".")}
    assert all(load_arrays(name) is not None for name in names)
    return names


@pytest.mark.slow(reason="starts and kills the command a dozen times")
@pytest.mark.filterwarnings(f"error::{CacheWarning.__module__}.CacheWarning")
@pytest.mark.parametrize(("predictors", "usual"), [(CLASSICAL, 6), (TRAINING, 3)], ids=["classical", "training"])
def test_a_kill_at_any_moment_loses_nothing(tmp_path, empty_cache, survived, predictors, usual):
    undisturbed = tmp_path / "undisturbed"
    start = time.monotonic()
    assert subprocess.run(_command(undisturbed, predictors), check=False).returncode == 0
    whole_s = time.monotonic() - start
    shutil.rmtree(empty_cache / "measured")
    folder, moments = tmp_path / "killed", random.Random(7)
    for _ in range(cases(usual)):
        finished, kept = _finished(folder), _kept(empty_cache)
        with subprocess.Popen(_command(folder, predictors), start_new_session=True) as process:
            time.sleep(moments.uniform(0.2, 0.9 * whole_s))
            done = process.poll() is not None
            if not done:
                os.killpg(process.pid, signal.SIGKILL)
        assert finished.items() <= _finished(folder).items(), "what was finished is lost or was made again"
        assert kept <= _kept(empty_cache)
        survived("kill -9 of a run with workers" + (" and training" if predictors is TRAINING else ""))
        if done:
            shutil.rmtree(folder)
            shutil.rmtree(empty_cache / "measured")
    finished = _finished(folder)
    assert subprocess.run(_command(folder, predictors), check=False).returncode == 0
    assert finished.items() <= _finished(folder).items()
    pd.testing.assert_frame_equal(_leaderboard(folder), _leaderboard(undisturbed), check_exact=True)
    assert not list((folder / "results").rglob(".partial-*"))
