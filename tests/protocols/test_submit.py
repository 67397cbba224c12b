"""Protects the way in for methods that run elsewhere: from a template to a marked row, compared like any other."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from datasets.common.errors import UserError
from datasets.sets import open_dataset
from protocols import run_benchmark
from protocols.store.store import Store
from protocols.submit import main
from reports.results.commands import commands
from reports.results.section import sections_of
from reports.tables.text import leaderboard_text

CARD = """
title = "Mine, in MATLAB"
deviations = ["Written in MATLAB."]
[[references]]
authors = ["A. Body"]
title = "A paper"
venue = "IEEE TIP 1(2):3-4"
year = 2026
"""


@pytest.fixture
def filled(tmp_path, capsys) -> Path:
    """The demo set's template with the true mean of each picture as its level."""
    file = tmp_path / "levels.csv"
    assert main([str(file), "--template"]) == 0
    assert "25 pictures, folds kfold5-v1" in capsys.readouterr().out
    truths = {picture.name: picture.samples.mean() for picture in open_dataset("demo").pictures}
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows({**row, "level": truths[row["picture"]]} for row in rows)
    return file


def test_a_filled_template_becomes_a_row_that_is_marked(filled, tmp_path):
    results, card = tmp_path / "results", tmp_path / "card.toml"
    card.write_text(CARD, encoding="utf-8")
    flags = ["--name", "my-matlab", "--card", str(card), "--results", str(results), "--truths", "mean"]
    assert main([str(filled), *flags]) == 0
    run_benchmark("demo", ["constant"], truths=["mean"], results=results, quiet=True)
    runs = {run.identity.predictor: run for run in Store(results).current_runs()}
    mine = runs["my-matlab"]
    assert mine.record.kind == "submitted" and mine.record.card.title == "Mine, in MATLAB"
    assert mine.record.card.references[0].year == 2026
    assert mine.status == "complete" and mine.predictions["ms"].isna().all()
    assert (mine.predictions["predicted_level"] - mine.predictions["true_level"]).abs().max() < 1e-9
    assert mine.predictions["fold"].tolist() == runs["constant"].predictions["fold"].tolist()
    text = leaderboard_text(runs.values(), results)
    assert "my-matlab (submitted)" in text and "Better than the constant: my-matlab" in text


def test_the_same_file_is_reused_and_another_replaces_it(filled, tmp_path):
    flags = ["--name", "my-matlab", "--results", str(tmp_path / "results"), "--truths", "mean"]
    stored = []
    for changed in (False, False, True):
        if changed:
            head, first, *others = filled.read_text(encoding="utf-8").splitlines()
            first = ",".join([*first.split(",")[:-1], "12.5"])
            filled.write_text("\n".join([head, first, *others, ""]), encoding="utf-8")
        assert main([str(filled), *flags]) == 0
        stored.append(Store(tmp_path / "results").current_runs())
    assert [len(runs) for runs in stored] == [1, 1, 1]
    assert stored[0][0].record.finished == stored[1][0].record.finished
    assert stored[2][0].predictions["predicted_level"].iloc[0] == 12.5


def test_its_section_says_how_it_is_submitted_again(filled, tmp_path):
    results = tmp_path / "results"
    main([str(filled), "--name", "my-matlab", "--results", str(results), "--truths", "mean"])
    run_benchmark("demo", ["constant"], truths=["mean"], results=results, quiet=True)
    (section,) = sections_of(Store(results).current_runs())
    run, submitted = commands(section)
    assert "my-matlab" not in run
    assert submitted.startswith(f"python -m protocols.submit {filled} --name my-matlab --dataset demo")


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ([], "--name: say under which name"),
        (["--name", "psnr"], "is a predictor's name already"),
        (["--name", "mine", "--card", "CARD"], "has 'colour'; a card has title"),
        (["--name", "mine", "--card", "NO-TOML"], "is no TOML"),
    ],
)
def test_a_wrong_request_says_so_and_stores_nothing(filled, tmp_path, flags, says):
    (tmp_path / "CARD").write_text('colour = "red"', encoding="utf-8")
    (tmp_path / "NO-TOML").write_text("title =", encoding="utf-8")
    flags = [str(tmp_path / flag) if flag.isupper() else flag for flag in flags]
    with pytest.raises(UserError, match=says):
        main([str(filled), *flags, "--results", str(tmp_path / "results")])
    assert not (tmp_path / "results").exists()
