"""JND next to JND: distances that are made, who knows one JND only, and pictures that not all have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from protocols.store.store import Store
from reports.results.jnds import JndComparison, jnd_comparisons, jnd_notes
from reports.tables.jnd_table import jnd_levels_table, jnd_mae_table
from reports.tables.text import leaderboard_markdown, markdown_table
from tests.reports.conftest import PICTURES_TABLE, read_sections, write_pictures_table

PICTURES = 24
FIRST = np.linspace(40, 60, PICTURES)
STEPS = np.repeat(np.random.default_rng(4).uniform(8, 12, (2, PICTURES // 2)), 2, axis=1)
LEVELS = dict(enumerate(FIRST - np.vstack([np.zeros(PICTURES), np.cumsum(STEPS, axis=0)]), start=1))


def store_jnds(results: Path, store_run) -> None:
    """Three JNDs of the demo set: `stuck` gives all the first, `new` ran for the second alone."""
    write_pictures_table(
        results,
        [f"astronaut-{index:03d}" for index in range(PICTURES)],
        [f"source-{index // 2:02d}" for index in range(PICTURES)],
    )
    for jnd, true in LEVELS.items():
        predicted = {"constant": np.full(PICTURES, np.median(true)), "psnr": true + 2.0, "stuck": FIRST + 1.0}
        for name, levels in {**predicted, **({"new": true - 3.0} if jnd == 2 else {})}.items():
            run = store_run(results, name, jnd=jnd, info={"pictures_table": PICTURES_TABLE})
            Store(results).write(run.record, run.predictions.assign(true_level=true, predicted_level=levels))
    store_run(results, "constant", truth="median")


@pytest.fixture(scope="module")
def comparison(tmp_path_factory, store_run) -> JndComparison:
    results = tmp_path_factory.mktemp("results")
    store_jnds(results, store_run)
    (comparison,) = jnd_comparisons(read_sections(results))
    return comparison


def test_levels_and_distances_are_those_that_were_made(comparison):
    first, second, third = comparison.by_jnd
    assert (first.mean, first.lowest, first.highest, first.distance) == (pytest.approx(50), 40, 60, None)
    assert (second.distance, third.distance) == (pytest.approx(STEPS[0].mean()), pytest.approx(STEPS[1].mean()))
    assert second.low < second.distance < second.high
    assert second.mean == pytest.approx(first.mean - second.distance)
    assert first.observers == (12, 12)
    table = markdown_table(jnd_levels_table(comparison))
    assert f"| 3rd | 12 | {third.mean:.1f} |" in table and f"{third.distance:.1f} [{third.low:.1f}," in table


def test_who_gives_every_jnd_the_same_level_is_said_to_know_one(comparison):
    assert [row.predictor for row in comparison.rows if row.knows_one] == ["stuck"]
    assert any(note.endswith("say nothing of them: stuck.") for note in jnd_notes(comparison))
    lines = {line.cells[0].text: line.cells[1:] for line in jnd_mae_table(comparison).lines}
    assert [cell.text for cell in lines["psnr"]] == ["2.00", "2.00", "2.00", ""]
    assert lines["stuck"][0].text == "1.00" and lines["stuck"][0].is_best and lines["stuck"][-1].text == "one JND only"
    assert [cell.text for cell in lines["new"]] == ["", "3.00", "", ""]
    assert lines["constant"][0].interval and jnd_mae_table(comparison).lines[-1].cells[0].text == "new"


def test_pictures_that_not_every_jnd_has_are_left_out(tmp_path, store_run):
    for jnd, pictures in ((1, 24), (2, 20)):
        store_run(tmp_path, "constant", jnd=jnd, pictures=pictures)
    (comparison,) = jnd_comparisons(read_sections(tmp_path))
    assert comparison.levels.shape == (2, 20) and "20 pictures of 10 sources" in comparison.title
    assert comparison.by_jnd[0].observers is None


def test_one_jnd_gives_no_comparison(tmp_path, store_run):
    for truth in ("mean", "median"):
        store_run(tmp_path, "constant", truth=truth, jnd=2)
    sections = read_sections(tmp_path)
    assert jnd_comparisons(sections) == []
    assert "JND next to JND" not in leaderboard_markdown(sections)


def test_levels_of_a_quantiser_grow_towards_worse_quality(tmp_path, store_run):
    for jnd, level in ((1, 30.0), (2, 36.0)):
        codec = {"codec": "bpg", "unit": "QP", "level_lowest": 1, "level_highest": 51}
        run = store_run(tmp_path, "constant", jnd=jnd, info={"dataset": codec})
        Store(tmp_path).write(run.record, run.predictions.assign(true_level=level, codec="bpg"))
    (comparison,) = jnd_comparisons(read_sections(tmp_path))
    assert comparison.by_jnd[1].distance == pytest.approx(6)
