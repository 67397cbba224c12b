"""`run.json` must let a reader know what was run, on what, with which versions; what it lacks is named."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pytest

from baselines.interface.card import Card, PublishedNumber
from baselines.interface.registry import registry
from datasets.core.reference import Reference
from protocols.plan import plan_jobs
from protocols.runner import carry_out
from protocols.store.record import RunRecord, versions
from protocols.store.store import Store
from protocols.workers.dispatch import WorkerPool
from tests.stored import run_json, run_record


def test_a_run_describes_itself(make_experiment, tmp_path):
    store, experiment = Store(tmp_path), make_experiment(seed=3)
    plans = plan_jobs([experiment], ["mean"], [registry()["chou1995-as-published"]], store, rerun="stale", device="cpu")
    (run,) = carry_out(plans, store, WorkerPool(), quiet=True, log=print)
    info = json.loads((run.path / "run.json").read_text())
    assert info["identity"]["predictor"] == "chou1995-as-published"
    assert info["parameters"]["threshold"] == 1.0
    assert info["card"]["references"][0]["authors"] == ["C.-H. Chou", "Y.-C. Li"]
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
        "import sys; from protocols.store.record import versions; print(versions()['torch'], 'torch' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert printed == [versions()["torch"], "False"]


def test_a_record_is_the_same_after_it_was_written_and_read():
    published = PublishedNumber("mcl-jci", "mean", "QF MAE", 3.92, "own folds")
    paper = Reference(("A. Body",), "A paper", "A journal", 1999)
    card = Card("psnr", "PSNR", True, references=(paper,), published=(published,), deviations=("One.",))
    record = dataclasses.replace(run_record(), card=card, timings_s={"measure": 1.5}, remarks={"seen": 2})
    assert RunRecord.from_json(json.loads(json.dumps(record.to_json()))) == record


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"finished": 5}, "finished is of another kind, int"),
        ({"pictures": True}, "pictures is of another kind, bool"),
        ({"dataset": {"notes": "one"}}, "dataset.notes is of another kind, str"),
        ({"dataset": {"options": {"jnd": 9}}}, "--jnd is 1, 2 or 3, not 9"),
        ({"card": {"published": [3.92]}}, r"card.published\[0\] is of another kind, float"),
        ({"card": {"published": [{"dataset": "mcl-jci"}]}}, r"card.published\[0\].truth is missing"),
        ({"remarks": {"seen": "twice"}}, r"remarks\['seen'\] is of another kind, str"),
    ],
)
def test_what_is_wrong_with_a_record_is_named(changes, reason):
    with pytest.raises(ValueError, match=f"it does not describe a run: {reason}"):
        RunRecord.from_json(run_json(**changes))


@pytest.mark.parametrize("missing", ["identity", "card", "dataset", "pictures"])
def test_what_a_record_lacks_is_named(missing):
    content = run_json()
    del content[missing]
    with pytest.raises(ValueError, match=f"it does not describe a run: {missing} is missing"):
        RunRecord.from_json(content)


def test_a_field_of_a_later_form_is_passed_over():
    assert RunRecord.from_json({**run_json(), "mood": "fine"}) == run_record()
