"""A report is built again when, and only when, it would differ."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from protocols.run import main
from reports import build
from reports.pages.index import USUAL_CHOICE
from reports.pages.report_files import STAMP, Stamp

FLAGS = ["--predictors", "constant", "fixed-75", "--limit", "4", "--jobs", "1"]


def _run(folder: Path, *flags: str) -> int:
    return main([*FLAGS, *flags, "--results", str(folder / "results"), "--report", str(folder / "report")])


@pytest.fixture(scope="module")
def finished(tmp_path_factory, small_figures) -> Path:
    """A run and its report."""
    folder = tmp_path_factory.mktemp("finished")
    assert _run(folder) == 0
    return folder


@pytest.fixture
def copied(finished, tmp_path) -> Path:
    """A copy to change, file times kept."""
    shutil.copytree(finished, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def builds(monkeypatch) -> list[str]:
    """Grows by one each time that a report is built."""
    done: list[str] = []
    render = build.render
    monkeypatch.setattr(build, "render", lambda *a, **k: done.append("built") or render(*a, **k))
    return done


def test_nothing_new_builds_nothing_and_tells_the_same(copied, builds, capsys):
    assert _run(copied) == 0
    first = capsys.readouterr().out
    assert _run(copied) == 0
    assert capsys.readouterr().out == first and "MAE" in first
    assert not builds


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "report" / "index.html").write_text("edited"),
        lambda folder: (folder / "report" / "leaderboard.csv").unlink(),
        lambda folder: (folder / "report" / STAMP).write_text("{"),
        lambda folder: (folder / "report" / STAMP).write_text(json.dumps({"source": "x", "files": [], "texts": 3})),
        lambda folder: shutil.rmtree(next((folder / "results" / "demo" / "kfold5-v1" / "mean").glob("fixed-75-*"))),
    ],
    ids=["a page edited", "a file gone", "a stamp cut off", "a foreign stamp", "a run gone"],
)
def test_what_changed_is_noticed(copied, change):
    about = (copied / "results", copied / "report", dataclasses.asdict(USUAL_CHOICE))
    assert Stamp(*about).holds
    change(copied)
    assert not Stamp(*about).holds


def test_what_was_noticed_is_built_again(copied, builds):
    (copied / "report" / "leaderboard.csv").write_text("edited")
    assert _run(copied) == 0
    assert builds == ["built"]
    assert build.main(["--results", str(copied / "results"), "--out", str(copied / "report"), "--check", "-q"]) == 0


def test_asked_for_itself_a_report_is_always_built(copied, builds):
    assert build.main(["--results", str(copied / "results"), "--out", str(copied / "report"), "-q"]) == 0
    assert builds == ["built"]
