"""Protects `python -m sgjnd.ablate`: every row in the table, out-of-fold, with the kind of samples over it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from datasets.common.commands import run_command
from datasets.core.dataset import Dataset
from sgjnd import ablate, ablation
from sgjnd.ablate import main
from sgjnd.ablation import Task, Variant, errors_of, folds_of


@pytest.fixture
def few(monkeypatch, rated_dataset, quick) -> Dataset:
    """Any name stands for the rated pictures; the network is small, and computed in this process."""
    for module in (ablate, ablation):
        monkeypatch.setattr(module, "open_dataset", lambda *_: rated_dataset)
    monkeypatch.setattr(ablation, "ProcessPoolExecutor", lambda jobs, *_, **__: ThreadPoolExecutor(jobs))
    small = {**quick, "epochs": 1, "members": 1}
    monkeypatch.setitem(ablation.VARIANTS, "half", Variant("half", "half of the training sources", small, share=0.5))
    return rated_dataset


def rows_of(shown: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in shown.splitlines() if line[:1] == "|"]


def test_the_table_has_every_row_with_intervals_and_says_whose_samples(few, tmp_path, capsys):
    flags = ["--rows", "half", "constant", "fixed-75", "--fold-seeds", "2", "--out", str(tmp_path)]
    assert main(["parts", *flags]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("criteria on the error; 2 fold seeds; intervals resample sources")
    head, _, *rows = rows_of(shown)
    assert head == ["row", "MAE", "95 % interval", "minus constant"]
    found = {row[0]: row[1:] for row in rows}
    assert set(found) == {"half", "constant", "fixed-75"}
    assert found["constant"][2] == "" and " to " in found["half"][2]
    for mae, interval, *_ in found.values():
        low, _, high = interval.partition(" to ")
        assert float(low) <= float(mae) <= float(high)
    assert "half: half of the training sources" in shown
    assert len(list((tmp_path / "demo-mean").glob("*.json"))) == 6


def test_a_second_call_prints_the_same_table_and_computes_nothing(few, tmp_path, monkeypatch, capsys):
    flags = ["parts", "--rows", "constant", "fixed-75", "constant", "--fold-seeds", "1", "--out", str(tmp_path)]
    assert main(flags) == 0
    first = capsys.readouterr().out
    monkeypatch.setattr(ablation, "errors_of", lambda task: pytest.fail(f"{task} was computed again"))
    assert main(flags) == 0
    assert capsys.readouterr().out == first and len(rows_of(first)) == 4


def test_a_picture_is_predicted_by_what_was_fitted_without_its_source(few):
    """The constant shows it: each fold's error is that of the others' median."""
    errors = errors_of(Task("demo", None, "mean", "constant", 3))
    true = np.array([picture.samples.mean() for picture in few.pictures])
    fold = folds_of(few.pictures, 3)
    expected = [abs(np.median(true[fold != number]) - level) for number, level in zip(fold, true, strict=True)]
    np.testing.assert_allclose(errors, expected)


def test_a_worker_process_gives_what_this_one_does(tmp_path):
    task = Task("demo", None, "median", "constant", 1)
    ((given, errors),) = ablation.run([task], tmp_path, jobs=1)
    assert given == task and (errors == errors_of(task)).all()


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["parts", "--rows", "no-atention"], "Did you mean 'no-attention'"),
        (["parts", "--rows", "sgjnd-lite", "watson93"], "Did you mean 'watson1993"),
        (["parts", "--truth", "maen"], "Did you mean 'mean'"),
        (["search", "--truth", "maen"], "Did you mean 'mean'"),
        (["parts", "--dataset", "dmeo"], "Did you mean 'demo'"),
        (["search", "--dataset", "dmeo"], "Did you mean 'demo'"),
        (["parts", "--dataset", "simulated"], "needs --root"),
        (["parts", "--jobs", "0"], "1 or more"),
        (["parts", "--fold-seeds", "0"], "1 or more"),
    ],
)
def test_a_wrong_request_ends_with_one_clear_line(flags, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run_command(lambda: main(flags)) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1
    assert not list(Path().iterdir())


@pytest.mark.parametrize("flags", [[], ["part"], ["search", "--jobs", "2"]])
def test_flags_without_an_effect_are_refused(flags, capsys):
    with pytest.raises(SystemExit) as ended:
        main(flags)
    assert ended.value.code == 2 and "error:" in capsys.readouterr().err
