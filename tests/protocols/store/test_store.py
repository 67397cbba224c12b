"""A stored run is whole or absent, belongs to one identity, and a damaged one never takes the others with it."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest

from datasets.common.errors import DataError
from datasets.common.files import partial_beside
from protocols.store.damage import StoreWarning, sealed
from protocols.store.record import RunRecord
from protocols.store.store import COLUMNS, Identity, Store
from tests.stored import run_json


def _json(predictor="constant", key="a" * 12, finished="2026-01-01T00:00:00", **identity):
    return run_json(predictor, key=key, finished=finished, identity=identity)


def _record(*given, **named):
    return RunRecord.from_json(_json(*given, **named))


def _frame(level=40.0):
    row = dict.fromkeys(COLUMNS)
    curve = np.linspace(0, 1, 100).tolist()
    row.update(picture="p", source="s", codec="jpeg", fold=1, true_level=42.0, predicted_level=level, error="")
    return pd.DataFrame([{**row, "true_sur": curve, "sur": None}])


def test_what_is_written_is_read_back(tmp_path):
    store = Store(tmp_path)
    written = store.write(_record(), _frame())
    (read,) = store.current_runs()
    assert read.path == written.path == tmp_path / "demo" / "kfold5-v1" / "mean" / ("constant-" + "a" * 12)
    assert read.identity == Identity("demo", "kfold5-v1", "mean", 1, 0, "constant")
    assert read.predictions["predicted_level"].tolist() == [40.0]
    assert len(read.predictions["true_sur"][0]) == 100


def test_a_new_run_takes_the_place_of_its_identity_alone(tmp_path):
    store = Store(tmp_path)
    store.write(_record(), _frame())
    store.write(_record(predictor="constant-sur"), _frame())
    store.write(_record(limit=3, key="c" * 12), _frame())
    store.write(_record(jnd=2, key="d" * 12), _frame())
    store.write(_record(key="b" * 12), _frame(41.0))
    keys = {(run.identity.predictor, run.identity.limit, run.identity.jnd): run.key for run in store.current_runs()}
    assert keys == {
        ("constant", 0, 1): "b" * 12,
        ("constant", 3, 1): "c" * 12,
        ("constant", 0, 2): "d" * 12,
        ("constant-sur", 0, 1): "a" * 12,
    }


def test_what_a_kill_left_is_never_read_and_is_swept(tmp_path):
    store = Store(tmp_path)
    run = store.write(_record(), _frame())
    alive = partial_beside(run.path)
    dead = alive.with_name(alive.name.replace(f"-{os.getpid()}-", "-999999999-"))
    for leftover in (dead, alive):
        shutil.copytree(run.path, leftover)
    table = partial_beside(tmp_path / "demo" / "pictures-0.parquet")
    table.with_name(table.name.replace(f"-{os.getpid()}-", "-999999999-")).write_bytes(b"half")
    assert len(store.current_runs()) == 1
    store.sweep()
    assert not dead.exists()
    assert alive.exists(), "another process may still be writing it"
    assert not list((tmp_path / "demo").glob(".partial-*"))


def test_the_later_of_two_runs_of_one_identity_counts(tmp_path):
    store = Store(tmp_path)
    run = store.write(_record(finished="2026-01-02T00:00:00"), _frame())
    older = run.path.with_name("constant-" + "0" * 12)
    older.mkdir()
    _frame().to_parquet(older / "predictions.parquet")
    content = sealed(_json(key="0" * 12), (older / "predictions.parquet").read_bytes())
    (older / "run.json").write_text(json.dumps(content))
    assert [run.key for run in store.current_runs()] == ["a" * 12]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: (path / "run.json").write_text("{"),
        lambda path: (path / "run.json").write_text("[]"),
        lambda path: (path / "run.json").write_text(json.dumps({**sealed(_json(), b""), "schema_version": 99})),
        lambda path: (path / "run.json").write_bytes(b"\xff\xfe\x00"),
        lambda path: (path / "run.json").write_text("[" * 100_000),
        lambda path: (path / "run.json").write_text(
            json.dumps(sealed({**_json(), "identity": {"dataset": "demo"}}, b""))
        ),
        lambda path: (path / "run.json").write_text(json.dumps(sealed({**_json(), "finished": 5}, b""))),
        lambda path: (path / "run.json").unlink(),
        lambda path: (path / "predictions.parquet").unlink(),
        lambda path: (path / "predictions.parquet").write_bytes((path / "predictions.parquet").read_bytes()[:100]),
        lambda path: shutil.copy(path.with_name("psnr-" + "a" * 12) / "predictions.parquet", path),
    ],
    ids=[
        "cut",
        "not an object",
        "other schema",
        "not text",
        "nested",
        "no identity",
        "no time",
        "no description",
        "no predictions",
        "cut predictions",
        "another run's predictions",
    ],
)
def test_a_damaged_run_warns_is_passed_over_and_set_aside(tmp_path, damage):
    store = Store(tmp_path)
    store.write(_record(predictor="psnr"), _frame(1.0))
    run = store.write(_record(), _frame())
    damage(run.path)
    before = sorted(file.read_bytes() for file in run.path.iterdir())
    for _ in range(2):
        with pytest.warns(StoreWarning, match=r"constant-a*/(run\.json|predictions\.parquet): passed over"):
            runs = store.current_runs()
        assert [run.identity.predictor for run in runs] == ["psnr"]
    assert [found.path for found in store.damaged(run.identity)] == [run.path]
    (aside,) = store.set_aside(run.identity)
    assert aside.name == ".damaged-constant-" + "a" * 12
    assert sorted(file.read_bytes() for file in aside.iterdir()) == before, "it is kept as it was"
    assert not store.damaged(run.identity) and not store.set_aside(run.identity)
    store.write(_record(), _frame(2.0))
    store.sweep()
    assert {run.identity.predictor for run in store.current_runs()} == {"constant", "psnr"}
    assert aside.is_dir()


def test_what_was_set_aside_before_is_never_replaced(tmp_path):
    store, asides = Store(tmp_path), []
    for level in (1.0, 2.0, 3.0):
        run = store.write(_record(), _frame(level))
        (run.path / "run.json").write_text(str(level))
        asides += store.set_aside(run.identity)
    assert [(aside / "run.json").read_text() for aside in asides] == ["1.0", "2.0", "3.0"]
    assert len(set(asides)) == 3 and not list(store.runs())


def test_a_damaged_run_of_another_predictor_or_limit_is_left_alone(tmp_path):
    store = Store(tmp_path)
    run = store.write(_record(), _frame())
    for other in (_record(predictor="constant-sur"), _record(limit=3, key="c" * 12)):
        (store.write(other, _frame()).path / "predictions.parquet").write_bytes(b"")
    assert not store.damaged(run.identity)
    assert len(store.damaged(dataclasses.replace(run.identity, limit=3))) == 1
    with pytest.warns(StoreWarning, match="constant-c"):
        assert len(store.find(run.identity)) == 1


def test_a_run_can_be_written_where_a_damaged_one_was_not_set_aside(tmp_path):
    store = Store(tmp_path)
    run = store.write(_record(), _frame())
    (run.path / "run.json").write_text("{")
    newer = store.write(_record(), _frame(2.0))
    assert newer.path != run.path and run.path.is_dir()
    with pytest.warns(StoreWarning):
        assert store.current_runs() == [newer]


def test_a_run_is_read_whole_and_outlives_its_folder(tmp_path):
    store = Store(tmp_path)
    store.write(_record(), _frame(1.0))
    (older,) = store.current_runs()
    store.write(_record(key="b" * 12), _frame(2.0))
    assert not older.path.exists()
    assert older.predictions["predicted_level"].tolist() == [1.0]


def test_a_run_written_after_another_counts_whatever_the_clocks_say(tmp_path):
    store = Store(tmp_path)
    store.write(_record(finished="2099-01-01T00:00:00"), _frame(1.0))
    store.write(_record(key="b" * 12, finished="2026-01-01T00:00:00"), _frame(2.0))
    assert [run.key for run in store.runs()] == ["b" * 12]


def test_any_flipped_byte_of_a_run_is_found(tmp_path):
    """Or changes nothing: white space outside of texts says nothing."""
    store = Store(tmp_path)
    run = store.write(_record(), _frame())
    file = run.path / "run.json"
    whole = file.read_bytes()
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert store.damaged(run.identity), place
    file.write_bytes(whole)
    assert not store.damaged(run.identity)


def test_trying_out_a_folder_leaves_nothing_in_it(tmp_path):
    run = Store(tmp_path).write(_record(), _frame())
    before = sorted(tmp_path.rglob("*"))
    Store(tmp_path).check_writable([run.identity])
    assert sorted(tmp_path.rglob("*")) == before


def test_a_results_folder_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "results").write_text("a file where the folder should be")
    with pytest.raises(DataError, match="cannot be stored"):
        Store(tmp_path / "results").write(_record(), _frame())
    with pytest.raises(DataError, match=r"results.*Nothing has been computed.*--results"):
        Store(tmp_path / "results").check_writable([_record().identity])


def test_names_cannot_leave_the_results_folder(tmp_path):
    run = Store(tmp_path / "results").write(_record(predictor="../../x"), _frame())
    assert (tmp_path / "results") in run.path.parents


def test_a_name_with_a_dot_has_a_folder_without_one_and_is_found_and_replaced(tmp_path):
    """Windows drops a dot at the end of a folder's name, and takes what follows one for a file's kind."""
    store = Store(tmp_path)
    older = store.write(_record(predictor="jpegli-1.0"), _frame())
    other = store.write(_record(predictor="jpegli-1-0"), _frame())
    newer = store.write(_record(predictor="jpegli-1.0", key="b" * 12), _frame(41.0))
    assert newer.path.name == "jpegli-1_0-" + "b" * 12
    assert not older.path.exists()
    assert [run.key for run in store.find(newer.identity)] == ["b" * 12]
    assert {run.identity.predictor for run in store.current_runs()} == {"jpegli-1.0", "jpegli-1-0"}
    assert other.path.exists()
