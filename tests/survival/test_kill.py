"""Kill -9 at random moments: nothing half-written is read as whole, nothing finished is lost, the end is the same."""

from __future__ import annotations

import json
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
from PIL import Image
from safetensors.numpy import load_file
from skimage import data

from datasets import simulate
from datasets.common.cache import CacheWarning, load_arrays
from protocols.store.store import Identity, Store
from tests.sgjnd.conftest import SMALL_NETWORK
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


def _killed_at_first(command: list[str], folder: Path, pattern: str) -> int:
    """The status of a command that is killed, with its workers, when it has written a file of that pattern."""
    with subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + 120
        while not list(folder.glob(pattern)) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(run.pid, signal.SIGKILL)
    return run.returncode


EPOCHS = 15
SMALL = {**SMALL_NETWORK, "epochs": EPOCHS, "patience": EPOCHS}


@pytest.mark.slow(reason="three processes that import torch and look at the demo set")
def test_a_killed_training_loses_at_most_an_epoch(empty_cache, tmp_path, survived):
    out = tmp_path / "net.safetensors"
    flags = [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]
    command = [sys.executable, "-m", "sgjnd.train", *flags, "--device", "cpu", "--out", str(out)]
    assert _killed_at_first(command, empty_cache, "training/*/member-0/history.json") == -signal.SIGKILL
    assert not out.exists()
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    assert f"head 1/2, epoch 1/{EPOCHS}" not in told and f"head 2/2, epoch {EPOCHS}/{EPOCHS}" in told
    resumed = load_file(out)
    shutil.rmtree(empty_cache / "training")
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    whole = load_file(out)
    assert f"head 1/2, epoch 1/{EPOCHS}" in told and resumed.keys() == whole.keys()
    assert all(tensor.tobytes() == whole[name].tobytes() for name, tensor in resumed.items())
    survived("kill -9 of sgjnd.train")


@pytest.mark.slow(reason="processes that import torch")
def test_a_killed_simulation_and_more_processes_give_the_same_answers(tmp_path, survived):
    (tmp_path / "photos").mkdir()
    Image.fromarray(data.astronaut()[:130, :260]).save(tmp_path / "photos/astronaut.png")
    Image.fromarray(data.chelsea()[:140, :150]).save(tmp_path / "photos/cat.jpg", quality=95)
    flags = [str(tmp_path / "photos"), "--every", "20", "--observers", "5", "--crop", "128"]
    command = [sys.executable, "-m", "datasets.simulate", *flags, "--out", str(tmp_path / "killed"), "--jobs", "2"]
    assert _killed_at_first(command, tmp_path / "killed", "curves/*.json") == -signal.SIGKILL
    assert json.loads((tmp_path / "killed" / "simulated.json").read_text())["finished"] in (False, True)
    subprocess.run(command, check=True, capture_output=True)
    assert simulate.main([*flags, "--out", str(tmp_path / "alone")]) == 0
    for name in ("samples.csv", "folds.csv", "simulated.json"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes(), name
    survived("kill -9 of datasets.simulate with workers")
