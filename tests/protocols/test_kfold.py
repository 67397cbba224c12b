"""Protects what cross-validation trains and tests on, and that shuffles are told apart from sources."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from datasets.sets import open_dataset
from protocols import run_benchmark
from protocols.kfold import FOLDS, LeaveOneSourceOut, RepeatedKFold
from protocols.plan import find_protocol
from protocols.store.store import Store


def test_every_source_is_left_out_once_with_all_its_pictures():
    demo = open_dataset("demo")
    (folds,) = LeaveOneSourceOut().folds(demo)
    sources = {picture.source for picture in demo.pictures}
    assert set(folds.fold_of) == sources and len(folds.numbers) == len(sources)


def test_shuffles_differ_and_none_splits_a_source():
    demo = open_dataset("demo")
    shuffles = RepeatedKFold(fold_seeds=3).folds(demo)
    assert len({shuffle.name for shuffle in shuffles}) == len({shuffle.sha256 for shuffle in shuffles}) == 3
    for shuffle in shuffles:
        shuffle.check_covers(picture.source for picture in demo.pictures)
        assert len(shuffle.numbers) == FOLDS


def test_they_run_by_name_and_are_reused(tmp_path):
    assert find_protocol("leave-one-source-out") is LeaveOneSourceOut
    given = {"truths": ["mean"], "results": tmp_path / "results", "quiet": True}
    table = run_benchmark("demo", ["constant", "fixed-75"], protocol=LeaveOneSourceOut(), **given)
    assert set(table["folds"]) == {"dealt9-seed0"} and not table["failed"].any()
    before = {run.key: run.record.finished for run in Store(tmp_path / "results").current_runs()}
    run_benchmark("demo", ["constant", "fixed-75"], protocol=LeaveOneSourceOut(), **given)
    assert before == {run.key: run.record.finished for run in Store(tmp_path / "results").current_runs()}


def test_the_table_tells_shuffles_from_sources(tmp_path):
    protocol = RepeatedKFold(fold_seeds=3)
    asked = {"truths": ["mean"], "results": tmp_path / "results", "quiet": True}
    run_benchmark("demo", ["constant", "fixed-75"], protocol=protocol, **asked)
    said = protocol.summary(Store(tmp_path / "results").current_runs())
    lines = [line.split("|") for line in said.splitlines() if line.startswith("| ")][1:]
    rows = {cells[1].strip(): [cell.strip() for cell in cells[2:-1]] for cells in lines}
    assert "simulated observers; truth mean; 3 shuffles into 5 folds" in said
    assert rows["fixed-75"][2] == "0.00", "what is not trained is the same in every shuffle"
    maes = [
        run.predictions.eval("(predicted_level - true_level).abs()").mean()
        for run in Store(tmp_path / "results").current_runs()
        if run.identity.predictor == "constant"
    ]
    shown = [float(text) for text in rows["constant"][0:3:2]]
    assert shown == pytest.approx([np.mean(maes), np.std(maes, ddof=1)], abs=0.01) and shown[1] > 0


def test_protocols_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        RepeatedKFold().fold_seeds = 7
