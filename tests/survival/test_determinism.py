"""The same seed gives the same predictions, whoever computes them, where, and in which order files come."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from protocols.run import main
from protocols.store.store import Store
from tests.reports import conftest as report_tests

store_run = report_tests.store_run
REPOSITORY = Path(__file__).resolve().parents[2]
PREDICTORS = ["constant", "psnr", "watson1997", "wu2017", "gradient2022", "ssim", "surfeatnet2020"]
FLAGS = ["--limit", "4", "-q", "--truths", "mean", "sur75", "--shard", "1/1"]


def _predictions(results: Path) -> dict[str, pd.DataFrame]:
    runs = Store(results).runs()
    return {f"{run.identity.truth}/{run.path.name}": run.predictions.drop(columns="ms") for run in runs}


def _assert_same(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> None:
    assert one.keys() == other.keys()
    for name, frame in one.items():
        pd.testing.assert_frame_equal(frame, other[name], check_exact=True, obj=name)


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> dict[str, pd.DataFrame]:
    """What one process finds, nothing being kept from before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JND_BENCH_CACHE", str(tmp_path_factory.mktemp("cache-alone")))
        folder = tmp_path_factory.mktemp("alone")
        assert main(["--predictors", *PREDICTORS, *FLAGS, "--jobs", "1", "--results", str(folder)]) == 0
        return _predictions(folder)


@pytest.mark.slow(reason="measures features of a network twice")
def test_two_workers_find_what_one_process_finds(alone, tmp_path, empty_cache, survived):
    assert main(["--predictors", *PREDICTORS, *FLAGS, "--jobs", "2", "--results", str(tmp_path / "r")]) == 0
    _assert_same(alone, _predictions(tmp_path / "r"))
    survived("2 workers instead of 1: the same bytes", len(alone))


@pytest.mark.slow(reason="starts three runs")
def test_shards_in_folders_of_their_own_add_up_to_the_whole(alone, tmp_path, survived):
    flags = [flag for flag in FLAGS if flag not in ("--shard", "1/1")]
    for index in (1, 2, 3):
        shard = ["--shard", f"{index}/3", "--results", str(tmp_path / str(index))]
        assert main(["--predictors", *PREDICTORS, *flags, "--jobs", "1", *shard]) == 0
        shutil.copytree(tmp_path / str(index), tmp_path / "merged", dirs_exist_ok=True)
    _assert_same(alone, _predictions(tmp_path / "merged"))
    survived("3 shards instead of 1: the same bytes", len(alone))


@pytest.mark.slow(reason="measures features of a network again")
def test_another_environment_finds_the_same(alone, tmp_path, empty_cache, survived):
    """As on a second machine with the same packages: folders, locale, time zone, hash seed and cores differ."""
    environment = {**os.environ, "LC_ALL": "C", "TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "77", "HOME": str(tmp_path)}
    environment |= {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "2"}
    command = [sys.executable, "-m", "protocols.run", "--predictors", *PREDICTORS[::-1], *FLAGS, "--jobs", "1"]
    done = subprocess.run([*command, "--results", "there"], cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0
    _assert_same(alone, _predictions(tmp_path / "there"))
    survived("another folder, locale, time zone, hash seed and core count: the same bytes", len(alone))


def test_every_process_builds_the_same_report(store_run, tmp_path, survived):
    """With figures; hash seed and cache differ."""
    store_run(tmp_path / "results", "psnr", failing=2)
    store_run(tmp_path / "results", "constant")
    reports = []
    for seed in ("1", "2"):
        (cache := tmp_path / f"cache-{seed}").mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": seed, "JND_BENCH_CACHE": str(cache)}
        reports.append(tmp_path / f"report-{seed}")
        command = [sys.executable, "-m", "reports.build", "--results", str(tmp_path / "results"), "-q"]
        subprocess.run([*command, "--out", str(reports[-1])], cwd=REPOSITORY, env=environment, check=True)
    files = [{path.relative_to(out): path.read_bytes() for path in out.rglob("*.*")} for out in reports]
    assert files[0] == files[1] and len(files[0]) > 20
    survived("files of a report by another process: the same bytes", len(files[0]))


def test_the_order_in_which_a_disk_gives_files_does_not_matter(make_mcl_jci, tmp_path, monkeypatch, survived):
    """Folders are read in whatever order the file system has them."""
    root = make_mcl_jci(range(1, 51), pictures="none")
    flags = ["--dataset", "mcl-jci", "--root", str(root), "-q", "--shard", "1/1"]
    flags += ["--predictors", "constant", "constant-sur"]
    assert main([*flags, "--results", str(tmp_path / "as-it-is")]) == 0
    scandir, listing = os.scandir, Path.iterdir

    class Backwards:
        """What a folder holds, in the other order."""

        def __init__(self, path="."):
            with scandir(path) as entries:
                self._entries = list(entries)[::-1]

        def __iter__(self):
            return iter(self._entries)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(os, "scandir", Backwards)
    monkeypatch.setattr(Path, "iterdir", lambda self: iter(list(listing(self))[::-1]))
    assert main([*flags, "--results", str(tmp_path / "backwards")]) == 0
    _assert_same(_predictions(tmp_path / "as-it-is"), _predictions(tmp_path / "backwards"))
    survived("files in another order: the same bytes", 4)
