"""Protects the comparison of variants: folds and intervals by source, one network behind variants that share it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from baselines.interface.registry import registry
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.core.folds import Folds
from datasets.core.picture import Picture
from datasets.core.truths import find_truth
from protocols import ablation
from protocols.ablation import AGAINST, BEFORE, CHAIN, VARIANTS, Ablation, compare
from protocols.kfold import FOLDS
from protocols.plan import Job, find_protocol, plan_jobs
from protocols.run import main
from protocols.runner import carry_out
from protocols.store.run_key import key_parts
from protocols.store.store import Store
from protocols.workers.dispatch import WorkerPool
from sgjnd.config import PAPER, Config

SOURCES = [f"source-{number}" for number in range(12)]


def pictures_of(sources: list[str]) -> list[Picture]:
    """Three crops a source."""
    return [Picture(f"{source}-{crop}", source, Jpeg(), 24.3) for source in sources for crop in range(3)]


@pytest.fixture
def job(make_experiment):
    """A function that makes a job of a row under a fold seed."""

    def make(row: str, seed: int = 0) -> Job:
        protocol = Ablation(fold_seeds=seed + 1)
        experiment = make_experiment()
        folds = protocol.folds(experiment.dataset)[seed]
        experiment = dataclasses.replace(experiment, protocol=protocol, folds=folds)
        (entry,), _ = protocol.predictors([row])
        return Job(experiment, find_truth("mean"), entry, "cpu")

    return make


def compared(errors: dict[str, np.ndarray], sources: list[str]) -> dict[str, ablation.Compared]:
    return {row.name: row for row in compare(errors, sources, ("constant", "not here"))}


def test_it_is_found_by_its_name():
    assert find_protocol("ablation") is Ablation
    with pytest.raises(UserError, match="ablation, kfold"):
        find_protocol("no-such")


def test_intervals_hold_the_means_and_rows_are_ordered_by_them():
    draw = np.random.default_rng(3)
    errors = {"constant": draw.gamma(2, 5, 60), "better": draw.gamma(2, 3, 60)}
    sources = [f"s{number // 2}" for number in range(60)]
    rows = compare(errors, sources, ("constant",))
    assert [row.name for row in rows] == ["better", "constant"]
    for row in rows:
        assert row.mae == pytest.approx(errors[row.name].mean())
        assert row.interval[0] < row.mae < row.interval[1]
    mean, low, high = rows[0].differences["constant"]
    assert mean == pytest.approx((errors["better"] - errors["constant"]).mean()) and low < mean < high


def test_a_row_is_not_compared_with_itself_nor_with_rows_that_are_absent():
    rows = compared({"constant": np.ones(4), "other": np.zeros(4)}, list("aabb"))
    assert rows["constant"].differences == {} and set(rows["other"].differences) == {"constant"}


def test_differences_are_paired():
    """Where every picture gains the same, there is nothing uncertain about it, however much pictures differ."""
    hard = np.arange(40.0)
    rows = compared({"constant": hard + 1, "other": hard}, [str(number) for number in range(40)])
    assert rows["other"].differences["constant"] == pytest.approx((-1, -1, -1))
    low, high = rows["other"].interval
    assert high - low > 5


def test_sources_of_many_crops_weigh_as_many_pictures():
    rows = compared({"row": np.array([0.0, 0, 0, 8])}, list("aaab"))
    assert rows["row"].mae == 2 and rows["row"].interval == (0, 8)


def test_folds_are_by_source_alike_in_size_and_depend_on_the_seed_alone(make_experiment):
    dataset = dataclasses.replace(make_experiment().dataset, pictures=tuple(pictures_of(SOURCES)))
    first, second = Ablation(fold_seeds=2).folds(dataset)
    assert set(first.fold_of) == set(SOURCES)
    assert np.ptp(np.bincount(list(first.fold_of.values()))[1:]) <= 1 and first.numbers == list(range(1, FOLDS + 1))
    assert first == Ablation(fold_seeds=1).folds(dataset)[0]
    assert first.name != second.name and first.fold_of != second.fold_of and first.sha256 != second.sha256


@pytest.mark.parametrize(("row", "sources"), [("sgjnd-lite", 9), ("constant", 9), ("half", 4), ("quarter", 2)])
def test_a_share_of_the_training_pictures_is_one_of_their_sources(job, row, sources):
    allowed = pictures_of(SOURCES[3:])
    chosen = Ablation().trained_on(job(row), allowed)
    assert len({picture.source for picture in chosen}) == sources
    assert len(chosen) == 3 * sources


def test_a_share_differs_by_seed_and_leaves_two_sources_at_least(job):
    pictures = pictures_of(SOURCES[:3])
    chosen = {tuple(p.name for p in Ablation().trained_on(job("quarter", seed), pictures)) for seed in range(8)}
    assert len(chosen) > 1 and all(len(names) == 6 for names in chosen)


@pytest.mark.parametrize("row", VARIANTS)
def test_every_variant_is_a_valid_predictor_that_differs_from_the_registered_one(job, row):
    made = job(row)
    config = made.make().config()
    assert made.entry.name == row and VARIANTS[row].meaning
    assert (config == Config()) == (row == "sgjnd-lite" or VARIANTS[row].share < 1)


def test_the_chain_leads_from_the_papers_network_to_ours_one_setting_a_row(job):
    first, *_ = rows = [*CHAIN, "sgjnd-lite"]
    settings = [dataclasses.asdict(job(row).make().config()) for row in rows]
    assert {name: settings[0][name] for name in PAPER} == PAPER and settings[-1] == dataclasses.asdict(Config())
    for number, row in enumerate(rows[1:], start=1):
        changed = [name for name, value in settings[number].items() if settings[number - 1][name] != value]
        assert len(changed) == 1 and BEFORE[row] == rows[number - 1]
        assert row == "sgjnd-lite" or row == f"paper-{number}-{changed[0]}", "its name says what it adds"
    assert first == "paper-0"
    assert [entry.name for entry in Ablation().predictors(["paper*"])[0]] == list(CHAIN)


def test_features_are_measured_once_for_all_rows_that_can_share_them(job):
    keys = [job(row).make().measurement_key() for row in [*CHAIN, "sgjnd-lite"]]
    assert len(set(map(str, keys))) == 4, "all levels, fewer, other places, more patches"


def test_rows_of_the_chain_are_compared_with_the_row_before():
    errors = {row: np.full(4, 9.0 - number) for number, row in enumerate([*CHAIN, "sgjnd-lite"])}
    rows = compared(errors, list("aabb"))
    assert set(rows["paper-0"].differences) == set()
    assert all(rows[row].differences[before] == (-1, -1, -1) for row, before in BEFORE.items())
    table = ablation._table(list(rows.values()))
    assert "| minus the row before in the chain |" in table and table.count("-1.00 (-1.00 to -1.00) |") == len(BEFORE)


def test_variants_have_the_same_seeds_so_that_searches_share_a_network(job):
    seeds = {row: Ablation().seed(job(row, 2), 3) for row in ("sgjnd-lite", "search-full", "half")}
    assert set(seeds.values()) == {2002}
    assert Ablation().seed(job("half", 1), 3) != 2002


def test_names_and_globs_of_variants_and_predictors(job):
    entries, _ = Ablation().predictors(["search-*", "constant", "psnr"])
    assert [entry.name for entry in entries][-2:] == ["constant", "psnr"] and len(entries) == 7
    usual, _ = Ablation().predictors([])
    assert {*AGAINST} < {entry.name for entry in usual}
    assert not any(entry.name.startswith("search-") for entry in usual)
    with pytest.raises(UserError, match="predictor"):
        Ablation().predictors(["no-such-row"])


def test_rows_are_stored_as_runs_and_reused_until_something_changes(make_experiment, tmp_path):
    """What the rows depend on beyond an ordinary run's: the shuffle, and the share of the sources."""
    protocol, store = Ablation(fold_seeds=2), Store(tmp_path)
    base = make_experiment()
    experiments = [dataclasses.replace(base, protocol=protocol, folds=folds) for folds in protocol.folds(base.dataset)]
    entries = [registry()["constant"], registry()["constant-sur"]]

    def plans():
        return plan_jobs(experiments, ["mean"], entries, store, rerun="stale", device="cpu")

    runs = carry_out(plans(), store, WorkerPool(), quiet=True, log=print)
    assert len(runs) == 4 and all(run.status == "complete" for run in runs)
    assert [plan.stored for plan in plans()] == runs
    other = dataclasses.replace(experiments[0], folds=Folds(experiments[0].folds.name, {}, "0" * 64))
    assert key_parts(Job(other, find_truth("mean"), entries[0], "cpu")) != plans()[0].key_parts
    table = protocol.summary(runs)
    errors = [np.abs(run.predictions["predicted_level"] - run.predictions["true_level"]) for run in runs]
    mae = (errors[0].mean() + errors[2].mean()) / 2
    assert f"| constant | {mae:.2f} |" in table and "2 shuffles into folds" in table
    assert "+0.00 (+0.00 to +0.00)" in table, "constant-sur gives the constant's level"


