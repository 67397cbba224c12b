"""The leaderboard's files and text: exact columns, numbers computed a second way, and text that shows as it is."""

from __future__ import annotations

import csv
import io
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from reports.results.written import decimal, p_value, significant
from reports.tables.csv_files import leaderboard_csv
from reports.tables.latex import latex, leaderboard_tex
from reports.tables.table import HOW_TO_READ
from reports.tables.text import leaderboard_markdown, leaderboard_text, markdown
from tests.reports.conftest import read_sections


def _csv_rows(results: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(leaderboard_csv(read_sections(results)))))


def _expected(frame: pd.DataFrame) -> dict[str, float]:
    """Every number of a row, from its definition; SUR curves as the fixture makes them."""
    true, given = (frame[name].to_numpy() for name in ("true_level", "predicted_level"))
    true_db, given_db = (frame[name].to_numpy() for name in ("true_psnr_db", "predicted_psnr_db"))
    curves = [np.vstack(frame[name].to_list()) for name in ("true_sur", "sur")]
    cells = [np.diff(np.pad(curve, ((0, 0), (1, 1)), constant_values=(0, 1)), axis=1) for curve in curves]
    error = given - true
    return {
        "n": len(frame),
        "failed": 0,
        "mae": sum(abs(e) for e in error) / len(error),
        "rmse": math.sqrt(sum(e * e for e in error) / len(error)),
        "bias": sum(error) / len(error),
        "within_3": sum(abs(e) <= 3 for e in error) / len(error),
        "within_5": sum(abs(e) <= 5 for e in error) / len(error),
        "within_10": sum(abs(e) <= 10 for e in error) / len(error),
        "plcc": scipy.stats.pearsonr(true, given).statistic,
        "srcc": scipy.stats.spearmanr(true, given).statistic,
        "krcc": scipy.stats.kendalltau(true, given).statistic,
        "psnr_mae_db": sum(abs(given_db - true_db)) / len(error),
        "psnr_plcc": scipy.stats.pearsonr(true_db, given_db).statistic,
        "psnr_srcc": scipy.stats.spearmanr(true_db, given_db).statistic,
        "sur_mae": float(np.abs(curves[0] - curves[1]).mean()),
        "bhattacharyya": float(np.mean(-np.log(np.sqrt(cells[0] * cells[1]).sum(axis=1)))),
        "bytes_saved": float(np.mean(1 - frame["predicted_bytes"] / 120_000)),
        "ms_per_picture": float(frame["ms"].mean()),
    }


def test_every_number_agrees_with_its_definition(tmp_path, store_run):
    frame = store_run(tmp_path, "psnr").predictions
    (row,) = _csv_rows(tmp_path)
    for name, value in _expected(frame).items():
        assert float(row[name]) == pytest.approx(value, rel=1e-5, abs=1e-9), name
    assert float(row["mae_low"]) < float(row["mae"]) < float(row["mae_high"])


def test_a_constant_has_no_correlation_and_an_empty_field_for_it(tmp_path, store_run):
    store_run(tmp_path, "constant")
    text = leaderboard_csv(read_sections(tmp_path))
    (row,) = _csv_rows(tmp_path)
    assert row["plcc"] == row["srcc"] == row["krcc"] == ""
    assert row["psnr_plcc"] != ""
    assert "nan" not in text.lower()


def test_the_demo_says_simulated_observers_and_others_do_not(tmp_path, store_run):
    store_run(tmp_path)
    store_run(tmp_path, dataset="mcl-jci")
    assert [row["dataset"] for row in _csv_rows(tmp_path)] == ["demo (simulated observers)", "mcl-jci"]


def test_limited_and_failed_rows_are_marked(tmp_path, store_run):
    store_run(tmp_path, "psnr", failing=24)
    store_run(tmp_path, "constant", limit=6, pictures=6)
    whole, limited = _csv_rows(tmp_path)
    assert (whole["limited"], limited["limited"]) == ("", "6")
    assert (whole["n"], whole["failed"], whole["mae"], whole["mae_low"]) == ("24", "24", "", "")


def test_labels_alone_leave_psnr_and_bytes_empty(tmp_path, store_run):
    store_run(tmp_path, dataset="mcl-jci", pixels=False)
    (row,) = _csv_rows(tmp_path)
    assert row["psnr_mae_db"] == row["psnr_plcc"] == row["bytes_saved"] == ""
    assert row["mae"] != ""


def test_one_picture_has_no_interval(tmp_path, store_run):
    store_run(tmp_path, pictures=1)
    (row,) = _csv_rows(tmp_path)
    assert (row["n"], row["mae_low"], row["mae_high"], row["srcc"]) == ("1", "", "", "")


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234567.0, "1234570"), (0.1 + 0.2, "0.3"), (1e-5, "0.00001"), (-0.0, "0"), (24, "24"), (None, ""), (5.0, "5")],
)
def test_significant_digits_have_no_exponent(value, text):
    assert significant(value) == text


def test_zero_has_no_sign():
    assert decimal(-0.001, 2) == "0.00"
    assert decimal(-0.006, 2) == "-0.01"


