"""Two results folders side by side: what is found, what is called noise, and how it is told."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from datasets.common.commands import run_command
from protocols.store.store import Store
from reports.compare import main
from reports.results.two_folders import changes_between


@pytest.fixture
def folders(tmp_path, store_run) -> tuple[Path, Path]:
    """Two folders with the same two runs."""
    before, after = tmp_path / "before", tmp_path / "after"
    for folder in (before, after):
        for predictor in ("constant", "psnr"):
            store_run(folder, predictor)
    return before, after


def _change(folder: Path, predictor: str, amount: np.ndarray | float, **info: object) -> None:
    store = Store(folder)
    run = next(run for run in store.current_runs() if run.identity.predictor == predictor)
    frame = run.predictions
    record = dataclasses.replace(run.record, **info)
    store.write(record, frame.assign(predicted_level=frame["predicted_level"] + amount))


def test_the_same_runs_are_the_same(folders, capsys):
    changes = changes_between(*folders)
    assert changes.is_same
    assert changes.same == 2
    assert main([str(folder) for folder in folders]) == 0
    assert "2 runs say the same in both" in capsys.readouterr().out


def test_other_times_make_no_run_different(folders):
    run = Store(folders[1]).current_runs()[0]
    later = dataclasses.replace(run.record, finished="2027-01-01")
    Store(folders[1]).write(later, run.predictions.assign(ms=99.0))
    assert changes_between(*folders).is_same


def test_runs_that_came_and_went_are_named(folders, store_run, capsys):
    store_run(folders[0], "chou1995")
    store_run(folders[1], "psnr", truth="sqf")
    assert main([str(folder) for folder in folders]) == 1
    said = capsys.readouterr().out
    assert "only in A: chou1995 (demo, folds kfold5-v1, truth mean, JND 1)" in said
    assert "only in B: psnr (demo, folds kfold5-v1, truth sqf, JND 1)" in said


def test_a_change_of_every_picture_is_separable_and_a_change_without_direction_is_not(folders):
    frame = Store(folders[0]).current_runs()[0].predictions
    away = np.where(frame["predicted_level"] >= frame["true_level"], 3.0, -3.0)
    _change(folders[1], "constant", away)
    (worse,) = changes_between(*folders).changed
    assert worse.noise is not None
    assert worse.noise.difference == pytest.approx(3.0)
    assert worse.noise.low == pytest.approx(3.0)
    assert worse.noise.is_separable
    assert len(worse.pictures) == worse.common == 24
    _change(folders[1], "psnr", np.where(np.arange(24) // 2 % 2, 2.0, -2.0))
    both = {change.identity.predictor: change.noise for change in changes_between(*folders).changed}
    assert not both["psnr"].is_separable
    assert both["psnr"].low < 0 < both["psnr"].high
    assert both["constant"].p_holm == pytest.approx(min(2 * both["constant"].p, 1))


def test_settings_and_the_pictures_that_changed_most_are_told(folders, capsys):
    amounts = np.zeros(24)
    amounts[5], amounts[9] = 1.0, 30.0
    versions = {"python": "3.11.2", "numpy": "3.0.0"}
    _change(folders[1], "psnr", amounts, versions=versions, key_parts={"anchor": "source", "parameters": {"x": 1}})
    assert main([*map(str, folders), "--pictures", "1"]) == 1
    said = capsys.readouterr().out
    assert "setting  version: numpy: 2.4.6 -> 3.0.0" in said
    assert "setting  parameter: x: none -> 1" in said
    assert "picture  astronaut-009 (source-04): error" in said
    assert "and 1 more pictures whose error changed" in said
    assert "score    mae:" in said


def test_a_picture_that_fails_now_counts_as_the_worst_answer(folders, store_run):
    store_run(folders[1], "psnr", failing=1)
    (change,) = changes_between(*folders).changed
    failed = next(picture for picture in change.pictures if picture.after is None)
    assert failed.picture == "astronaut-023"
    assert failed.change > 40


@pytest.mark.parametrize("amount", [1e-14, 1e-9, 1e-5, 1e-3, 0.1, 2.0])
def test_what_is_listed_differs_in_the_digits_that_are_shown(folders, capsys, amount):
    """Sums in another order differ in their last digits: '18.871 -> 18.871' would tell nobody anything."""
    one_picture = np.where(np.arange(24) == 7, 1.0, 0.0)
    _change(folders[1], "psnr", amount * one_picture, key_parts={"parameters": {"x": 0.1 + amount / 100}})
    _change(folders[0], "psnr", 0.0, key_parts={"parameters": {"x": 0.1}})
    status = main([str(folder) for folder in folders])
    said = capsys.readouterr().out
    arrows = [line.rpartition(": ")[2].split(" -> ") for line in said.splitlines() if " -> " in line]
    assert status == 1 and arrows
    assert all(before != after.partition(" (")[0] for before, after in arrows), said
    assert ("score    mae:" in said) == (amount > 1e-4)
    assert ("the same to 6 digits" in said) == (amount < 1e-4)
    assert ("picture  astronaut-007" in said) == (amount >= 0.01)


def test_digits_that_nobody_sees_make_no_run_different(folders):
    _change(folders[1], "psnr", 1e-14)
    assert changes_between(*folders).is_same


def test_another_truth_is_said(folders):
    run = Store(folders[1]).current_runs()[0]
    frame = run.predictions
    Store(folders[1]).write(run.record, frame.assign(true_level=frame["true_level"] + 1))
    assert changes_between(*folders).changed[0].other_truths == 24


def test_json_has_all_of_it(folders, capsys):
    _change(folders[1], "psnr", 1.0)
    assert main([*map(str, folders), "--json"]) == 1
    content = json.loads(capsys.readouterr().out)
    assert content["schema_version"] == 1
    (changed,) = content["changed"]
    assert changed["identity"]["predictor"] == "psnr"
    assert len(changed["pictures"]) == 24
    assert changed["noise"]["separable"] in (True, False)


def test_a_folder_without_runs_is_a_wrong_request(folders, tmp_path, capsys):
    assert run_command(lambda: main([str(folders[0]), str(tmp_path / "nothing")])) == 2
    assert "nothing: there is no such folder" in capsys.readouterr().err


def test_names_cannot_forge_lines(folders, store_run, capsys):
    store_run(folders[1], "x\nonly in A: y")
    main([str(folder) for folder in folders])
    assert "\nonly in A: y" not in capsys.readouterr().out
