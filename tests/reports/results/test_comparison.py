"""Statistics in the tables: who is as good as the best, how far to the ceiling, what the truth changes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from protocols.store.picture_facts import COLUMNS
from protocols.store.store import Store, StoredRun
from reports.results.section import Section, sections_of
from reports.results.section_scores import columns
from reports.results.truths import truth_notes, truth_rankings
from reports.results.verdict import findings
from reports.results.written import cell
from reports.tables.csv_files import leaderboard_csv, pairs_csv, truths_csv
from reports.tables.latex import leaderboard_tex
from reports.tables.text import leaderboard_markdown
from tests.reports.conftest import read_sections
from tests.stored import store_table

TABLE = "pictures-0123456789ab.parquet"
PICTURES, SUBJECTS = 40, 20


def _store_table(results: Path, true: np.ndarray, *, pixels: bool = True, subjects: int = SUBJECTS) -> None:
    rng = np.random.default_rng(8)
    base = rng.uniform(22, 28, len(true))
    samples = [np.clip(level + rng.normal(0, 8, subjects), 1, 100) for level in true]
    values = {
        "picture": [f"astronaut-{index:03d}" for index in range(len(true))],
        "source": [f"source-{index // 2:02d}" for index in range(len(true))],
        "codec": "jpeg",
        "pixels_per_degree": 24.3,
        "samples": samples,
        "tabulated": json.dumps({}),
        "psnr_db": [level + 0.15 * np.arange(100) for level in base] if pixels else None,
    }
    store_table(results / "demo" / TABLE, pd.DataFrame({name: values.get(name) for name in COLUMNS}))


def _with_levels(run: StoredRun, results: Path, true: np.ndarray, predicted: np.ndarray) -> None:
    """The run again, with levels of the test's own."""
    frame = run.predictions.assign(true_level=true, predicted_level=predicted)
    Store(results).write(run.record, frame)


@pytest.fixture(scope="module")
def results(tmp_path_factory, store_run) -> Path:
    """Two truths; `sharp` and `same` err little, `turned` is best under one truth and worst under the other."""
    rng, folder = np.random.default_rng(6), tmp_path_factory.mktemp("results")
    for truth, sign in (("mean", 1.0), ("median", -1.0)):
        true = rng.uniform(20, 70, PICTURES)
        if truth == "mean":
            _store_table(folder, true)
        errors = {"constant": 25.0 - np.arange(PICTURES) % 13, "sharp": rng.normal(0, 3, PICTURES)}
        errors["same"] = np.roll(errors["sharp"], 7)
        errors["turned"] = rng.normal(0, 0.5, PICTURES) if sign > 0 else rng.normal(0, 20, PICTURES)
        for name, error in errors.items():
            run = store_run(folder, name, truth=truth, pictures=PICTURES, info={"pictures_table": TABLE})
            _with_levels(run, folder, true, np.clip(true + error, 1, 100))
    return folder


@pytest.fixture(scope="module")
def sections(results) -> list[Section]:
    """Under the mean and under the median."""
    return read_sections(results)


def test_groups_and_the_way_to_the_ceiling(sections):
    mean, median = sections
    assert mean.rows[0].predictor == "turned" and mean.rows[-1].is_control
    assert mean.comparison.best_names == ["turned"]
    assert set(median.comparison.best_names) == {"sharp", "same"}
    scores = {row.predictor: row.scores for row in mean.rows}
    ceiling = mean.ceilings[0].scores["mae"]
    assert scores["constant"]["to_ceiling"] == 0
    assert scores["turned"]["to_ceiling"] > 1, "it errs less than people could"
    way = (scores["constant"]["mae"] - scores["sharp"]["mae"]) / (scores["constant"]["mae"] - ceiling)
    assert scores["sharp"]["to_ceiling"] == pytest.approx(way)
    assert ceiling == pytest.approx(np.sqrt(2 / np.pi) * 8 / np.sqrt(SUBJECTS), rel=0.1)


def test_the_ceiling_is_never_ranked(sections):
    for section in sections:
        assert len(section.ceilings) == 3
        assert not any(section.is_best(row) for row in section.ceilings)
        assert not {row.predictor for row in section.ceilings} & set(section.comparison.predictors)
        assert [row.kind for row in section.table_rows[-3:]] == ["ceiling"] * 3
    rows = list(csv.DictReader(io.StringIO(leaderboard_csv(sections))))
    ceilings = [row for row in rows if row["kind"] == "ceiling"]
    assert len(ceilings) == 6
    assert all(row["best_group"] == row["mean_rank"] == row["to_ceiling"] == "" for row in ceilings)
    assert all(float(row["mae_low"]) < float(row["mae"]) < float(row["mae_high"]) for row in ceilings)


def test_what_other_observers_would_move_stands_beside_scores_and_differences(sections):
    """The constant errs in one direction only, so its MAE moves as the mean of the truths does."""
    section = sections[0]
    scores = {row.predictor: row.scores for row in section.rows}
    noise = scores["constant"]["truth_noise"]
    assert noise == pytest.approx(1.96 * 8 / np.sqrt(SUBJECTS * PICTURES), rel=0.1)
    assert scores["constant"]["truth_noise_high"] == pytest.approx(scores["constant"]["mae"] + noise)
    pairs = list(csv.DictReader(io.StringIO(pairs_csv([section]))))
    moved = {(row["first"], row["second"]): float(row["truth_noise"]) for row in pairs}
    best, median = (
        scores["turned"]["truth_noise"],
        np.median([moved["turned", name] for name in scores if name != "turned"]),
    )
    (said,) = (text for text in findings(section) if text.startswith("Noise of the truth: "))
    assert f"other simulated observers would move the MAE of turned by ±{best:.2f} QF" in said
    assert f"from another row by ±{median:.2f} (median of the rows)" in said


