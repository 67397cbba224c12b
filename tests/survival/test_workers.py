"""Predictors that end or hold up their worker processes: they alone fail, at the cost of few processes."""

from __future__ import annotations

import re
import time
from pathlib import Path

import psutil
import pytest

from baselines.interface.registry import Registered
from baselines.metric.psnr import Psnr
from datasets.common.process_pool import ProcessPool
from datasets.core.truths import find_truth
from protocols.plan import Job
from protocols.workers.dispatch import WorkerPool
from protocols.workers.measure import VisitTask, apply
from protocols.workers.run_folds import fold_tasks, predictions_of
from tests.protocols import conftest as protocols
from tests.protocols.workers.faulty import Faulty

make_experiment = protocols.make_experiment


@pytest.fixture(autouse=True)
def importable(monkeypatch, empty_cache):
    """Worker processes can import the faulty predictors; nothing is kept of them."""
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2]))


def _errors(experiment, predictor, pool):
    """What went wrong for the predictor, of a picture a source."""
    visits = [visit for _, visit in pool.run([VisitTask(picture, [predictor]) for picture in experiment.pictures[::2]])]
    assert len(visits) == len(experiment.pictures[::2])
    return {visit.measured[predictor.measured_as].error for visit in visits}


def test_a_process_killed_from_outside_costs_nothing(make_experiment, tmp_path, survived):
    """As when somebody ends a worker in the middle: its task is done again."""
    with WorkerPool(ProcessPool(2)) as pool:
        assert _errors(make_experiment(), Faulty(fault="is killed", once=str(tmp_path / "killed")), pool) == {""}
    assert (tmp_path / "killed").exists()
    survived("a worker that is killed from outside")


def test_workers_killed_while_they_wait_are_replaced(make_experiment, survived):
    with WorkerPool(ProcessPool(2)) as pool:
        assert _errors(make_experiment(), Psnr(), pool) == {""}
        for child in psutil.Process().children(recursive=True):
            if "spawn_main" in " ".join(child.cmdline()):
                child.kill()
        time.sleep(0.5)
        assert _errors(make_experiment(), Psnr(), pool) == {""}
    survived("workers that are killed while they wait", 2)


def test_what_kills_again_and_again_is_given_up(make_experiment, survived):
    """A predictor that dies on every picture costs a few processes, not one for each picture."""
    predictor = Faulty(fault="dies", source="coffee")
    experiment = make_experiment()
    pictures = [picture for picture in experiment.pictures if picture.source == "coffee"] * 4
    with WorkerPool(ProcessPool(1)) as pool:
        visits = [visit for _, visit in pool.run([VisitTask(picture, [predictor, Psnr()]) for picture in pictures])]
    said = [visit.measured[predictor.measured_as].error for visit in visits]
    assert sum("not tried, because 3 times before" in error for error in said) >= len(pictures) - 4
    assert all("died" in error for error in said)
    survived("a predictor that ends its process on every picture", len(pictures))


@pytest.mark.parametrize(
    ("fault", "limits", "timeout_s", "said"),
    [
        ("hangs", {}, 2.0, "it took more than 2 s (--timeout), in _hang (faulty.py:"),
        ("eats memory", {"memory_gib": 4.0}, None, "Unable to allocate"),
    ],
)
def test_a_measurement_beyond_a_limit_fails_alone(make_experiment, fault, limits, timeout_s, said, survived):
    predictor = Faulty(fault=fault)
    with WorkerPool(ProcessPool(2, **limits), timeout_s=timeout_s) as pool:
        visits = [
            visit for _, visit in pool.run([VisitTask(p, [predictor, Psnr()]) for p in make_experiment().pictures])
        ]
    errors = {visit.picture: visit.measured[predictor.measured_as].error for visit in visits}
    assert all((said in error) == name.startswith("coffee") for name, error in errors.items()), errors
    assert not any(visit.measured[Psnr().measured_as].error for visit in visits)
    survived("a measurement that hangs or eats memory")


def test_what_hangs_in_a_c_library_is_ended_and_its_place_is_said(make_experiment, survived):
    predictor = Faulty(fault="hangs in C")
    with WorkerPool(ProcessPool(2), timeout_s=2.0) as pool:
        visits = [visit for _, visit in pool.run([VisitTask(p, [predictor]) for p in make_experiment().pictures])]
    errors = {visit.picture: visit.measured[predictor.measured_as].error for visit in visits}
    told = f"it took more than 2 s (--timeout), in match ({Path(re.__file__).name}:"
    assert all((told in error) == name.startswith("coffee") for name, error in errors.items()), errors
    survived("a predictor that hangs in a C library", 2)


@pytest.mark.parametrize(("where", "failed"), [("fit", 4), ("predict", 2)])
@pytest.mark.parametrize("fault", ["dies", "hangs"])
def test_a_fold_that_goes_wrong_fails_alone(make_experiment, where, failed, fault, survived):
    """A fit fails for its fold's pictures, a prediction for its picture."""
    experiment = make_experiment()
    entry = Registered("faulty", Faulty, {"fault": fault, "where": where})
    job = Job(experiment, find_truth("mean"), entry, "cpu")
    with WorkerPool(ProcessPool(2), timeout_s=1.0) as pool:
        visits = {v.picture: v for _, v in pool.run([VisitTask(p, [job.make()]) for p in experiment.pictures])}
        for picture in experiment.pictures:
            apply(visits[picture.name], picture)
        rows = {}
        for _, result in pool.run(fold_tasks(job, visits)):
            rows |= result.rows
    table = predictions_of(job, rows)
    assert table["error"].ne("").sum() == failed
    wrong = {"dies": "died", "hangs": "it took more than 1 s"}[fault]
    assert table.loc[table["error"] != "", "error"].str.contains(wrong, regex=False).all()
    assert table.loc[table["error"] == "", "predicted_level"].eq(50.0).all()
    survived(f"a fold in which a predictor {fault}")