def test_markdown_has_a_section_each_units_marks_and_errors(tmp_path, store_run):
    store_run(tmp_path, "constant")
    store_run(tmp_path, "chou1995")
    store_run(tmp_path, "broken", failing=24)
    for predictor in ("constant", "chou1995"):
        store_run(tmp_path, predictor, truth="sqf")
    text = leaderboard_markdown(read_sections(tmp_path))
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert len(headings) == 3, "two truths, and the truths side by side"
    assert all("simulated observers" in heading for heading in headings)
    assert "MAE (QF)" in text
    assert "| constant *(control)* |" in text
    assert re.search(r"\| chou1995 \| pixel \| 24 \| 0 \| \*\*\d+\.\d\d\*\* \[", text)
    assert "| broken *(failed)* | constant | 24 | 24 |  |" in text
    assert "no edges in a flat picture (24 of 24 pictures" in text
    tables, truths = text.split("## Truth next to truth")
    for part in (*tables.split("## ")[1:], truths):
        assert len({line.count("|") for line in part.splitlines() if line.startswith("|")}) == 1


def test_bpg_levels_are_in_qp(tmp_path, store_run):
    store_run(tmp_path, info={"dataset": {"codec": "bpg", "unit": "QP", "level_highest": 51}})
    sections = read_sections(tmp_path)
    for text in (leaderboard_markdown(sections), leaderboard_tex(sections)):
        assert "QP" in text
        assert "QF" not in text.replace(HOW_TO_READ, "")
    assert ",bpg," in leaderboard_csv(sections)


def test_markdown_and_latex_show_special_characters_as_they_are(tmp_path, store_run):
    name = "50%_a|b<script>$x$ & `c` # ~ ^ \\ {d}\nnext"
    store_run(tmp_path, info={"dataset": {"title": name}, "error": "boom | ``x``\nline"})
    sections = read_sections(tmp_path)
    heading = next(line for line in leaderboard_markdown(sections).splitlines() if line.startswith("## "))
    assert "<script>" not in heading.replace("\\<script\\>", "")
    assert markdown("a|b\nc") == "a\\|b c"
    tex = leaderboard_tex(sections)
    assert r"50\%\_a\textbar{}b\textless{}script\textgreater{}\$x\$ \& `c` \# \textasciitilde{}" in tex
    assert latex("\\") == r"\textbackslash{}"


def test_latex_tables_are_balanced_and_bold_the_best(tmp_path, store_run):
    for predictor in ("constant", "chou1995", "psnr"):
        store_run(tmp_path, predictor)
        store_run(tmp_path, predictor, truth="sqf")
    text = leaderboard_tex(read_sections(tmp_path))
    assert text.count(r"\begin{table*}") == text.count(r"\end{table*}") == 5, (
        "two tables for each of two truths, and the truths side by side"
    )
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == 5
    assert text.count(r"\textbf{") == 2
    for block in text.split(r"\begin{tabular}")[1:]:
        columns = block[: block.index("\n")].count("r") + 1
        rows = [line for line in block.splitlines() if line.endswith(r" \\")]
        assert {line.count(" & ") for line in rows} == {columns - 1}


def test_best_first_aligned_and_marked(tmp_path, store_run):
    runs = [store_run(tmp_path, predictor) for predictor in ("constant", "psnr", "chou1995")]
    lines = leaderboard_text(runs).splitlines()
    assert lines[0] == "Demo photographs (simulated observers): truth mean, 1st JND, folds kfold5-v1"
    assert lines[1] == "24 pictures of 12 sources"
    head, rule, *rows = lines[3 : lines.index("", 3)]
    assert head.split()[:3] == ["predictor", "MAE", "QF"], "no row failed, so no column counts them"
    assert "MAE QF" in head
    assert set(rule) == {"-"}
    assert [row.split()[0] for row in rows] == ["chou1995", "psnr", "constant"]
    assert "(control)" in rows[-1]
    end = head.index("MAE QF") + len("MAE QF")
    assert all(row[end - 3] == "." and row[end] == " " for row in rows)
    assert all(len(line) <= 120 for line in lines)


def test_sections_stand_apart_and_failures_are_told(tmp_path, store_run):
    runs = [
        store_run(tmp_path, "constant"),
        store_run(tmp_path, "broken", failing=24),
        store_run(tmp_path, "constant", limit=6, pictures=6),
    ]
    whole, limited = leaderboard_text(runs).split("\n\nLIMITED to 6 pictures: not comparable. ")
    assert "  failed: broken: ValueError: no edges in a flat picture (24 of 24 pictures" in whole
    assert "broken" not in limited


def test_nothing_is_said_of_no_runs():
    assert leaderboard_text([]) == ""


def test_a_p_value_is_never_written_as_nothing():
    assert [p_value(p) for p in (1.0, 0.05, 0.0005, 0.0004, 0.0)] == ["1.000", "0.050", "0.001", "< 0.001", "< 0.001"]
    assert p_value(0.00004, 4) == "< 0.0001"