def test_every_text_has_the_ceiling_and_the_constants_correlation(sections):
    constant = sections[0].control.scores["psnr_plcc"]
    column = next(column for column in columns() if column.name == "psnr_plcc")
    other = next(row for row in sections[0].rows if not row.is_control)
    assert cell(column, other).endswith(f" ({constant:.3f})")
    assert "(" not in cell(column, sections[0].control)
    for text in (leaderboard_markdown(sections), leaderboard_tex(sections)):
        assert "ceiling-oracle" in text
        assert f"({constant:.3f})" in text
        assert "Better than the constant: " in text and "The best: " in text


def test_a_partial_correlation_is_that_of_what_the_fixed_psnr_leaves(sections):
    section = sections[0]
    row = next(row for row in section.rows if row.predictor == "sharp")
    frame = row.run.predictions.sort_values("picture")
    level = round(float(frame["true_level"].median()))
    own = np.array([psnr[level - 1] for psnr in section.pictures_table["psnr_db"]])
    left = [
        frame[name] - np.polyval(np.polyfit(own, frame[name], 1), own) for name in ("true_psnr_db", "predicted_psnr_db")
    ]
    assert row.scores["psnr_partial_plcc"] == pytest.approx(np.corrcoef(*left)[0, 1])
    assert section.unit in findings(section)[-1] and f"{level}" in findings(section)[-1]


def test_truths_side_by_side_warn_where_the_answer_changes(sections):
    (ranking,) = truth_rankings(sections)
    assert ranking.truths == ["mean", "median"]
    warnings = " ".join(ranking.warnings)
    assert "The best changes with the truth: turned under mean" in warnings
    assert "Separable under both truths, in opposite order: turned before" in warnings
    assert ranking.agreement[0][2] < 1
    rows = list(csv.DictReader(io.StringIO(truths_csv(sections))))
    assert {(row["truth"], row["rank"]) for row in rows if row["predictor"] == "turned"} >= {("mean", "1")}


def test_truths_that_agree_warn_of_nothing(tmp_path, store_run):
    for truth in ("mean", "median"):
        for name, error in (("constant", 9.0), ("sharp", 1.0)):
            run = store_run(tmp_path, name, truth=truth, pictures=PICTURES)
            true = run.predictions["true_level"].to_numpy()
            _with_levels(run, tmp_path, true, true + error)
    (ranking,) = truth_rankings(read_sections(tmp_path))
    assert ranking.warnings == []
    assert truth_notes(ranking)[:-1] == ["Kendall's tau of the ranks under mean and median: +1.00."]


def test_one_predictor_or_one_truth_has_no_ranking(tmp_path, store_run):
    store_run(tmp_path, "psnr")
    store_run(tmp_path, "psnr", truth="median")
    assert truth_rankings(read_sections(tmp_path)) == []


def test_pairs_say_their_difference_and_its_interval(sections):
    rows = list(csv.DictReader(io.StringIO(pairs_csv(sections))))
    assert len(rows) == 2 * 6
    maes = {row.predictor: row.scores["mae"] for row in sections[0].rows}
    for row in rows[:6]:
        assert float(row["mae_difference"]) == pytest.approx(maes[row["first"]] - maes[row["second"]], abs=1e-4)
        assert float(row["low"]) <= float(row["mae_difference"]) <= float(row["high"])
        assert float(row["p"]) <= float(row["p_corrected"])
        assert row["separable"] == str(int(float(row["p_corrected"]) < 0.05))


def test_a_partly_failed_row_is_never_as_good_as_the_best(tmp_path, store_run):
    for name in ("constant", "psnr"):
        store_run(tmp_path, name)
    store_run(tmp_path, "chou1995", failing=1)
    (section,) = read_sections(tmp_path)
    row = next(row for row in section.rows if row.predictor == "chou1995")
    assert row.scores["best_group"] == 0
    assert any("counts as the worst possible answer" in text and "chou1995" in text for text in findings(section))


@pytest.mark.parametrize(
    ("truth", "table", "says"),
    [
        ("sqf", True, "'sqf' is tabulated"),
        ("mean", False, "stored without their observers"),
        ("mean", True, "fewer than"),
    ],
)
def test_why_there_is_no_ceiling_is_said(tmp_path, store_run, truth, table, says):
    _store_table(tmp_path, np.full(24, 40.0), pixels=False, subjects=3)
    run = store_run(tmp_path, truth=truth, info={"pictures_table": TABLE} if table else None)
    (section,) = sections_of([run], tmp_path)
    assert section.ceilings == ()
    assert any(says in text for text in findings(section))
    assert section.rows[0].scores["to_ceiling"] is None


def test_too_few_sources_are_said_to_prove_nothing(tmp_path, store_run):
    for name, error in (("constant", 20.0), ("sharp", 0.0)):
        run = store_run(tmp_path, name, pictures=8)
        true = run.predictions["true_level"].to_numpy()
        _with_levels(run, tmp_path, true, np.clip(true + error, 1, 100))
    (section,) = read_sections(tmp_path)
    assert section.sources == 4
    assert findings(section)[0].startswith("Differences: 4 sources cannot tell any two rows apart")


def test_tables_stay_as_they_are(sections, golden):
    golden("leaderboard.md", leaderboard_markdown(sections))
    golden("leaderboard.tex", leaderboard_tex(sections))
    golden("leaderboard.csv", leaderboard_csv(sections))
    golden("pairs.csv", pairs_csv(sections))
    golden("truths.csv", truths_csv(sections))
