"""Protects what a score is: one record, which every table, page and file then shows."""

from __future__ import annotations

import csv
import json

import pytest

from protocols.scoring.record import Score
from protocols.scoring.scores import SCORES
from protocols.store.store import Store
from reports import compare
from reports.build import render
from reports.tables.text import leaderboard_text

WORST = Score(
    "worst_error",
    "largest absolute error in levels",
    heading="worst",
    unit="levels",
    group="level error",
    digits=1,
    brief="worst",
    compute=lambda frame: float((frame["predicted_level"] - frame["true_level"]).abs().max()),
)


@pytest.fixture
def _worst_error():
    SCORES.append(WORST)
    yield
    SCORES.remove(WORST)


@pytest.mark.usefixtures("_worst_error")
def test_one_record_is_a_column_everywhere(tmp_path, store_run, capsys):
    before, after = tmp_path / "before", tmp_path / "after"
    run = store_run(before, "psnr")
    frame = run.predictions
    error = frame["predicted_level"] - frame["true_level"]
    frame.loc[0, "predicted_level"] = frame.loc[0, "true_level"] + 27.25
    Store(after).write(run.record, frame)
    value = "27.2"

    files = {name: content for name, content in render(after, quiet=True).items() if "figures" not in name}
    lines = list(csv.DictReader(files["leaderboard.csv"].decode().splitlines()))
    assert float(lines[0]["worst_error"]) == pytest.approx(27.25)
    markdown, latex, page = (files[name].decode() for name in ("leaderboard.md", "leaderboard.tex", "index.html"))
    for text in (markdown, latex, page, leaderboard_text(Store(after).current_runs())):
        assert "worst" in text and value in text
    assert "worst (QF)" in markdown and "largest absolute error in levels" in page
    (section,) = json.loads(files["report.json"])["sections"]
    assert section["rows"][0]["scores"]["worst_error"] == pytest.approx(27.25)
    assert compare.main([str(before), str(after)]) == 1
    assert f"worst_error: {error.abs().max():.4f}"[:16] in capsys.readouterr().out
