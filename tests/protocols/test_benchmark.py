"""Protects the door for Python: names, classes and objects side by side, in modules, scripts, pipes and notebooks."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import protocols
from baselines.constant.constant import Constant
from baselines.constant.fixed import Fixed
from datasets.common.errors import UserError
from datasets.core.dataset import OpenOptions
from datasets.sets import open_dataset
from protocols import run_benchmark
from protocols.store.store import Store

SCRIPT = """
    print("the script begins")
    import numpy as np
    from baselines import Card, JNDPredictor
    from protocols import run_benchmark

    class MyMethod(JNDPredictor):
        card = Card(name="mine", title="Mine", needs_pictures=False)
        offset: float = 0.0

        def fit(self, pictures, levels, *, seed):
            self.level_ = float(np.mean(levels)) + self.offset
            return self

        def predict(self, picture):
            return self.level_

        def measure(self, picture):
            print("measured", picture.name, OFFSET)
            return {"offset": np.array(OFFSET)}

    OFFSET = 1.0
    table = run_benchmark("demo", [MyMethod(offset=4.0), "constant", "fixed-75"], truths=["mean"], limit=4,
                          quiet=True, jobs=JOBS)
    print(table[["predictor", "n", "failed", "status"]].to_csv(index=False))
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("benchmark") / "results"


@pytest.fixture(scope="module")
def table(results):
    predictors = [Fixed(quality=60), "constant", Constant, "fixed-75"]
    return run_benchmark("demo", predictors, truths=["mean"], limit=6, results=results, quiet=True)


def test_a_row_a_predictor_with_all_scores_best_first(table):
    assert sorted(table["predictor"]) == ["constant", "fixed", "fixed-75"]
    assert table["mae"].is_monotonic_increasing
    assert (table["n"] == 6).all() and (table["failed"] == 0).all() and (table["status"] == "complete").all()
    assert (table["mae_low"] < table["mae"]).all() and (table["mae"] < table["mae_high"]).all()
    assert {"dataset", "folds", "truth", "jnd", "limit", "rmse", "ms_per_picture"} <= set(table.columns)


def test_what_is_stored_is_reused_and_the_commands_find_it(table, results):
    stored = {run.identity.predictor: run for run in Store(results).current_runs()}
    assert set(stored) == set(table["predictor"])
    again = run_benchmark(open_dataset("demo"), ["constant"], truths=["mean"], limit=6, results=results, quiet=True)
    assert again["mae"].tolist() == table[table["predictor"] == "constant"]["mae"].tolist()
    assert Store(results).find(stored["constant"].identity) == [stored["constant"]]


def test_every_truth_has_rows_and_the_default_folder_is_in_the_cache(empty_cache, capsys):
    table = run_benchmark("demo", ["constant"], truths=["mean", "median"], limit=6)
    assert table["truth"].tolist() == ["mean", "median"]
    assert len(Store(empty_cache / "results").current_runs()) == 2
    assert capsys.readouterr().out == "", "a table is returned, and nothing printed"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"predictors": [5]}, "5 is no predictor"),
        ({"predictors": ["no-such"]}, "no-such"),
        ({"dataset": "no-such"}, "no-such"),
        ({"protocol": "no-such"}, "ablation, kfold"),
        ({"protocol": "ablation", "folds": "kfold5-v1"}, "is for --protocol kfold or transfer, not ablation"),
        ({"truths": ["no-such"]}, "no-such"),
        ({"jnd": 4}, "1, 2 or 3"),
        ({"codec": "no-such"}, "no codec 'no-such'"),
        ({"codec": "bpg"}, "--codec bpg"),
        ({"dataset": open_dataset("demo"), "codec": "webp"}, "--codec webp: the levels"),
    ],
)
def test_a_wrong_request_says_so(change, says, tmp_path):
    request = {"predictors": ["constant"], "results": tmp_path, "quiet": True, **change}
    with pytest.raises(UserError, match=says):
        run_benchmark(**request)
    assert not list(tmp_path.iterdir())


def test_runs_of_one_set_in_two_codecs_stand_side_by_side_and_say_how_it_is_opened_again(tmp_path, empty_cache):
    results = tmp_path / "results"
    for dataset in ("demo", open_dataset("demo", options=OpenOptions(codec="webp"))):
        run_benchmark(dataset, ["constant"], limit=4, results=results, quiet=True)
    again = run_benchmark("demo", ["constant"], codec="webp", limit=4, results=results, quiet=True)
    assert again["dataset"].tolist() == ["demo-webp"]
    runs = Store(results).current_runs()
    said = [(run.identity.dataset, run.record.dataset.opens_as, run.record.dataset.options.codec) for run in runs]
    assert said == [("demo", "demo", ""), ("demo-webp", "demo", "webp")]
    assert runs[1].record.generation == 1, "the second run in WebP is the stored one"
    assert runs[0].record.key_parts["fold file"] == runs[1].record.key_parts["fold file"]


def test_the_door_is_light():
    code = "import sys, protocols; print(sorted({'torch', 'cv2', 'scipy', 'pandas'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "[]"
    assert protocols.__all__ == ["run_benchmark"]
    with pytest.raises(AttributeError, match="no attribute 'run_everything'"):
        _ = protocols.run_everything


def _script(tmp_path: Path, jobs: int) -> str:
    return textwrap.dedent(SCRIPT).replace("JOBS", str(jobs))


def _check(printed: str) -> None:
    assert printed.count("the script begins") == 1, "workers do not run the script again"
    rows = [line for line in printed.splitlines() if line.endswith(",4,0,complete")]
    assert sorted(row.partition(",4")[0] for row in rows) == ["constant", "fixed-75", "mine"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_script_needs_no_guard(empty_cache, tmp_path, jobs):
    """And what stands in it is measured anew where the script was changed, and only there."""
    script = tmp_path / "script.py"
    for offset, measured in (("1.0", True), ("1.0", False), ("2.0", True))[: 3 if jobs == 1 else 1]:
        script.write_text(_script(tmp_path, jobs).replace("OFFSET = 1.0", f"OFFSET = {offset}"))
        ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
        _check(ran.stdout)
        assert ((ran.stdout + ran.stderr).count("measured ") >= 4) == measured


def test_a_program_from_standard_input_runs(empty_cache, tmp_path):
    ran = subprocess.run([sys.executable, "-"], input=_script(tmp_path, 1), capture_output=True, text=True, check=True)
    _check(ran.stdout)


def test_a_notebook_runs_cell_by_cell(empty_cache, tmp_path):
    """As a kernel does it: each cell is executed in one namespace, that of `__main__`, and stands in no file."""
    cells = _script(tmp_path, 1).partition("OFFSET = 1.0")
    code = f"import __main__\nfor cell in {[cells[0], cells[1] + cells[2]]!r}: exec(cell, vars(__main__))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    _check(ran.stdout)
