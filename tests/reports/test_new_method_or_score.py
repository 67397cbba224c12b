"""Protects what a method is, one file, and what a score is, one record: lists, tables and pages then have it right."""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path

import pytest

from baselines import subband
from baselines.interface.registry import registry
from protocols.run import main
from protocols.scoring.record import Score
from protocols.scoring.scores import SCORES
from protocols.store.store import Store
from reports import compare
from reports.build import render
from reports.tables.text import leaderboard_text

METHOD = '''"""Always the same level."""
from typing import final
from baselines import Card, JNDPredictor, Reference

@final
class Middling(JNDPredictor):
    """Always the same level."""

    level: float = 42.0
    """In the codec's unit."""

    card = Card(
        name="middling",
        title="The middling map",
        references=(
            Reference(
                authors=("Zs. Ötvös", "A. van der Body", "others"),
                title="On thresholds, levels and other things",
                venue="Gazette of Lesser Visibility 7(3):12-19",
                year=2031,
                doi="10.9999/glv_7.3",
            ),
            Reference((), "The same in full", "arXiv:3101.00001", 2031, url="https://example.org/a_b?c=d&e#f"),
        ),
        needs_pictures=False,
        deviations=("It is made up.",),
    )

    def fit(self, pictures, levels, *, seed):
        return self

    def predict(self, picture):
        return self.level
'''


pytestmark = pytest.mark.usefixtures("small_figures")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder whose files count as files in `baselines/subband/`."""
    folder = tmp_path / "methods"
    folder.mkdir()
    monkeypatch.setattr(subband, "__path__", [*subband.__path__, str(folder)])
    registry.cache_clear()
    yield folder
    sys.modules.pop("baselines.subband.middling", None)
    vars(subband).pop("middling", None)
    registry.cache_clear()


def test_a_method_in_one_file_is_right_everywhere(folder, tmp_path, capsys):
    (folder / "middling.py").write_text(METHOD, encoding="utf-8")

    assert main(["--list"]) == 0
    assert re.search(r"^ *middling\b.*", capsys.readouterr().out, re.MULTILINE)

    out = tmp_path / "report"
    flags = ["--predictors", "constant", "middling", "--limit", "2", "--jobs", "1", "-q"]
    assert main([*flags, "--results", str(tmp_path / "results"), "--report", str(out)]) == 0
    lines = (out / "leaderboard.md").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith("| middling | subband | ") for line in lines)

    bib = (out / "references.bib").read_text(encoding="utf-8")
    assert "@article{middling,\n  author = {Zs. Ötvös and A. van der Body and others},\n" in bib
    for field in (
        "title = {{On thresholds, levels and other things}},",
        "journal = {Gazette of Lesser Visibility},",
        "year = {2031},",
        "doi = {10.9999/glv_7.3},",
        "keywords = {middling},",
    ):
        assert f"  {field}\n" in bib
    assert "@misc{middling-2,\n  key = {middling-2},\n  title = {{The same in full}},\n" in bib
    assert "  eprint = {3101.00001},\n" in bib
    assert "  url = {https://example.org/a_b?c=d&e#f},\n" in bib

    (page,) = (out / "methods").glob("middling-*.html")
    html = page.read_text(encoding="utf-8")
    assert "<h1>The middling map</h1>" in html
    assert "Zs. Ötvös, A. van der Body et al., On thresholds, levels and other things, Gazette of Lesser" in html
    assert "It is made up." in html
    assert ">subband</span>" in html


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
