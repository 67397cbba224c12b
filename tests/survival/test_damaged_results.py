"""Whatever happens to stored files: what is damaged is named and passed over, the rest counts, and nothing is lost."""

from __future__ import annotations

import json
import random
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from protocols.run import main
from protocols.store.damage import SCHEMA_VERSION, StoreWarning, sealed
from protocols.store.picture_facts import COLUMNS as PICTURE_COLUMNS
from protocols.store.picture_facts import read_merged
from protocols.store.record import RunRecord
from protocols.store.store import COLUMNS, Store
from tests.stored import run_record, store_table
from tests.survival.conftest import cases

TABLE = Path("demo") / "pictures-ef2a9a1236c1.parquet"
PREDICTORS = ("constant", "constant-sur", "psnr")
FOREIGN = [
    {},
    [],
    {"schema_version": 1},
    {"schema_version": SCHEMA_VERSION, "identity": None},
    {"schema_version": [SCHEMA_VERSION]},
    {"schema_version": SCHEMA_VERSION, "identity": {}, "key": 3, "card": []},
    {"name": "package", "version": "1.0.0", "dependencies": {}},
    "a text",
    5,
]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def _flipped(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for place in rng.sample(range(len(data)), rng.choice((1, 1, 2, 8))):
        changed[place] ^= rng.randrange(1, 256)
    return bytes(changed)


def _zeroed(data: bytes, rng: random.Random) -> bytes:
    """A block that never reached the disk."""
    start = rng.randrange(len(data))
    end = min(len(data), start + rng.choice((1, 64, 512, 4096)))
    return data[:start] + bytes(end - start) + data[end:]


def _longer(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + rng.randbytes(rng.randrange(1, 50)) + data[place:]


def _foreign(data: bytes, rng: random.Random) -> bytes:
    return json.dumps(rng.choice(FOREIGN)).encode()


DAMAGES = {"cut": _cut, "flipped bytes": _flipped, "zeroed": _zeroed, "longer": _longer, "foreign": _foreign}
Damage = Callable[[bytes, random.Random], bytes]


@pytest.fixture
def stored(tmp_path) -> Store:
    """Three whole runs and the table of their pictures, in the present form."""
    store = Store(tmp_path / "results")
    for number, predictor in enumerate(PREDICTORS):
        frame = pd.DataFrame({name: [None] * 4 for name in COLUMNS}).assign(
            picture=["a", "b", "c", "d"], source=["a", "a", "c", "c"], true_level=50.0, predicted_level=float(number)
        )
        store.write(run_record(predictor, pictures=4), frame)
    pictures = {**dict.fromkeys(PICTURE_COLUMNS), "picture": ["a", "b", "c", "d"], "source": ["a", "a", "c", "c"]}
    store_table(store.results / TABLE, pd.DataFrame(pictures))
    return store


def _damaged(file: Path, damage: Damage, rng: random.Random) -> bytes | None:
    """The file's content from before; None where the damage changed nothing."""
    whole = file.read_bytes()
    file.write_bytes(damage(whole, rng))
    return None if file.read_bytes() == whole else whole


def _quietly_read(store: Store) -> tuple[list[str], list[str]]:
    """Which predictors' runs count, and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        names = [run.identity.predictor for run in store.current_runs()]
    assert {warning.category for warning in caught} <= {StoreWarning}
    return names, [str(warning.message) for warning in caught]


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_run_is_named_and_the_others_count(stored, survived, damage):
    rng = random.Random(3)
    whole = {run.identity.predictor: run for run in stored.current_runs()}
    for _ in range(cases(40)):
        name = rng.choice(sorted(whole))
        file = whole[name].path / rng.choice(("run.json", "predictions.parquet"))
        content = _damaged(file, damage, rng)
        if content is None:
            continue
        names, told = _quietly_read(stored)
        if name in names:  # white space of run.json, which says nothing
            assert not told and file.name == "run.json"
            assert RunRecord.from_json(json.loads(file.read_bytes())) == whole[name].record
        else:
            assert names == sorted(set(whole) - {name})
            assert len(told) == 1 and str(file) in told[0]
        file.write_bytes(content)
        survived(f"stored runs: {damage.__name__.strip('_')}")
    assert _quietly_read(stored) == (sorted(whole), [])


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_table_of_pictures_is_named_and_passed_over(stored, survived, damage):
    rng = random.Random(4)
    (file,) = (stored.results / "demo").glob("pictures-*")
    for _ in range(cases(40)):
        content = _damaged(file, damage, rng)
        if content is None:
            continue
        with pytest.warns(StoreWarning, match=f"{file.name}: passed over"):
            assert read_merged(stored.results / TABLE) is None
        file.write_bytes(content)
        survived(f"tables of pictures: {damage.__name__.strip('_')}")


def test_a_newer_schema_is_named_and_left_as_it_is(stored):
    run = stored.current_runs()[0]
    table = (run.path / "predictions.parquet").read_bytes()
    info = sealed(run.record.to_json(), table) | {"schema_version": SCHEMA_VERSION + 1}
    (run.path / "run.json").write_text(json.dumps(info))
    before = (run.path / "run.json").read_bytes()
    names, told = _quietly_read(stored)
    assert len(names) == 2 and f"schema version {SCHEMA_VERSION + 1}, this program reads {SCHEMA_VERSION}" in told[0]
    assert (run.path / "run.json").read_bytes() == before


def test_runs_of_two_places_that_were_mixed_up_are_found(stored):
    """Each file is whole, and they are not of one run."""
    one, other, _ = stored.current_runs()
    shutil.copy(other.path / "predictions.parquet", one.path)
    names, told = _quietly_read(stored)
    assert one.identity.predictor not in names and "its digest" in told[0]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A run on the demo set, for copies to be damaged."""
    folder = tmp_path_factory.mktemp("whole")
    assert _run(folder) == 0
    return folder


def _run(folder: Path, *flags: str) -> int:
    places = ["--results", str(folder / "results"), "--report", str(folder / "report")]
    predictors = ["--predictors", "constant", "constant-sur", "fixed-75", "--limit", "4", "--jobs", "1", "-q"]
    return main([*predictors, *flags, *places])


def _board(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "report" / "leaderboard.csv").drop(columns="ms_per_picture")


def test_a_run_makes_good_whatever_was_damaged(whole, tmp_path, survived, capsys):
    """All at once: a description cut off, flipped predictions, and a table of pictures that is no table."""
    shutil.copytree(whole / "results", tmp_path / "results")
    store, rng = Store(tmp_path / "results"), random.Random(6)
    constant, sur, fixed = store.current_runs()
    (table,) = (tmp_path / "results" / "demo").glob("pictures-*")
    files = {constant.path / "run.json": _cut, sur.path / "predictions.parquet": _flipped, table: _foreign}
    for file, damage in files.items():
        _damaged(file, damage, rng)
    contents = sorted(file.read_bytes() for file in files)
    with pytest.warns(StoreWarning):
        assert _run(tmp_path, "--dry-run") == 0
    planned = {line.split()[1]: line for line in capsys.readouterr().out.splitlines()}
    assert planned["constant"].startswith("run") and f"damaged: {constant.path / 'run.json'}" in planned["constant"]
    assert planned["constant-sur"].startswith("run") and "its digest" in planned["constant-sur"]
    assert planned["fixed-75"].startswith("reuse")
    with pytest.warns(StoreWarning):
        assert _run(tmp_path) == 0
    assert _quietly_read(store) == (["constant", "constant-sur", "fixed-75"], [])
    pd.testing.assert_frame_equal(_board(tmp_path), _board(whole))
    assert read_merged(table.with_name(fixed.record.pictures_table)) is not None
    aside = [file for folder in (tmp_path / "results").rglob(".damaged-*") for file in (folder, *folder.rglob("*"))]
    kept = {file.read_bytes() for file in aside if file.is_file()}
    assert set(contents) <= kept, "nothing that was damaged is thrown away"
    survived("runs made good", 3)


def test_a_report_goes_on_without_the_table_of_pictures(whole, tmp_path, survived):
    from reports.build import build

    shutil.copytree(whole / "results", tmp_path / "results")
    (table,) = (tmp_path / "results" / "demo").glob("pictures-*")
    table.write_bytes(table.read_bytes()[:1000])
    with pytest.warns(StoreWarning, match=table.name):
        build(tmp_path / "results", tmp_path / "report", quiet=True)
    board = _board(tmp_path).set_index("predictor")
    assert "ceiling-oracle" not in board.index, "what people would reach is not known without the table"
    assert np.array_equal(board["mae"], _board(whole).set_index("predictor").loc[board.index, "mae"])
    survived("reports without a table of pictures")
