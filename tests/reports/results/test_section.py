"""What may stand in one table: protects against comparing what is not comparable, and against rank by failing."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from protocols.store.store import Store
from reports.results.written import ordinal
from reports.tables.text import leaderboard_text
from tests.reports.conftest import read_sections


def test_truths_jnds_limits_and_datasets_never_share_a_section(tmp_path, store_run):
    store_run(tmp_path, "constant")
    store_run(tmp_path, "psnr")
    store_run(tmp_path, "constant", truth="sqf")
    store_run(tmp_path, "constant", jnd=2)
    store_run(tmp_path, "constant", limit=6, pictures=6)
    store_run(tmp_path, "constant", limit=8, pictures=8)
    store_run(tmp_path, "constant", dataset="mcl-jci")
    sections = read_sections(tmp_path)
    parts = [(s.identity.dataset, s.identity.truth, s.identity.jnd, s.identity.limit, len(s.rows)) for s in sections]
    assert parts == [
        ("demo", "mean", 1, 0, 2),
        ("demo", "mean", 1, 6, 1),
        ("demo", "mean", 1, 8, 1),
        ("demo", "mean", 2, 0, 1),
        ("demo", "sqf", 1, 0, 1),
        ("mcl-jci", "mean", 1, 0, 1),
    ]
    assert len({section.title for section in sections}) == len(sections)


def test_who_gave_the_samples_survives_a_long_title(tmp_path, store_run):
    store_run(tmp_path, info={"dataset": {"title": "A title " * 30}})
    (section,) = read_sections(tmp_path)
    heading = section.dataset.heading_within(60)
    assert len(heading) <= 60
    assert heading.endswith("… (simulated observers)")


def test_runs_of_other_data_stand_apart_and_say_so(tmp_path, store_run):
    for predictor in ("constant", "psnr"):
        store_run(tmp_path, predictor, seed=7)
    store_run(tmp_path, "chou1995", seed=8)
    largest, other = read_sections(tmp_path)
    assert [row.predictor for row in other.rows] == ["chou1995"]
    assert (largest.state, other.state) == (1, 2)
    assert largest.title != other.title
    assert "separate tables" in largest.notes[0]


def test_runs_with_another_anchor_stand_apart(tmp_path, store_run):
    store_run(tmp_path, "constant")
    store_run(tmp_path, "psnr", info={"key_parts": {"anchor": "best-level"}})
    assert len(read_sections(tmp_path)) == 2


def test_failing_never_makes_a_method_climb(tmp_path, store_run):
    store_run(tmp_path, "constant")
    store_run(tmp_path, "psnr", failing=23)
    store_run(tmp_path, "broken", failing=24)
    store_run(tmp_path, "chou1995")
    (section,) = read_sections(tmp_path)
    assert [row.predictor for row in section.rows] == ["chou1995", "constant", "psnr", "broken"]
    assert [section.is_best(row) for row in section.rows] == [True, False, False, False]
    assert section.rows[2].failures == [
        "ValueError: no edges in a flat picture (23 of 24 pictures, first astronaut-001)"
    ]
    assert section.rows[0].failures == []


def test_one_cause_is_told_once_though_it_names_each_picture(tmp_path, store_run):
    store_run(tmp_path, "psnr", failing=23)
    run = Store(tmp_path).current_runs()[0]
    frame = run.predictions
    named = [
        error and f"{name} has no pixels: give {name}"
        for error, name in zip(*(frame[column] for column in ("error", "picture")), strict=True)
    ]
    Store(tmp_path).write(run.record, frame.assign(error=named))
    (section,) = read_sections(tmp_path)
    assert section.rows[0].failures == [
        "astronaut-001 has no pixels: give astronaut-001 (23 of 24 pictures, first astronaut-001)"
    ]


def test_a_section_without_the_constant_says_so(tmp_path, store_run):
    store_run(tmp_path, "psnr")
    (section,) = read_sections(tmp_path)
    assert section.control is None
    assert any("constant" in note for note in section.notes)


def test_notes_of_the_loader_stand_once(tmp_path, store_run):
    for predictor in ("constant", "psnr"):
        store_run(tmp_path, predictor, info={"dataset": {"notes": ["The level direction was found to be up."]}})
    (section,) = read_sections(tmp_path)
    assert section.notes == ["The level direction was found to be up."]


@pytest.mark.parametrize(
    ("mixed", "note"),
    [
        (
            {"decoder": "OpenCV 4.8, libjpeg 9"},
            "Decoded by different libraries.*for most of them; OpenCV 4.8, libjpeg 9: psnr",
        ),
        ({"seed": 7}, "Of different seeds.*: 0 for most of them; 7: psnr"),
        ({"device": "cuda"}, "Computed on different devices.*for most of them; cuda: psnr"),
    ],
)
def test_a_table_says_what_it_mixes(mixed, note, tmp_path, store_run):
    for predictor in ("constant", "constant-sur"):
        store_run(tmp_path, predictor)
    assert read_sections(tmp_path)[0].notes == []
    store_run(tmp_path, "psnr", info=mixed)
    (section,) = read_sections(tmp_path)
    assert len(section.notes) == 1 and re.search(note, section.notes[0])


@pytest.mark.parametrize("labels_of", ["demo", "konjnd-1k-jpeg"])
def test_a_method_that_knows_this_sets_labels_is_named(labels_of, tmp_path, store_run):
    store_run(tmp_path, "constant")
    store_run(tmp_path, "psnr", info={"labels_of": labels_of})
    (section,) = read_sections(tmp_path)
    assert (
        section.notes
        == (["psnr: threshold from this set's labels, so the method has seen the truth here."][: labels_of == "demo"])
    )


@pytest.mark.parametrize(
    ("samples", "row"),
    [
        ("simulated observers", "cvvdp"),
        ("simulated observers with PSNR-HVS-M", "psnr-hvs-m"),
        ("simulated observers: scripts, not people", ""),
    ],
)
def test_the_metric_that_the_observers_see_with_is_named(samples, row, tmp_path, store_run):
    """On the page and in the terminal."""
    runs = [
        store_run(tmp_path, predictor, info={"dataset": {"samples": samples}})
        for predictor in ("constant", "cvvdp", "psnr-hvs-m")
    ]
    (section,) = read_sections(tmp_path)
    note = f"{row}: the metric that the simulated observers see with; its scores say nothing here."
    assert section.notes == ([note] if row else [])
    assert (note in " ".join(leaderboard_text(runs).split())) == bool(row)


def test_an_empty_failed_run_joins_the_others(tmp_path, store_run):
    whole = store_run(tmp_path, "constant")
    run = store_run(tmp_path, "broken", failing=24)
    empty = whole.predictions.iloc[:0]
    Store(tmp_path).write(dataclasses.replace(run.record, error="CUDA out of memory", pictures=0), empty)
    (section,) = read_sections(tmp_path)
    assert section.rows[-1].failures == ["CUDA out of memory"]
    assert section.rows[-1].has_failed


def test_errors_leave_failed_pictures_out(tmp_path, store_run):
    run = store_run(tmp_path, "psnr", failing=4)
    (section,) = read_sections(tmp_path)
    expected = run.predictions["predicted_level"].to_numpy()[:20] - run.predictions["true_level"].to_numpy()[:20]
    assert np.array_equal(section.grid.errors_of("psnr"), expected)


def test_ordinals():
    assert [ordinal(jnd) for jnd in (1, 2, 3, 4)] == ["1st", "2nd", "3rd", "4th"]
