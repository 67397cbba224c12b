"""A dry run says what is left to do: nothing twice, nothing that is kept, and for all else about how long."""

from __future__ import annotations

import pytest

from baselines.interface.registry import registry
from protocols.estimate import estimate, known_costs
from protocols.plan import plan_jobs
from protocols.runner import carry_out
from protocols.store.store import Store
from protocols.workers.pool import WorkerPool


def _plans(experiment, store, *names, truths=("mean",)):
    entries = [registry()[name] for name in names]
    return plan_jobs(experiment, list(truths), entries, store, rerun="stale", device="cpu")


def test_at_first_every_picture_is_looked_at(empty_cache, make_experiment, tmp_path):
    found = estimate(_plans(make_experiment(), Store(tmp_path / "r"), "constant", "psnr", "chou1995"), 1)
    assert (found.runs, found.visits, found.pictures) == (3, 8, 8)
    assert found.to_measure == {"constant": 0, "psnr": 8, "chou1995": 8}
    assert found.seconds > 0 and not found.unknown
    assert "3 runs to compute; 8 of 8 pictures to look at; about 1 s" in found.sentences()


def test_another_truth_costs_no_pixels_and_another_predictor_itself(empty_cache, make_experiment, tmp_path):
    store = Store(tmp_path / "r")
    carry_out(_plans(make_experiment(), store, "psnr"), store, WorkerPool(), quiet=True, say=print)
    truth = estimate(_plans(make_experiment(), store, "psnr", truths=("mean", "median")), 1)
    assert (truth.runs, truth.visits) == (1, 0)
    predictor = estimate(_plans(make_experiment(), store, "psnr", "chou1995"), 1)
    assert predictor.to_measure == {"chou1995": 8}
    assert estimate(_plans(make_experiment(), store, "psnr"), 1).sentences() == "nothing to compute"


def test_all_that_is_not_heavy_has_a_known_cost():
    """`python -m benchmarks.costs` writes the table; what cannot run everywhere has no row."""
    light = {name for name, entry in registry().items() if entry.cost == "light"}
    assert light <= known_costs().keys()


@pytest.mark.parametrize("jobs", [1, 4])
def test_more_processes_take_less_time(empty_cache, make_experiment, tmp_path, jobs):
    plans = _plans(make_experiment(), Store(tmp_path / "r"), "wu2013")
    assert estimate(plans, jobs).seconds < estimate(plans, 1).seconds * 1.5 / jobs
