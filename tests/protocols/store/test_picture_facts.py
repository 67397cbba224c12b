"""The table of pictures beside the runs: what stands in it, and that limited runs lose nothing of it."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest

from baselines.interface.registry import registry
from datasets.core.dataset import OpenOptions
from datasets.core.imaging import pixel_facts
from datasets.core.picture import Picture
from protocols.plan import Experiment, plan_jobs
from protocols.runner import carry_out
from protocols.store.damage import StoreWarning
from protocols.store.picture_facts import COLUMNS, read_pictures
from protocols.store.store import Store, StoredRun
from protocols.workers.dispatch import WorkerPool


def _carry_out(experiment: Experiment, results, predictor: str = "psnr") -> StoredRun:
    plans = plan_jobs([experiment], ["mean"], [registry()[predictor]], Store(results), rerun="stale", device="cpu")
    (run,) = carry_out(plans, Store(results), WorkerPool(), quiet=True, log=lambda line: None)
    return run


def test_a_ramp_has_the_gradient_of_its_steps():
    ramp = np.repeat(np.arange(0, 200, 2, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(50, axis=0)
    found = pixel_facts(ramp)
    assert (found.width_px, found.height_px) == (100, 50)
    assert found.gradient == pytest.approx(2 * 98 / 100), "the border columns are mirrored and have none"
    assert found.colourfulness == 0


def test_colourfulness_of_two_colours_by_hand():
    halves = np.zeros((10, 10, 3), np.uint8)
    halves[:, :5, 0], halves[:, 5:, 2] = 200, 100
    # rg is 200 and 0, yb is 100 and -100: spreads 100 and 100, means 100 and 0.
    assert pixel_facts(halves).colourfulness == pytest.approx(np.hypot(100, 100) + 0.3 * 100)


def test_a_run_stores_what_its_pictures_are(make_experiment, tmp_path):
    experiment = make_experiment()
    run = _carry_out(experiment, tmp_path)
    table = read_pictures(tmp_path, run)
    assert list(table.columns) == list(COLUMNS)
    assert table["picture"].tolist() == [picture.name for picture in experiment.pictures]
    for picture, row in zip(experiment.pictures, table.itertuples(), strict=True):
        assert np.array_equal(row.samples, picture.samples)
        assert np.allclose(row.psnr_db, picture.summary().psnr_db)
        assert np.array_equal(row.size_bytes, picture.summary().size_bytes)
        assert (row.width_px, row.height_px, json.loads(row.tabulated)) == (96, 96, {})
        assert row.gradient > 0
    assert run.record.dataset.root is None
    assert run.record.dataset.options == OpenOptions(jnd=1, anchor="source", level_direction="auto")


def test_a_limited_run_keeps_what_is_known_of_the_others(make_experiment, tmp_path):
    experiment = make_experiment()
    run = _carry_out(experiment, tmp_path)
    few = dataclasses.replace(experiment, pictures=experiment.pictures[:2] + experiment.pictures[4:6], limit=4)
    limited = _carry_out(few, tmp_path, "constant")
    assert limited.record.pictures_table == run.record.pictures_table
    assert len(read_pictures(tmp_path, limited)) == len(experiment.pictures)


def test_labels_alone_have_samples_and_no_pixels(make_experiment, tmp_path):
    experiment = make_experiment()
    bare = tuple(Picture(p.name, p.source, p.codec, p.pixels_per_degree, p.samples) for p in experiment.pictures)
    dataset = dataclasses.replace(experiment.dataset, pictures=bare)
    run = _carry_out(dataclasses.replace(experiment, dataset=dataset, pictures=bare), tmp_path, "constant")
    table = read_pictures(tmp_path, run)
    assert table["samples"].map(len).tolist() == [12] * 8
    for name in ("psnr_db", "size_bytes", "gradient", "colourfulness", "width_px"):
        assert table[name].isna().all(), name


def test_runs_of_an_older_form_and_names_that_lead_away_have_no_table(make_experiment, tmp_path):
    run = _carry_out(make_experiment(), tmp_path)
    for name in ("", "..", "*.parquet", "../pictures.parquet", "/etc/passwd"):
        changed = dataclasses.replace(run, record=dataclasses.replace(run.record, pictures_table=name))
        assert read_pictures(tmp_path, changed) is None


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"PAR1 no more", lambda data: b""])
def test_a_damaged_table_is_named_passed_over_set_aside_and_made_again(make_experiment, tmp_path, damage):
    run = _carry_out(make_experiment(), tmp_path)
    whole = read_pictures(tmp_path, run)
    (file,) = (tmp_path / "rated").glob("pictures-*")
    damaged = damage(file.read_bytes())
    file.write_bytes(damaged)
    with pytest.warns(StoreWarning, match=rf"{file.name}: passed over.*--rerun always"):
        assert read_pictures(tmp_path, run) is None
    with pytest.warns(StoreWarning, match=r"set aside: .*\.damaged-pictures"):
        run = _carry_out(make_experiment(), tmp_path, "constant")
    pd.testing.assert_frame_equal(read_pictures(tmp_path, run), whole)
    assert file.with_name(f".damaged-{file.name}").read_bytes() == damaged


def test_a_flipped_byte_of_a_table_is_found(make_experiment, tmp_path):
    run = _carry_out(make_experiment(), tmp_path, "constant")
    (file,) = (tmp_path / "rated").glob("pictures-*")
    whole = file.read_bytes()
    for place in range(0, len(whole), 97):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        with pytest.warns(StoreWarning, match="its digest"):
            assert read_pictures(tmp_path, run) is None


def test_what_two_wrote_at_once_is_put_together_and_then_made_one(make_experiment, tmp_path):
    """Neither saw what the other wrote: both files are there, until the next run."""
    experiment = make_experiment()
    runs = []
    for name, part in (("one", experiment.pictures[:4]), ("two", experiment.pictures[2:])):
        runs.append(
            _carry_out(dataclasses.replace(experiment, pictures=part, limit=len(part)), tmp_path / name, "constant")
        )
    shutil.copytree(tmp_path / "two" / "rated", tmp_path / "one" / "rated", dirs_exist_ok=True)
    assert len(list((tmp_path / "one" / "rated").glob("pictures-*"))) == 2
    names = [picture.name for picture in experiment.pictures]
    for run in runs:
        assert read_pictures(tmp_path / "one", run)["picture"].tolist() == names
    run = _carry_out(
        dataclasses.replace(experiment, pictures=experiment.pictures[:4], limit=4), tmp_path / "one", "fixed-75"
    )
    assert read_pictures(tmp_path / "one", run)["picture"].tolist() == names
    assert len(list((tmp_path / "one" / "rated").glob("pictures-*"))) == 1
