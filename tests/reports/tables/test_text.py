"""The leaderboard on a terminal: aligned, best first, and with every failure."""

from __future__ import annotations

from reports.tables.text import leaderboard_text


def test_best_first_aligned_and_marked(tmp_path, store_run):
    runs = [store_run(tmp_path, predictor) for predictor in ("constant", "psnr", "chou1995")]
    lines = leaderboard_text(runs).splitlines()
    assert lines[0] == "Demo photographs (simulated observers): truth mean, 1st JND, folds kfold5-v1"
    assert lines[1] == "24 pictures of 12 sources"
    head, rule, *rows = lines[3 : lines.index("", 3)]
    assert head.split()[:3] == ["predictor", "n", "failed"]
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
