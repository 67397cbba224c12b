"""What a section answers first: who judged, what is predicted, which rows differ, which may be the best."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from protocols.run import parser
from protocols.store.picture_facts import COLUMNS
from protocols.store.store import Store
from reports.results.commands import commands, roots
from reports.results.glossary import column_meanings, glossary
from reports.results.section import Section
from reports.results.section_scores import columns
from reports.results.verdict import findings, verdict
from tests.reports.conftest import read_sections
from tests.stored import store_table

TABLE = "pictures-0123456789ab.parquet"
PICTURES = 48


@pytest.fixture
def section_of(tmp_path, store_run):
    """Makes a section of rows by name, each with its errors in levels on 48 pictures of 24 sources."""

    def make(errors: dict[str, np.ndarray], growth: float = 0.02) -> Section:
        true = np.random.default_rng(1).uniform(30, 60, PICTURES)
        _store_table(tmp_path, true, growth)
        for name, error in errors.items():
            run = store_run(tmp_path, name, pictures=PICTURES, info={"pictures_table": TABLE})
            Store(tmp_path).write(run.record, run.predictions.assign(true_level=true, predicted_level=true + error))
        return read_sections(tmp_path)[0]

    return make


def _store_table(results: Path, true: np.ndarray, growth: float) -> None:
    values = {
        "picture": [f"astronaut-{index:03d}" for index in range(len(true))],
        "source": [f"source-{index // 2:02d}" for index in range(len(true))],
        "codec": "jpeg",
        "pixels_per_degree": 24.3,
        "samples": [np.full(7, level) for level in true],
        "tabulated": json.dumps({}),
        "psnr_db": [25 + 0.15 * np.arange(100) for _ in true],
        "size_bytes": [5000 * (1 + growth) ** np.arange(100) for _ in true],
    }
    store_table(results / "demo" / TABLE, pd.DataFrame({name: values.get(name) for name in COLUMNS}))


def _errors(spread: float, seed: int) -> np.ndarray:
    """Of each source alike, since sources are what is drawn."""
    return np.repeat(np.random.default_rng(seed).normal(0, spread, PICTURES // 2), 2)


def _answers(section: Section) -> dict[str, str]:
    return {answer.question: answer.text for answer in verdict(section)}


def test_the_box_says_who_judged_and_what_a_level_is(section_of):
    answers = _answers(section_of({"constant": _errors(9, 1), "psnr": _errors(3, 2)}))
    assert answers["Who judged"] == "simulated observers, no people, 7 per picture; 48 pictures of 24 sources."
    assert (
        "JPEG QF 3" in answers["What is predicted"]
        and "One QF step costs about 2.0 % more bytes" in answers["What is predicted"]
    )


def test_what_differs_from_the_constant_is_named_with_its_gain_and_interval(section_of):
    section = section_of(
        {"constant": np.full(PICTURES, 10.0), "psnr": _errors(1, 2), "chou1995": np.full(PICTURES, 20.0)}
    )
    answers = _answers(section)
    gain = 10 - np.abs(_errors(1, 2)).mean()
    assert answers["Better than the constant"].startswith(f"psnr by {gain:.1f} QF [")
    assert answers["Better than the constant"].endswith("] (1 of 2, with p corrected for all of them).")
    assert (
        answers["Worse than the constant"]
        == "chou1995 by 10.0 QF [10.0, 10.0] (1 of 2, with p corrected for all of them)."
    )
    assert answers["The best"] == "psnr, better than each of the 2 others by more than chance."


def test_what_cannot_be_separated_is_said_with_the_sources_that_it_would_take(section_of):
    answers = _answers(section_of({"constant": _errors(5, 1), "psnr": _errors(5, 2), "chou1995": _errors(5, 3)}))
    assert answers["Better than the constant"] == "none of 2 by more than chance."
    assert "Worse than the constant" not in answers
    assert "none of the 2 others is separable from it" in answers["The best"]
    assert "sources would separate" in answers["The best"] and "there are 24 here" in answers["The best"]


def test_rows_that_few_sources_cannot_exclude_though_they_err_more_than_an_excluded_constant_are_counted(section_of):
    """A row whose errors differ much from source to source stays among those that may be the best."""
    wide = np.where(np.arange(PICTURES) < 6, 90.0, 1.0)
    errors = {"constant": np.full(PICTURES, 10.0), "psnr": 1 + 0 * wide, "chou1995": wide}
    answers = _answers(section_of(errors))
    assert "Not separable from it: chou1995 (1 of 2)." in answers["The best"]
    assert "24 sources are too few to exclude 1 of these, though they err more" in answers["The best"]


def test_many_rows_that_may_be_the_best_are_shown_in_the_table(section_of):
    rows = {f"row-{number:02d}": _errors(5, number) for number in range(12)}
    (best,) = (
        a for a in verdict(section_of({"constant": np.full(PICTURES, 30.0), **rows})) if a.question == "The best"
    )
    assert best.shows == "best_group" and "and 3 more (11 of 12)" in best.text


def test_without_the_constant_the_box_says_what_is_missing(section_of):
    section = section_of({"psnr": _errors(5, 2), "chou1995": _errors(5, 3)})
    assert _answers(section)["Better than the constant"].startswith("unknown: the control 'constant'")
    assert any(text == "All 2 predictors answered for all 48 pictures." for text in findings(section))


def test_the_command_that_runs_a_section_again_is_one_that_the_parser_takes(section_of):
    (command,) = commands(section_of({"constant": _errors(5, 1), "psnr": _errors(3, 2)}))
    assert command.startswith("python -m protocols.run --dataset demo ")
    flags = parser().parse_args(shlex.split(command)[3:])
    assert (flags.folds, flags.truths, sorted(flags.predictors)) == ("kfold5-v1", ["mean"], ["constant", "psnr"])


def test_what_dir_is_in_a_command_is_said_where_one_has_it(tmp_path, section_of, store_run):
    assert roots(section_of({"constant": _errors(5, 1)})) == ""
    for name, samples, said in (
        ("mcl-jci", "people", "datasets.get mcl-jci'"),
        ("simulated", "simulated observers", "datasets.simulate PHOTOS --out DIR --codec webp'"),
    ):
        facts = {"opens_as": name, "samples": samples, "root": "/a/folder", "codec": "webp"}
        store_run(tmp_path / name, info={"dataset": facts})
        (section,) = read_sections(tmp_path / name)
        assert said in roots(section) and "/a/folder" not in roots(section)
        assert "--root DIR" in commands(section)[0]


def test_every_column_and_word_has_a_meaning():
    headings = [heading for heading, _ in column_meanings("QF")]
    assert len(headings) == len(columns())
    assert all(meaning for _, meaning in [*glossary(), *column_meanings("QF")])
