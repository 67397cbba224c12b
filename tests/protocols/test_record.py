"""`run.json` must let a reader know what was run, on what, with which versions."""

from __future__ import annotations

import json
import subprocess
import sys

from baselines.interface.registry import registry
from protocols.plan import plan_jobs
from protocols.runner import carry_out
from protocols.store.machine import usable_cores, versions
from protocols.store.store import Store
from protocols.workers.pool import Crew


def test_a_run_describes_itself(make_task, tmp_path):
    store, task = Store(tmp_path), make_task(seed=3)
    plans = plan_jobs(task, ["mean"], [registry()["chou1995-as-published"]], store, rerun="stale", device="cpu")
    (run,) = carry_out(plans, store, Crew(), quiet=True, say=print)
    info = json.loads((run.path / "run.json").read_text())
    assert info["identity"]["predictor"] == "chou1995-as-published"
    assert info["parameters"]["threshold"] == 1.0
    assert info["card"]["paper"].startswith("C.-H. Chou")
    assert info["dataset"]["samples"] == "random numbers"
    assert "OpenCV" in info["decoder"]
    assert info["seed"] == 3
    assert info["pictures"] == 8
    assert info["sources"] == 4
    assert info["status"] == "complete"
    assert info["timings_s"]["measure_and_predict"] > 0
    assert set(info["key_parts"]) >= {"data", "fold file", "method", "seed", "truth", "decoder"}


def test_versions_import_nothing():
    program = (
        "import sys; from protocols.store.machine import versions; print(versions()['torch'], 'torch' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert printed == [versions()["torch"], "False"]


def test_usable_cores_is_positive():
    assert usable_cores() >= 1
