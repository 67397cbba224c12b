"""The command as people call it: what it prints, what it stores, how it fails, and that a kill loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pandas as pd
import pytest

from datasets.common.commands import run_command
from protocols.run import main
from protocols.store.store import Store

pytestmark = pytest.mark.usefixtures("small_figures")
QUICK = ["--predictors", "constant", "fixed-75", "psnr", "--limit", "4", "--jobs", "1"]


def _run(folder: Path, *flags: str) -> int:
    return main([*flags, "--results", str(folder / "results"), "--report", str(folder / "report")])


def _leaderboard(folder: Path) -> pd.DataFrame:
    """The predictors' rows; people's stand below them."""
    board = pd.read_csv(folder / "report" / "leaderboard.csv").drop(columns="ms_per_picture")
    return board[board["kind"] != "ceiling"]


@pytest.fixture(scope="module")
def quick(tmp_path_factory, small_figures) -> Path:
    """One quick run on the demo set, for tests that only look."""
    folder = tmp_path_factory.mktemp("quick")
    assert _run(folder, *QUICK) == 0
    return folder


def test_a_run_ends_in_a_leaderboard_and_a_page(quick, capsys):
    board = _leaderboard(quick)
    assert sorted(board["predictor"]) == ["constant", "fixed-75", "psnr"]
    assert set(board["limited"]) == {4}
    assert set(board["n"]) == {4}
    assert "simulated observers" in (quick / "report" / "index.html").read_text()


def test_a_second_call_computes_nothing_and_says_so(quick, capsys):
    before = {run.path: run.record.finished for run in Store(quick / "results").runs()}
    assert _run(quick, *QUICK, "-v") == 0
    assert {run.path: run.record.finished for run in Store(quick / "results").runs()} == before
    printed = capsys.readouterr().out
    assert printed.count("nothing it depends on has changed") == 3
    assert "3 of 3 runs were stored" in printed


def test_a_dry_run_says_what_it_would_do_and_does_not(tmp_path, capsys):
    assert _run(tmp_path, *QUICK, "--dry-run") == 0
    assert capsys.readouterr().out.count("not stored yet") == 3
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--dataset", "mcl-jic"], "Did you mean 'mcl-jci'"),
        (["--dataset", "mcl-jci"], "needs --root"),
        (["--dataset", "mcl-jci", "--root", "/no/such/folder"], "no such folder"),
        (["--predictors", "consant"], "Did you mean 'constant'"),
        (["--predictors", "nope*"], "Known: "),
        (["--predictors", "no.such.module:Class"], "cannot be loaded"),
        (["--predictors", "baselines.constant.constant:Nothing"], "cannot be loaded"),
        (["--predictors", "pathlib:Path"], "must be a final subclass"),
        (["--folds", "kfold5"], "Did you mean 'kfold5-v1'"),
        (["--folds", "missing.csv"], "no fold file"),
        (["--truths", "maen"], "Did you mean 'mean'"),
        (["--truths", "sqf"], "gives no 'sqf' truth"),
        (["--jnd", "2"], "JND"),
        (["--limit", "1"], "at least 2 pictures"),
        (["--anchor", "sauce"], "Did you mean 'source'"),
        (["--level-direction", "upp"], "Did you mean 'up'"),
        (["--device", "cuda"], "no CUDA device"),
    ],
)
def test_a_wrong_request_gets_one_clear_error(flags, says, tmp_path, capsys):
    if "cuda" in flags and __import__("torch").cuda.is_available():
        pytest.skip("there is a CUDA device here")
    assert run_command(lambda: _run(tmp_path, *flags)) == 2
    error = capsys.readouterr().err
    assert says in error.replace("There is no", "no")
    assert "Traceback" not in error
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--jnd", "4"], "invalid choice"),
        (["--jobs", "0"], "a whole number from 1 up and below 2**32, not '0'"),
        (["--jobs", "two"], "a whole number from 1 up and below 2**32, not 'two'"),
        (["--seed", "-1"], "a whole number from 0 up and below 2**32, not '-1'"),
        (["--limit", "-3"], "a whole number from 1 up and below 2**32, not '-3'"),
        (["--timeout", "soon"], "a number above 0, not 'soon'"),
        (["--memory", "nan"], "a number above 0, not 'nan'"),
        (["--shard", "3/2"], "I/N with I from 1 to N, e.g. 2/8, not '3/2'"),
        (["--device", "gpu"], "invalid choice"),
        (["--bogus"], "unrecognized arguments"),
    ],
)
def test_flags_that_argparse_refuses(flags, says, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        _run(tmp_path, *flags)
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


PLUGIN = """
    from baselines.interface.card import Card
    from baselines.interface.predictor import JNDPredictor
    class Broken(JNDPredictor):
        card = Card(name="broken", title="Broken", needs_pictures=False)
        def fit(self, pictures, levels, *, seed): raise RuntimeError("<b>cannot</b> fit")
        def predict(self, picture): return 50.0
