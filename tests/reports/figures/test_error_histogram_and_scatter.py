"""Figures of one run: the error histogram and the scatter plots of levels and PSNR."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.collections import PathCollection
from matplotlib.patches import StepPatch

from protocols.store.store import Store
from reports.figures.catalogue import RUN_FIGURES, RunFigure
from reports.figures.error_histogram_and_scatter import RowFrame, error_bins, marked
from reports.figures.layout import mae_limit
from reports.figures.rank_diagrams import mae_dots
from reports.figures.style import styled
from reports.results.published import PublishedNumbers
from reports.results.row import Row
from reports.results.section import Section
from reports.tables.table import leaderboard_table
from tests.reports.conftest import read_sections
from tests.reports.figures.conftest import words

ERRORS, LEVELS, PSNR = RUN_FIGURES


def _words(kind: RunFigure, section: Section, row: Row) -> str:
    with styled():
        return words(kind.draw_all(section)[kind.stem(section, row)].svg)


def _drawn(kind: RunFigure, section: Section, row: Row, artist_type: type):
    """The axes, and a row's one artist of a type."""
    with styled():
        axes = kind.shared(section).axes[0]
        (artist,) = [artist for artist in kind.add(section, row, axes)[0] if isinstance(artist, artist_type)]
    return axes, artist


def test_the_histogram_prints_the_shares_and_draws_every_error(section):
    row, errors = section.rows[0], section.grid.errors[0]
    shares = "/".join(f"{100 * np.mean(np.abs(errors) <= k):.0f}" for k in (3, 5, 10))
    assert f"{shares} % within 3/5/10 QF; 24 pictures" in _words(ERRORS, section, row)
    _, bars = _drawn(ERRORS, section, row, StepPatch)
    assert bars.get_data().values.sum() == len(errors)
    assert np.array_equal(bars.get_data().edges, error_bins(section)[0])


def test_on_a_scale_of_db_one_db_is_marked_and_no_table_counts_within_three(tmp_path, store_codec_run):
    """Nearly all predictions of JPEG 2000's levels lie within 3 dB: that would tell no method from another."""
    store_codec_run(tmp_path, "jp2")
    (section,) = read_sections(tmp_path)
    assert marked(section) == 1 and {-1, 1} <= set(error_bins(section)[0])
    assert "% within 1 dB" in _words(ERRORS, section, section.rows[0])
    names = [column.name for column in leaderboard_table(section, PublishedNumbers((), ())).columns]
    assert "mae" in names and not [name for name in names if name.startswith("within")]


def test_rows_share_the_frame_and_leave_nothing_in_it(section):
    first, second = section.rows[:2]
    with styled():
        for kind in RUN_FIGURES:
            figure = kind.shared(section)
            frame, axes = RowFrame(figure), figure.axes[0]
            before, between, after = (frame.files(*kind.add(section, row, axes)) for row in (first, second, first))
            assert after == before
            assert between != before
            assert between == kind.draw_all(section)[kind.stem(section, second)]


def test_levels_stand_over_the_truth_with_the_constants_line(section):
    row = next(row for row in section.rows if not row.is_control)
    axes, points = _drawn(LEVELS, section, row, PathCollection)
    assert np.allclose(points.get_offsets(), row.run.predictions[["true_level", "predicted_level"]])
    level = section.control.run.predictions["predicted_level"].median()
    assert any(set(line.get_ydata()) == {level} for line in axes.lines)
    assert np.array_equal(axes.get_xticks(), axes.get_yticks())
    text = _words(LEVELS, section, row)
    assert f"constant, median {level:.1f}" in text
    assert f"MAE {row.scores['mae']:.2f} QF, SRCC {row.scores['srcc']:+.3f}" in text


def test_bins_are_shared_and_five_levels_off_stand_on_edges(section):
    edges, highest = error_bins(section)
    rows = [section.grid.errors_of(row.predictor) for row in section.rows]
    everything = np.concatenate(rows)
    assert edges[0] <= everything.min()
    assert everything.max() <= edges[-1]
    assert {-marked(section), marked(section)} <= set(edges)
    assert highest == max(np.histogram(errors, edges)[0].max() for errors in rows if errors.size)


def test_the_scatter_prints_signed_correlations_beside_the_constants(section):
    row, control = section.rows[0], section.control
    text = _words(PSNR, section, row)
    assert f"PLCC {row.scores['psnr_plcc']:+.3f}, SRCC {row.scores['psnr_srcc']:+.3f}" in text
    assert f"constant: PLCC {control.scores['psnr_plcc']:+.3f}, SRCC {control.scores['psnr_srcc']:+.3f}" in text


def test_a_negative_correlation_keeps_its_sign(tmp_path, store_run):
    run = store_run(tmp_path, "psnr")
    frame = run.predictions.assign(predicted_psnr_db=80 - run.predictions["true_psnr_db"])
    Store(tmp_path).write(run.record, frame)
    (section,) = read_sections(tmp_path)
    text = _words(PSNR, section, section.rows[0])
    assert "PLCC -1.000" in text
    assert "constant: not run" in text


def test_a_very_poor_row_does_not_press_the_others_into_a_corner(tmp_path: Path, store_run):
    for predictor in ("constant", "psnr", "chou1995"):
        store_run(tmp_path, predictor)
    for predictor in ("poor", "worst"):
        run = store_run(tmp_path, predictor)
        Store(tmp_path).write(run.record, run.predictions.assign(predicted_level=100.0))
    (section,) = read_sections(tmp_path)
    poor = section.rows[-1]
    assert section.control.scores["mae_high"] < mae_limit(section) < poor.scores["mae"]
    edges, _ = error_bins(section)
    beyond = int((section.grid.errors_of(poor.predictor) > edges[-1]).sum())
    assert beyond > 0
    assert f"{beyond} farther →" in _words(ERRORS, section, poor)
    with styled():
        assert "arrow: goes on beyond the axis" in words(mae_dots(section))
