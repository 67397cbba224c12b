"""Results that were stored before files had digests (schema 1) are read, reported and reused as they were."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from protocols.run import main
from protocols.store.picture_facts import read_pictures
from protocols.store.store import Store

SCHEMA_1 = Path(__file__).with_name("schema1")
FLAGS = ["--predictors", "constant", "psnr", "constant-sur", "--limit", "4", "--jobs", "1"]


def test_they_are_read():
    runs = Store(SCHEMA_1).current_runs()
    assert [run.identity.predictor for run in runs] == ["constant", "constant-sur", "psnr"]
    for run in runs:
        assert run.info["schema_version"] == 1 and run.status == "complete"
        assert len(run.predictions) == 4
        assert len(read_pictures(SCHEMA_1, run)) == 4


def test_a_report_has_their_numbers(tmp_path):
    from reports.build import build

    build(SCHEMA_1, tmp_path, quiet=True)
    board = pd.read_csv(tmp_path / "leaderboard.csv").set_index("predictor")
    assert board.loc["psnr", "mae"] == pytest.approx(21.9242, abs=1e-4)
    assert board.loc["constant", "mae"] == pytest.approx(18.6583, abs=1e-4)
    assert board.loc["constant-sur", "sur_mae"] == pytest.approx(0.150044, abs=1e-4)
    assert board.loc["ceiling-oracle", "mae"] == pytest.approx(2.03, abs=0.05)
    assert "psnr_mae_db" in board.columns


def test_a_plan_knows_them(capsys):
    """They may be stale by now, for what they depend on; not for the form of their files."""
    where = ["--results", str(SCHEMA_1), "--dry-run"]
    assert main([*FLAGS, *where]) == 0
    *plans, _ = capsys.readouterr().out.splitlines()
    for line in plans:
        assert "nothing it depends on has changed" in line or ": stale: changed" in line, line
        assert "schema" not in line
    assert main([*FLAGS, *where, "--rerun", "never"]) == 0
    *plans, last = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in plans] == ["reuse"] * 3 and last == "nothing to compute"


def test_a_run_takes_their_place(tmp_path):
    results = tmp_path / "results"
    shutil.copytree(SCHEMA_1, results)
    (older,) = (run for run in Store(results).runs() if run.identity.predictor == "constant")
    newer = Store(results).write({**older.info, "key": "a" * 12}, older.predictions)
    found = {run.identity.predictor: run for run in Store(results).runs()}
    assert found["constant"] == newer and newer.info["schema_version"] == 2
    assert found["psnr"].info["schema_version"] == 1
    assert not older.path.exists()
