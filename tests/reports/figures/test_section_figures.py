"""Figures of a whole section and between truths: their numbers, their captions, and what is left out when."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from matplotlib.text import Text

from protocols.store.store import Store
from reports.figures.catalogue import SECTION_FIGURES, TRUTH_FIGURES
from reports.figures.cost_and_saving import (
    Point,
    cost_front,
    cost_points,
    draw_points,
    saving_and_noticing,
    saving_points,
)
from reports.figures.error_by_content import error_by_content, error_by_fifths, properties
from reports.figures.layout import CONTROL_STYLE, ROW_STYLES, select_rows
from reports.figures.rank_diagrams import (
    clique_bars,
    critical_difference,
    mae_dots,
    places_under,
    ranks_between_truths,
)
from reports.figures.style import new_figure, styled
from reports.figures.sur_curves import calibration, chosen_pictures, sur_calibration, sur_curves
from reports.results.level_curves import fixed_levels, observed
from reports.results.truths import truth_rankings
from tests.reports.conftest import PICTURES_TABLE, read_sections, write_pictures_table
from tests.reports.figures.conftest import NAMES, SOURCES, words


def _styles(axes) -> list[tuple]:
    lines = [line for line in axes.lines if line.get_marker() not in ("None", "", None)]
    return [(line.get_marker(), str(line._unscaled_dash_pattern)) for line in lines if len(line.get_xdata())]


def test_rows_differ_without_their_colour():
    styles = (*ROW_STYLES, CONTROL_STYLE)
    for name in ("marker", "linestyle"):
        assert len({str(style[name]) for style in styles}) == len(styles)


@pytest.mark.parametrize("draw", [error_by_content, sur_curves])
def test_curves_in_one_panel_differ_in_marker_and_line(section, draw):
    with styled():
        figure = draw(section).figure
    for axes in figure.axes[:3]:
        styles = set(_styles(axes))
        assert len(styles) > 2
        assert len({marker for marker, _ in styles}) == len(styles)
        assert len({line for _, line in styles}) == len(styles)


def test_few_of_many_are_shown_with_the_constant_and_it_is_said(section):
    selection = select_rows(section, 2)
    assert [row.predictor for row, _ in selection.rows][-1] == "constant"
    assert selection.caption == "the best 2 of 5 predictors and the constant"
    assert select_rows(section, 6).caption == "all 5 predictors"


def test_the_dots_draw_the_constant_as_a_line_and_print_every_row(section):
    with styled():
        drawing = mae_dots(section)
        text = words(drawing)
    assert drawing.figure.axes[0].lines[0].get_xdata()[0] == section.control.scores["mae"]
    for printed in ("dashed: the constant", "constant (control)", "broken (failed)", "no score"):
        assert printed in text


def test_the_front_is_what_nothing_beats_in_both(section):
    points = cost_points(section)
    whole = {row.predictor: row for row in section.rows if row.is_whole}
    for point in points:
        name = point.name.removesuffix(" (control)")
        beaten = any(other.x <= point.x and other.y <= point.y and other != point for other in points)
        assert point.marked == (name in whole and not beaten), name
    with styled():
        drawing = cost_front(section)
    assert drawing.figure.axes[0].get_xscale() == "log"
    assert "ms, logarithmic" in words(drawing)


def test_people_who_notice_are_counted_from_the_samples(section):
    row = section.rows[0]
    samples = section.pictures_table.set_index("picture")["samples"]
    frame = row.run.predictions
    by_hand = np.mean([np.mean(samples[p] >= q) for p, q in frame[["picture", "predicted_level"]].to_numpy()])
    saved = np.mean(1 - frame["predicted_bytes"] / frame["best_bytes"])
    point = saving_points(section)[0]
    assert (point.x, point.y) == pytest.approx((100 * by_hand, 100 * saved))
    line = fixed_levels(section)
    assert line.shape == (2, 100)
    assert (np.diff(line[0]) <= 1e-9).all()
    assert line[1, -1] == 0


def test_a_fixed_level_never_beats_the_line_of_fixed_levels(section):
    """At levels that nobody notices, or everybody, the line stands upright: only its far end counts."""
    line, subjects = fixed_levels(section), observed(section.pictures_table, section.dataset)
    assert (line[0] == 0).sum() > 1
    frame = section.rows[0].run.predictions.copy()
    sizes = section.pictures_table.set_index("picture")["size_bytes"]
    for level in (1, 40, 99, 100):
        frame["predicted_level"] = float(level)
        frame["predicted_bytes"] = [sizes[picture][level - 1] for picture in frame["picture"]]
        frame["best_bytes"] = [sizes[picture][-1] for picture in frame["picture"]]
        noticing = subjects.noticing(frame["picture"].tolist(), frame["predicted_level"].to_numpy()).mean()
        saved = (1 - frame["predicted_bytes"] / frame["best_bytes"]).mean()
        scores = {**section.rows[0].scores, "noticing": noticing, "bytes_saved": saved}
        rows = (dataclasses.replace(section.rows[0], scores=scores),)
        (point,) = saving_points(dataclasses.replace(section, rows=rows))
        assert point.y == pytest.approx(line[1, level - 1]) and not point.marked


def test_calibration_bins_hold_every_pair(section):
    given, seen, counts = calibration(np.array([0.0, 0.05, 0.55, 1.0]), np.array([0.0, 0.2, 0.5, 0.9]))
    assert counts.tolist() == [2, 1, 1]
    assert given == pytest.approx([0.025, 0.55, 1.0])
    assert seen == pytest.approx([0.1, 0.5, 0.9])
    with styled():
        figure = sur_calibration(section).figure
    for axes in figure.axes:
        numbers = [int(text.get_text()) for text in axes.texts if text.get_text().isdigit()]
        pictures = int(re.search(r"(\d+) pictures", axes.get_title(loc="left"))[1])
        assert sum(numbers) == 100 * pictures


def test_errors_by_parts_average_to_the_whole(section):
    values, errors = np.arange(20.0), np.arange(20.0)
    errors[3] = np.nan
    sources = [f"source-{number // 2}" for number in range(20)]
    middles, means, ends = error_by_fifths(values, errors, sources)
    assert middles.tolist() == [1.5, 5.5, 9.5, 13.5, 17.5]
    assert means == pytest.approx([1.0, 5.5, 9.5, 13.5, 17.5])
    assert (ends[0] < means).all() and (means < ends[1]).all()
    assert np.isnan(error_by_fifths(values, errors, ["one"] * 20)[2]).all()
    labels = [item.label for item in properties(section)]
    assert labels[0] == "bytes per pixel at the best level (all 0.31 megapixels)"
    assert labels[1:] == ["gradient (grey levels per pixel)", "colourfulness"]


def test_the_ranks_are_those_of_the_comparison_and_pictures_are_the_blocks(section):
    with styled():
        text = words(critical_difference(section))
    assert "blocks are the 24 pictures" in text
    assert all(f"{rank:.2f}" in text for rank in section.comparison.ranks.mean_ranks)
    assert f"critical difference {section.comparison.ranks.critical_difference:.2f} ranks" in text


def test_stems_of_ranks_begin_at_the_first_and_every_cut_interval_has_an_arrow(section):
    with styled():
        stems, *_ = critical_difference(section).figure.axes[0].collections
        scores = {**section.rows[0].scores, "mae_high": 90.0}
        rows = (dataclasses.replace(section.rows[0], scores=scores), *section.rows[1:])
        axes = mae_dots(dataclasses.replace(section, rows=rows)).figure.axes[0]
    assert {segment[0, 0] for segment in stems.get_segments()} == {1.0}
    arrows = [line.get_ydata()[0] for line in axes.lines if line.get_marker() == ">"]
    limit = axes.get_xlim()[1]
    cut = [place for place, row in enumerate(rows) if not row.has_failed and row.scores["mae_high"] > limit]
    assert 0 in cut and sorted(arrows) == cut


def test_letters_are_nine_pixels_high_on_a_phone(figures):
    """Where the page shows a figure as wide as its style wants at least: 42rem, and 24rem for those of one run."""
    for stem, figure in figures.items():
        text = figure.svg.decode()
        width = float(re.search(r'viewBox="0 0 ([\d.]+)', text)[1])
        least = min(float(size) for size in re.findall(r"font(?:-size)?: (?:bold )?([\d.]+)px", text))
        shown = 16 * (24 if stem.count("/") == 2 else 42)
        assert least * shown / width >= 9, stem


def test_bars_of_cliques_go_from_their_first_to_their_last_place():
    order = np.array([6, 5, 4, 3, 2, 1, 0])
    assert clique_bars([(0, 1), (1, 2, 3), (5, 6)], order) == [(0, 1), (3, 5), (5, 6)]


def test_ranks_between_truths_are_those_of_the_tables(sections):
    (ranking,) = truth_rankings(sections)
    places = places_under(ranking)
    assert all(sorted(row) == list(range(1, len(ranking.predictors) + 1)) for row in places)
    with styled():
        drawing = ranks_between_truths(ranking)
    text = words(drawing)
    assert "the 4 predictors that answered for every picture" in text
    assert "partly" not in text
    assert "psnr" in drawing.alt
    assert TRUTH_FIGURES[0].stem(ranking) == "figures/ranks-demo-kfold5-v1-mean-median-jnd1"


def test_the_ceiling_is_drawn_and_named(section):
    ceiling = section.ceilings[0]
    with styled():
        text = words(mae_dots(section))
        lines = cost_front(section).figure.axes[0].lines
    assert f"dotted: the ceiling ({ceiling.predictor}), {ceiling.scores['mae']:.2f} QF" in text
    assert any(set(line.get_ydata()) == {ceiling.scores["mae"]} for line in lines if len(line.get_ydata()) == 2)


def test_old_runs_without_a_table_leave_out_what_needs_it(tmp_path, store_run):
    for predictor in ("constant", "psnr", "chou1995"):
        store_run(tmp_path, predictor)
    (old,) = read_sections(tmp_path)
    with styled():
        missing = {kind.name: kind.missing for kind in SECTION_FIGURES if kind.missing and kind.draw(old) is None}
        assert "do not hold the observers' own steps" in words(sur_curves(old))
        assert len(error_by_content(old).figure.axes) == 2
    assert set(missing) == {"saving", "calibration"}
    assert all("older form" in why for why in missing.values())


def test_runs_without_curves_or_sizes_are_told_apart(tmp_path, store_run):
    write_pictures_table(tmp_path, NAMES, SOURCES, sizes=False)
    for predictor in ("constant", "psnr"):
        run = store_run(tmp_path, predictor, pixels=False, info={"pictures_table": PICTURES_TABLE})
        Store(tmp_path).write(run.record, run.predictions.assign(sur=None))
    (section,) = read_sections(tmp_path)
    with styled():
        assert sur_calibration(section) is None
        assert saving_and_noticing(section) is None
        assert "no predictor here gives a curve" in words(sur_curves(section))


def test_the_pictures_of_the_sur_curves_span_the_true_levels(section):
    frame = section.rows[0].run.predictions.set_index("picture")
    levels = [frame.at[name, "true_level"] for name in chosen_pictures(section)]
    assert levels == sorted(levels)
    assert len(levels) == 3
    assert levels[1] == pytest.approx(frame["true_level"].median(), abs=3)


def test_names_stay_inside_the_axes_and_cover_neither_each_other_nor_a_point():
    rng = np.random.default_rng(2)
    points = [Point(f"method-{index}", *rng.uniform(0, 1, 2), is_named=index < 12) for index in range(40)]
    with styled():
        figure, axes = new_figure(7.2, 4, title=["a"])
        axes.set(xlim=(0, 1), ylim=(0, 1))
        draw_points(axes, points)
        figure.canvas.draw()
    boxes = [Text.get_window_extent(text) for text in axes.texts]
    assert len(boxes) == 12
    assert not any(a.overlaps(b) for index, a in enumerate(boxes) for b in boxes[:index])
    places = axes.transData.transform([(point.x, point.y) for point in points])
    assert not any(box.contains(*place) for box in boxes for place in places)
    assert all(axes.bbox.contains(*corner) for box in boxes for corner in (box.min, box.max))
