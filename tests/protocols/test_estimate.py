"""A dry run says what is left to do, nothing twice or stored already, and about how long; shards split it evenly."""

from __future__ import annotations

import argparse
import re

import pytest

from baselines.interface.registry import registry
from protocols.estimate import Shard, estimate, known_costs
from protocols.plan import plan_jobs
from protocols.run import main
from protocols.runner import carry_out
from protocols.store.store import Store
from protocols.workers.dispatch import WorkerPool


def _plans(experiment, store, *names, truths=("mean",)):
    entries = [registry()[name] for name in names]
    return plan_jobs([experiment], list(truths), entries, store, rerun="stale", device="cpu")


def test_at_first_every_picture_is_looked_at(empty_cache, make_experiment, tmp_path):
    found = estimate(_plans(make_experiment(), Store(tmp_path / "r"), "constant", "psnr", "chou1995"), 1)
    assert (found.runs, found.visits, found.pictures) == (3, 8, 8)
    assert found.to_measure == {"constant": 0, "psnr": 8, "chou1995": 8}
    assert found.seconds > 0 and not found.unknown
    assert re.search(r"3 runs to compute; 8 of 8 pictures to look at; about \d+ s", found.sentences())


def test_another_truth_costs_no_pixels_and_another_predictor_itself(empty_cache, make_experiment, tmp_path):
    store = Store(tmp_path / "r")
    carry_out(_plans(make_experiment(), store, "psnr"), store, WorkerPool(), quiet=True, log=print)
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
    tries = [(estimate(plans, jobs).seconds, estimate(plans, 1).seconds) for _ in range(3)]  # each takes the time anew
    assert min(several / alone for several, alone in tries) < 1.5 / jobs


@pytest.mark.parametrize("count", [1, 2, 3, 7, 200])
def test_shards_are_the_whole_and_have_nothing_in_common(count):
    entries = list(registry().values())
    parts = [Shard(index, count).part_of(entries) for index in range(1, count + 1)]
    assert sorted(entry.name for part in parts for entry in part) == sorted(entry.name for entry in entries)


def test_what_is_measured_together_stays_together():
    entries = list(registry().values())
    for index in (1, 2, 3):
        names = {entry.name for entry in Shard(index, 3).part_of(entries)}
        assert ("wu2013" in names) == ("wu2013-as-published" in names)


def test_what_costs_most_is_spread():
    entries = [registry()[name] for name in ("ssimulacra2", "cvvdp", "constant", "psnr")]
    names = [{entry.name for entry in Shard(index, 2).part_of(entries)} for index in (1, 2)]
    assert sorted(len({"ssimulacra2", "cvvdp"} & part) for part in names) == [1, 1]


@pytest.mark.parametrize("text", ["0/2", "3/2", "2", "a/b", "-1/2", "1/2/3", "1/0", ""])
def test_a_wrong_shard_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="I/N"):
        Shard.parse(text)


def test_a_shard_stores_runs_and_builds_no_report(tmp_path, capsys):
    flags = ["--predictors", "constant", "fixed-75", "--limit", "4", "--jobs", "1", "--shard", "1/1"]
    assert main([*flags, "--results", str(tmp_path / "results"), "--report", str(tmp_path / "report")]) == 0
    assert not (tmp_path / "report").exists()
    assert "python -m reports.build --results" in capsys.readouterr().out


def test_a_shard_without_work_is_no_error(tmp_path):
    flags = ["--predictors", "constant", "--limit", "4", "--jobs", "1", "--shard", "2/2", "-q"]
    assert main([*flags, "--results", str(tmp_path / "results")]) == 0
