"""The results folder under what happens to folders: full and read-only disks, several writers, copies elsewhere."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from protocols.run import main
from protocols.store.store import Store
from reports.build import build
from reports.build import main as build_main
from reports.pages.index import PictureChoice
from tests.protocols.store import test_store as stored

REPOSITORY = Path(__file__).resolve().parents[2]
QUICK = ["--predictors", "constant", "constant-sur", "fixed-75", "psnr", "--limit", "4", "--jobs", "1", "-q"]
ON_DISKS = pytest.mark.slow(reason="starts the command on several small disks, once for all of these tests")
PREDICTORS = ["constant", "constant-sur", "fixed-75", "psnr"]


def _where(folder: Path) -> list[str]:
    return ["--results", str(folder / "results"), "--report", str(folder / "report")]


def _board(report: Path) -> pd.DataFrame:
    return pd.read_csv(report / "leaderboard.csv").drop(columns="ms_per_picture")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """One quick run on the demo set, undisturbed."""
    folder = tmp_path_factory.mktemp("whole")
    assert main([*QUICK, *_where(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def disks(tmp_path_factory) -> tuple[Path, dict[str, Any]]:
    """What `small_disk.py` found, and where."""
    own = ["unshare", "-m"] if hasattr(os, "getuid") and os.getuid() == 0 else ["unshare", "-Urm"]
    folder = tmp_path_factory.mktemp("disks")
    try:
        tried = subprocess.run([*own, "mount", "-t", "tmpfs", "none", str(folder)], capture_output=True, text=True)
    except OSError as error:
        pytest.skip(f"small disks cannot be made here: {error}")
    if tried.returncode:
        pytest.skip(f"small disks cannot be made here: {tried.stderr.strip()}")
    program = [sys.executable, str(Path(__file__).with_name("small_disk.py")), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run([*own, *program], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def _is_one_error(ended: dict[str, Any], *words: str) -> bool:
    said = ended["said"]
    return (
        ended["status"] == 2 and said.startswith("error: ") and said.count("\n") == 1 and all(w in said for w in words)
    )


@ON_DISKS
def test_a_disk_that_fills_up_keeps_what_was_stored_and_the_same_command_goes_on(disks, whole, survived):
    folder, found = disks
    found = found["results_fill_up"]
    assert _is_one_error(found["first"], "filling/results", "No space left", "stored before are kept")
    kept = found["kept"]["runs"]
    assert 0 < len(kept) < len(PREDICTORS) and not found["kept"]["left"]
    assert found["second"] == {"status": 0, "said": ""}
    assert sorted(found["then"]["runs"]) == PREDICTORS and not found["then"]["left"]
    assert kept.items() <= found["then"]["runs"].items(), "they were not computed again"
    pd.testing.assert_frame_equal(_board(folder / "report"), _board(whole / "report"))
    survived("a disk that fills up: results")


@ON_DISKS
def test_a_full_disk_is_said_before_anything_is_computed(disks, survived):
    found = disks[1]["results_are_full"]
    assert _is_one_error(found, "full/results", "No space left", "Nothing has been computed", "--results")
    survived("a full disk")


@ON_DISKS
def test_a_finished_run_can_be_repeated_and_read_where_nothing_can_be_written(disks, survived):
    folder, found = disks
    before, found = found["results_fill_up"]["then"], found["results_are_read_only"]
    assert found["repeated"] == {"status": 0, "said": ""}
    assert _is_one_error(found["another"], "filling/results", "Read-only", "Nothing has been computed", "--results")
    assert found["stored"] == before
    assert (folder / "repeated" / "leaderboard.csv").read_bytes() == (
        folder / "report" / "leaderboard.csv"
    ).read_bytes()
    survived("read-only results folders", 2)


@ON_DISKS
def test_a_report_whose_disk_fills_up_is_finished_once_there_is_room(disks, survived):
    folder, found = disks
    found = found["report_fills_up"]
    assert _is_one_error(found["first"], "pages/report", "No space left", "reports.build", "not touched")
    assert not found["left"] and found["second"] == {"status": 0, "said": ""}
    names = sorted(str(path.relative_to(folder / "grown")) for path in (folder / "grown").rglob("*") if path.is_file())
    assert len(names) > 10
    assert filecmp.cmpfiles(folder / "grown", folder / "report", names, shallow=False)[0] == names
    survived("a disk that fills up: report")


@ON_DISKS
def test_a_full_cache_only_warns(disks, survived):
    found = disks[1]["cache_is_full"]
    assert found["ended"]["status"] == 0
    said = found["ended"]["said"].splitlines()
    assert said and all(line.startswith("warning: ") and "cannot be kept" in line for line in said)
    assert list(found["stored"]["runs"]) == ["ssim"]
    survived("a disk that fills up: cache")


@pytest.mark.parametrize("place", ["results", "results/demo", "results/demo/kfold5-v1/mean"])
def test_a_file_where_a_folder_should_be_is_said_before_anything_is_computed(tmp_path, monkeypatch, survived, place):
    monkeypatch.setattr("protocols.benchmark.carry_out", lambda *_, **__: pytest.fail("something was computed"))
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_text("a file")
    with pytest.raises(Exception, match=r"results.*cannot be stored.*--results DIR"):
        main([*QUICK, *_where(tmp_path)])
    assert (tmp_path / place).read_text() == "a file"
    survived("files in the place of folders")


def test_a_copy_elsewhere_gives_the_same_report_and_is_reused(whole, tmp_path, capsys, survived):
    moved = tmp_path / "another machine" / "[x] results*"
    shutil.copytree(whole / "results", moved)
    build(moved, tmp_path / "report", quiet=True)
    board = (tmp_path / "report" / "leaderboard.csv").read_bytes()
    assert board == (whole / "report" / "leaderboard.csv").read_bytes()
    assert main([*QUICK, "--results", str(moved), "--dry-run"]) == 0
    *planned, last = capsys.readouterr().out.splitlines()
    assert len(planned) == 4 and all(line.startswith("reuse") for line in planned) and last == "nothing to compute"
    survived("copied results folders")


def test_a_copy_without_the_data_set_gives_the_same_numbers(make_mcl_jci, tmp_path, survived):
    here, there = tmp_path / "here", tmp_path / "there"
    root = make_mcl_jci(range(1, 51), pictures="none")
    flags = [
        "--dataset",
        "mcl-jci",
        "--root",
        str(root),
        "--predictors",
        "constant",
        "--truths",
        "mean",
        "--limit",
        "4",
    ]
    assert main([*flags, "-q", *_where(here)]) == 0
    shutil.rmtree(root)
    there.mkdir()
    (here / "results").rename(there / "results")
    assert build_main(["--results", str(there / "results"), "--out", str(there / "report"), "-q"]) == 0
    board = (there / "report" / "leaderboard.csv").read_bytes()
    assert board == (here / "report" / "leaderboard.csv").read_bytes()
    survived("copies without their data set")


@pytest.mark.slow(reason="two whole runs and several reports at once")
def test_two_runs_at_once_on_one_folder_end_as_one_does_and_readers_see_whole_runs(whole, tmp_path, survived):
    shutil.copytree(whole / "results", tmp_path / "results")
    command = [sys.executable, "-m", "protocols.run", *QUICK, "--rerun", "always", *_where(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    pipe = subprocess.PIPE
    runs = [subprocess.Popen(command, cwd=REPOSITORY, env=environment, stderr=pipe, text=True) for _ in range(2)]
    built = 0
    while any(run.poll() is None for run in runs):
        for _ in range(200):
            assert [run.identity.predictor for run in Store(tmp_path / "results").current_runs()] == PREDICTORS
        build(tmp_path / "results", tmp_path / "meanwhile", PictureChoice(0), quiet=True)
        pd.testing.assert_frame_equal(_board(tmp_path / "meanwhile"), _board(whole / "report"))
        built += 1
    assert [(run.returncode, run.communicate()[1]) for run in runs] == [(0, "")] * 2
    pd.testing.assert_frame_equal(_board(tmp_path / "report"), _board(whole / "report"))
    assert build_main(["--results", str(tmp_path / "results"), "--out", str(tmp_path / "report"), "--check", "-q"]) == 0
    assert sorted(run.identity.predictor for run in Store(tmp_path / "results").runs()) == PREDICTORS
    assert not list(tmp_path.rglob(".*"))
    survived("two runs at once")
    survived("reports built meanwhile", built)


def test_several_processes_store_one_run_and_readers_always_find_it(tmp_path, survived):
    """Each takes the place of the other's; whoever reads meanwhile finds one of them, whole."""
    store = Store(tmp_path)
    store.write(stored._record(), stored._frame(0.0))
    program = (
        "import dataclasses, sys; from pathlib import Path; from protocols.store.store import Store\n"
        "store = Store(Path(sys.argv[1])); (run,) = store.current_runs()\n"
        "for turn in range(10):\n"
        "    key = 'ab'[turn % 3 == 0] * 12\n"
        "    record = dataclasses.replace(run.record, key=key)\n"
        "    store.write(record, run.predictions.assign(predicted_level=float(turn)))\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(2)]
    reads = 0
    while any(writer.poll() is None for writer in writers):
        assert len(store.current_runs()) == 1
        reads += 1
    assert [writer.returncode for writer in writers] == [0, 0]
    assert reads > 10
    (run,) = store.runs()
    assert run.predictions["predicted_level"].tolist() == [9.0]
    assert run.path.parent == tmp_path / "demo" / "kfold5-v1" / "mean"
    assert list(run.path.parent.iterdir()) == [run.path]
    survived("several processes that store one run")
