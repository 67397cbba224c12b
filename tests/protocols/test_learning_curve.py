"""Protects learning curves: what a row was trained on, that shares are nested, and that no test source is in them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from baselines.constant.constant import Constant
from datasets.sets import open_dataset
from protocols import run_benchmark
from protocols.learning_curve import PER_CENT, LearningCurve
from protocols.plan import find_protocol
from protocols.store.share_names import TRAINED_ON, joined_name, split_name
from protocols.store.store import Store
from reports.figures.learning_curves import learning_curves
from reports.figures.style import styled
from reports.results.section import sections_of

SEEN: list[tuple[str, set[str]]] = []
"""What the recorder was trained on and asked about, in order."""


class Recorder(Constant):
    """The constant, which writes its sources down."""

    def fit(self, pictures, levels, *, seed):
        SEEN.append(("fit", {picture.source for picture in pictures}))
        return super().fit(pictures, levels, seed=seed)

    def predict(self, picture):
        SEEN.append(("predict", {picture.source}))
        return super().predict(picture)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The demo set under one shuffle: the constant and a recorder on every share."""
    results = tmp_path_factory.mktemp("learning") / "results"
    given = {"truths": ["mean"], "results": results, "quiet": True}
    run_benchmark("demo", ["constant", "bits2025"], protocol=LearningCurve(fold_seeds=2), **given)
    return results, Store(results).current_runs()


def test_a_name_and_a_share_are_put_together_and_taken_apart():
    for name, share in (("psnr", 25), ("a@b", 5), ("psnr", 100)):
        assert split_name(joined_name(name, share)) == (name, share)
    assert split_name("psnr@0%") == ("psnr@0%", 100), "which is no share"


def test_every_predictor_stands_there_on_all_shares_and_one_may_be_named():
    (names, notes) = LearningCurve().predictors(["psnr", "constant@25%"])
    assert [entry.name for entry in names] == [*(f"psnr@{share}%" for share in PER_CENT), "psnr", "constant@25%"]
    assert not notes and find_protocol("learning-curve") is LearningCurve


def test_shares_are_nested_and_no_test_source_is_trained_on(tmp_path):
    SEEN.clear()
    given = {"truths": ["mean"], "results": tmp_path / "results", "quiet": True}
    run_benchmark("demo", [Recorder()], protocol=LearningCurve(fold_seeds=1), **given)
    trained: list[set[str]] = []
    for what, sources in SEEN:
        if what == "fit":
            trained.append(sources)
        else:
            assert not sources & trained[-1]
    folds = len(trained) // 4
    for fold in range(folds):
        by_share = sorted((trained[place * folds + fold] for place in range(4)), key=len)
        assert all(few <= more for few, more in pairwise(by_share))
    everything = {picture.source for picture in open_dataset("demo").pictures}
    assert {len(sources) for sources in trained} == {2, 4, 7, 8} and set().union(*trained) == everything


def test_the_summary_has_a_column_a_share_with_the_mean_over_shuffles(runs):
    _, stored = runs
    table = LearningCurve(fold_seeds=2).summary(stored)
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| ")]
    assert lines[0] == ["predictor", "12 % (2 sources)", "25 % (2 sources)", "50 % (4 sources)", "100 % (7 sources)"]
    rows = {line[0]: [float(cell.split()[0]) for cell in line[1:]] for line in lines[1:]}
    assert rows.keys() == {"constant", "bits2025"} and rows["bits2025"][3] < rows["bits2025"][0]
    errors = [
        (run.predictions["predicted_level"] - run.predictions["true_level"]).abs().mean()
        for run in stored
        if run.identity.predictor == "bits2025@50%"
    ]
    assert rows["bits2025"][2] == pytest.approx(np.mean(errors), abs=0.006) and len(errors) == 2
    assert "simulated observers; truth mean; MAE over 2 shuffles" in table


def test_the_reports_figure_shows_each_curve_over_its_sources(runs):
    results, stored = runs
    section = sections_of(stored, results)[0]
    with styled():
        drawing = learning_curves(section)
        axes = drawing.figure.axes[0]
    by_sources = {row.predictor: row.record.key_parts[TRAINED_ON] for row in section.rows}
    assert by_sources["constant@12%"] == 2 and by_sources["constant"] == pytest.approx(7.2)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2", "4", "7"]
    assert "bits2025" in drawing.alt and "with 7" in drawing.alt
    plain = [run for run in stored if run.identity.predictor in ("constant", "bits2025")]
    assert learning_curves(sections_of(plain, results)[0]) is None
