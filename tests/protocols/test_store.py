"""A stored run is whole or absent, belongs to one identity, and a damaged one never takes the others with it."""

from __future__ import annotations

import json
import os

import numpy as np
import pandas as pd
import pytest

from datasets.errors import DataError
from protocols.store import COLUMNS, Identity, Store, StoreWarning


def _info(predictor="constant", key="a" * 12, finished="2026-01-01T00:00:00", **identity):
    who = {"dataset": "demo", "folds": "kfold5-v1", "truth": "mean", "jnd": 1, "limit": 0, "predictor": predictor}
    return {
        "schema_version": 1,
        "status": "complete",
        "identity": {**who, **identity},
        "key": key,
        "finished": finished,
        "card": {"kind": "constant"},
    }


def _frame(level=40.0):
    row = dict.fromkeys(COLUMNS)
    curve = np.linspace(0, 1, 100).tolist()
    row.update(picture="p", source="s", codec="jpeg", fold=1, true_level=42.0, predicted_level=level, error="")
    return pd.DataFrame([{**row, "true_sur": curve, "sur": None}])


def test_what_is_written_is_read_back(tmp_path):
    store = Store(tmp_path)
    written = store.write(_info(), _frame())
    (read,) = store.current_runs()
    assert read.path == written.path == tmp_path / "demo" / "kfold5-v1" / "mean" / ("constant-" + "a" * 12)
    assert read.identity == Identity("demo", "kfold5-v1", "mean", 1, 0, "constant")
    assert read.predictions["predicted_level"].tolist() == [40.0]
    assert len(read.predictions["true_sur"][0]) == 100


def test_a_new_run_takes_the_place_of_its_identity_alone(tmp_path):
    store = Store(tmp_path)
    store.write(_info(), _frame())
    store.write(_info(predictor="constant-sur"), _frame())
    store.write(_info(limit=3, key="c" * 12), _frame())
    store.write(_info(jnd=2, key="d" * 12), _frame())
    store.write(_info(key="b" * 12), _frame(41.0))
    keys = {(run.identity.predictor, run.identity.limit, run.identity.jnd): run.key for run in store.current_runs()}
    assert keys == {
        ("constant", 0, 1): "b" * 12,
        ("constant", 3, 1): "c" * 12,
        ("constant", 0, 2): "d" * 12,
        ("constant-sur", 0, 1): "a" * 12,
    }


def test_writing_the_same_key_again_replaces_it(tmp_path):
    store = Store(tmp_path)
    store.write(_info(), _frame(1.0))
    store.write(_info(), _frame(2.0))
    (run,) = store.current_runs()
    assert run.predictions["predicted_level"].tolist() == [2.0]
    assert not list(tmp_path.rglob(".partial-*"))


def test_what_a_kill_left_is_never_read_and_is_swept(tmp_path):
    store = Store(tmp_path)
    run = store.write(_info(), _frame())
    dead = run.path.with_name(".partial-999999999-constant-x")
    alive = run.path.with_name(f".partial-{os.getpid()}-constant-x")
    for leftover in (dead, alive):
        leftover.mkdir()
        (leftover / "run.json").write_text((run.path / "run.json").read_text())
    assert len(store.current_runs()) == 1
    store.sweep()
    assert not dead.exists()
    assert alive.exists(), "another process may still be writing it"


def test_the_later_of_two_runs_of_one_identity_counts(tmp_path):
    store = Store(tmp_path)
    run = store.write(_info(finished="2026-01-02T00:00:00"), _frame())
    older = run.path.with_name("constant-" + "0" * 12)
    older.mkdir()
    (older / "run.json").write_text(json.dumps(_info(key="0" * 12)))
    _frame().to_parquet(older / "predictions.parquet")
    assert [run.key for run in store.current_runs()] == ["a" * 12]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: (path / "run.json").write_text("{"),
        lambda path: (path / "run.json").write_text("[]"),
        lambda path: (path / "run.json").write_text(json.dumps({**_info(), "schema_version": 99})),
        lambda path: (path / "run.json").write_bytes(b"\xff\xfe\x00"),
        lambda path: (path / "predictions.parquet").unlink(),
    ],
    ids=["cut", "not an object", "other schema", "not text", "no predictions"],
)
def test_a_damaged_run_warns_and_is_passed_over(tmp_path, damage):
    store = Store(tmp_path)
    damage(store.write(_info(), _frame()).path)
    store.write(_info(predictor="psnr"), _frame())
    with pytest.warns(StoreWarning, match=r"run\.json"):
        runs = store.current_runs()
    assert [run.identity.predictor for run in runs] == ["psnr"]


def test_a_truncated_table_is_an_error_that_names_it(tmp_path):
    run = Store(tmp_path).write(_info(), _frame())
    table = run.path / "predictions.parquet"
    table.write_bytes(table.read_bytes()[:100])
    with pytest.raises(DataError, match=r"predictions\.parquet.*Delete"):
        _ = Store(tmp_path).current_runs()[0].predictions


def test_a_results_folder_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "results").write_text("a file where the folder should be")
    with pytest.raises(DataError, match="cannot be stored"):
        Store(tmp_path / "results").write(_info(), _frame())


def test_names_cannot_leave_the_results_folder(tmp_path):
    run = Store(tmp_path / "results").write(_info(predictor="../../x"), _frame())
    assert (tmp_path / "results") in run.path.parents


def test_a_name_with_a_dot_has_a_folder_without_one_and_is_found_and_replaced(tmp_path):
    """Windows drops a dot at the end of a folder's name, and takes what follows one for a file's kind."""
    store = Store(tmp_path)
    older = store.write(_info(predictor="jpegli-1.0"), _frame())
    other = store.write(_info(predictor="jpegli-1-0"), _frame())
    newer = store.write(_info(predictor="jpegli-1.0", key="b" * 12), _frame(41.0))
    assert newer.path.name == "jpegli-1_0-" + "b" * 12
    assert not older.path.exists()
    assert [run.key for run in store.find(newer.identity)] == ["b" * 12]
    assert {run.identity.predictor for run in store.current_runs()} == {"jpegli-1.0", "jpegli-1-0"}
    assert other.path.exists()