def test_the_share_is_part_of_a_runs_key(job):
    whole, half = key_parts(job("sgjnd-lite")), key_parts(job("half"))
    assert {name for name in whole if whole[name] != half[name]} == {"predictor", "share of the training sources"}


@pytest.mark.usefixtures("small_figures")
def test_the_command_prints_the_comparison_and_builds_the_usual_report(empty_cache, tmp_path, capsys):
    flags = ["--protocol", "ablation", "--predictors", "constant", "fixed-75", "--fold-seeds", "2", "--limit", "6"]
    places = ["--results", str(tmp_path / "results"), "--report", str(tmp_path / "report")]
    assert main([*flags, *places, "--truths", "mean", "--jobs", "1"]) == 0
    printed = capsys.readouterr().out
    assert "simulated observers; truth mean; 2 shuffles into folds" in printed
    assert "| row | MAE | 95 % interval | minus constant |" in printed
    report = (tmp_path / "report" / "leaderboard.csv").read_text()
    assert "dealt5-seed0" in report and "dealt5-seed1" in report


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--fold-seeds", "2"], "--fold-seeds is for --protocol ablation or .*transfer, not kfold"),
        (
            ["--protocol", "ablation", "--folds", "kfold5-v1"],
            "--folds is for --protocol kfold or transfer, not",
        ),
    ],
)
def test_a_flag_of_another_protocol_is_refused(flags, says):
    with pytest.raises(UserError, match=says):
        main(["--predictors", "constant", "--dry-run", *flags])