"""


def test_a_failing_predictor_is_recorded_and_does_not_stop_the_others(tmp_path, monkeypatch, capsys):
    (tmp_path / "broken_plugin.py").write_text(textwrap.dedent(PLUGIN))
    monkeypatch.syspath_prepend(str(tmp_path))
    flags = ["--predictors", "broken_plugin:Broken", "constant", "--limit", "4", "--jobs", "1"]
    assert _run(tmp_path, *flags) == 1
    assert "FAILED: broken under mean" in capsys.readouterr().err
    board = _leaderboard(tmp_path).set_index("predictor")
    assert board.loc["broken", "failed"] == board.loc["broken", "n"] == 4
    assert pd.isna(board.loc["broken", "mae"])
    assert board.loc["constant", "failed"] == 0
    assert "&lt;b&gt;cannot&lt;/b&gt; fit" in (tmp_path / "report" / "index.html").read_text()


def test_workers_and_seeds_do_not_change_what_is_deterministic(quick, tmp_path):
    flags = [*QUICK[:-1], "2"]
    assert _run(tmp_path, *flags) == 0
    for one, other in zip(Store(quick / "results").runs(), Store(tmp_path / "results").runs(), strict=True):
        assert one.key == other.key
        pd.testing.assert_frame_equal(one.predictions.drop(columns="ms"), other.predictions.drop(columns="ms"))


def test_limited_and_whole_runs_stand_apart(make_mcl_jci, tmp_path):
    root = str(make_mcl_jci(range(1, 51), pictures="none"))
    flags = ["--dataset", "mcl-jci", "--root", root, "--truths", "mean", "--jobs", "1", "-q"]
    assert _run(tmp_path, *flags, "--predictors", "constant", "--shard", "1/1") == 0
    assert _run(tmp_path, *flags, "--predictors", "constant", "fixed-75", "--limit", "4") == 0
    board = _leaderboard(tmp_path)
    whole = board[board["limited"].isna()]
    assert whole["predictor"].tolist() == ["constant"]
    assert whole["n"].item() == 50
    assert sorted(board[board["limited"] == 4]["predictor"]) == ["constant", "fixed-75"]


def test_published_constants_on_mcl_jci(mcl_jci_labels, tmp_path):
    """The field's control numbers (constant 5.58, 5.04, 7.82 QF; mean curve 0.0989) come out of the whole path."""
    root = str(mcl_jci_labels)
    flags = ["--dataset", "mcl-jci", "--root", root, "--folds", "sur-featnet-10", "--truths", "mean", "median", "sqf"]
    assert _run(tmp_path, *flags, "--predictors", "constant", "constant-sur", "-q") == 0
    board = _leaderboard(tmp_path).set_index(["truth", "predictor"])
    assert board.loc[("mean", "constant"), "mae"] == pytest.approx(5.58, abs=0.005)
    assert board.loc[("median", "constant"), "mae"] == pytest.approx(5.04, abs=0.005)
    assert board.loc[("sqf", "constant"), "mae"] == pytest.approx(7.82, abs=0.005)
    assert board.loc[("mean", "constant-sur"), "bhattacharyya"] == pytest.approx(0.0989, abs=0.002)
    assert board.loc[("mean", "constant-sur"), "sur_mae"] == pytest.approx(0.0666, abs=0.001)
    assert board["plcc"].isna().all()
    people = pd.read_csv(tmp_path / "report" / "leaderboard.csv").set_index(["truth", "predictor"])
    assert people.loc[("mean", "ceiling-halves"), "mae"] == pytest.approx(2.98, abs=0.1)
    assert people.loc[("mean", "ceiling-one-subject"), "mae"] == pytest.approx(8.3, abs=0.1)
    assert ("sqf", "ceiling-oracle") not in people.index
    assert "'sqf' is tabulated" in (tmp_path / "report" / "leaderboard.md").read_text().replace("\\", "")


def test_labels_alone_run_what_needs_no_pictures(make_mcl_jci, tmp_path, capsys):
    flags = ["--dataset", "mcl-jci", "--root", str(make_mcl_jci(range(1, 51), pictures="none"))]
    assert _run(tmp_path, *flags, "--shard", "1/1") == 0
    assert "labels only" in capsys.readouterr().err.lower()
    runs = list(Store(tmp_path / "results").runs())
    assert {run.identity.truth for run in runs} == {"mean", "sqf"}
    assert {run.record.kind for run in runs} == {"constant"}
    flags += ["--jobs", "1", "-q", "--shard", "1/1"]
    assert _run(tmp_path, *flags, "--predictors", "psnr") == 1, "asked for by name, it is recorded as failed"


def test_ctrl_c_ends_quietly_and_leaves_nothing_half_written(empty_cache, tmp_path):
    command = [sys.executable, "-m", "protocols.run", "--jobs", "2", "-q"]
    command += ["--results", str(tmp_path / "results"), "--report", str(tmp_path / "report")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        deadline = time.monotonic() + 120
        while not list(empty_cache.rglob("*.arrays")) and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in error
    assert "Traceback" not in error
    assert not list(tmp_path.rglob(".partial-*"))


def test_the_listing_says_what_methods_cost_and_why_some_cannot_run(capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert main(["--list"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("konjnd-1k-bpg", "simulated observers", "sqf", "kfold5-v1", "ablation"))
    lines = printed.splitlines()
    told = {line.split()[0]: line for line in lines if line.startswith("  ")}
    assert told["sgjnd"].endswith("; heavy") and told["pwjnd2020-fast"].endswith("; slow")
    assert "; " not in told["constant"]
    assert "; --codec jpeg, avif, jp2, webp" in told["demo"] and "--codec" not in told["mcl-jci"]
    assert "; not here: it needs the program butteraugli_main" in told["butteraugli"]
    assert "named in full" in told["heavy"]


def test_what_is_left_out_of_a_glob_is_said(tmp_path, capsys):
    assert _run(tmp_path, "--predictors", "pwjnd2020*", "fixed-75", "--dry-run") == 0
    captured = capsys.readouterr()
    assert "run   pwjnd2020-fast" in captured.out and "run   pwjnd2020 " not in captured.out
    assert "pwjnd2020 is left out: it trains for hours without a GPU; name it in full to run it" in captured.err
