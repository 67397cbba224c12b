"""Figures of a whole section and between truths: their numbers, their captions, and what is left out when."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from protocols.store.picture_facts import COLUMNS
from protocols.store.store import Store
from reports.figures.catalogue import SECTION_FIGURES, TRUTH_FIGURES, draw_figures, truth_stem
from reports.figures.content import error_by_content, error_by_parts, properties
from reports.figures.numbered import Point, draw_points
from reports.figures.ranks import clique_columns, critical_difference, places_under, ranks_between_truths
from reports.figures.shown import CONTROL_LOOK, LOOKS, shown_rows
from reports.figures.style import png_and_svg, styled
from reports.figures.sur import calibration, chosen_pictures, sur_calibration, sur_curves
from reports.figures.use import cost_front, cost_points, fixed_levels, saving_and_noticing, saving_points
from reports.results.observed import observed
from reports.results.sections import Section, sections_of
from reports.results.truths_compared import truth_rankings
from tests.stored import store_table

TABLE = "pictures-0123456789ab.parquet"
PICTURES, SUBJECTS = 24, 12
HOSTILE = '<b id="x">&amp;</b> $x^2$ url(#y)'


def _table(folder: Path, *, sizes: bool = True) -> None:
    rng = np.random.default_rng(5)
    values = {
        "picture": [f"astronaut-{index:03d}" for index in range(PICTURES)],
        "source": [f"source-{index // 2:02d}" for index in range(PICTURES)],
        "codec": "jpeg",
        "width_px": 640,
        "height_px": 480,
        "pixels_per_degree": 24.3,
        "samples": [np.clip(rng.normal(45, 8, SUBJECTS).round(), 1, 100) for _ in range(PICTURES)],
        "tabulated": json.dumps({}),
        "psnr_db": [28 + 0.15 * np.arange(100) for _ in range(PICTURES)],
        "size_bytes": [900.0 * np.arange(1, 101) * rng.uniform(1, 2) if sizes else None for _ in range(PICTURES)],
        "gradient": rng.gamma(3, 2, PICTURES),
        "colourfulness": rng.gamma(5, 8, PICTURES),
    }
    store_table(folder / TABLE, pd.DataFrame({name: values[name] for name in COLUMNS}))


def _read(results: Path) -> list[Section]:
    return sections_of(Store(results).current_runs(), results)


def _words(figure) -> str:
    with styled():
        svg = png_and_svg(figure)["svg"]
    return " ".join("".join(one.itertext()) for one in ET.fromstring(svg).iter() if one.tag.endswith("text"))


@pytest.fixture(scope="module")
def results(tmp_path_factory, store_run) -> Path:
    folder = tmp_path_factory.mktemp("results")
    _table(folder / "demo")
    for truth in ("mean", "median"):
        for predictor in ("constant", "psnr", "chou1995", "partly", HOSTILE):
            store_run(folder, predictor, truth=truth, failing=2 * (predictor == "partly"),
                      info={"pictures_table": TABLE})  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def section(results) -> Section:
    return _read(results)[0]


def _is_number(text: str) -> bool:
    return text.replace("−", "").replace(".", "").isdigit()


def _styles(axes) -> list[tuple]:
    lines = [line for line in axes.lines if line.get_marker() not in ("None", "", None)]
    return [(line.get_marker(), str(line._unscaled_dash_pattern)) for line in lines if len(line.get_xdata())]


def test_every_figure_says_the_data_whose_samples_the_truth_and_n(section):
    for kind in SECTION_FIGURES:
        with styled():
            figure = kind.draw(section)
        words = _words(figure)
        assert "Demo photographs (simulated observers)" in words, kind.name
        assert "truth mean, 1st JND, folds kfold5-v1" in words
        assert "24 pictures of 12 sources" in words
        assert kind.describe(section)
        assert kind.heading
        assert kind.reading


def test_no_words_are_cut_off_at_the_figures_edge(section):
    for kind in SECTION_FIGURES:
        with styled():
            figure = kind.draw(section)
            figure.canvas.draw()
            width, height = figure.canvas.get_width_height()
            texts = [*figure.texts, *(text for axes in figure.axes for text in (*axes.texts, axes.xaxis.label))]
            names = [text for axes in figure.axes for text in axes.get_yticklabels() if not _is_number(text.get_text())]
            for text in filter(lambda text: text.get_text().strip(), (*texts, *names)):
                box = text.get_window_extent()
                inside = box.x0 > -1 and box.y0 > -1 and box.x1 < width + 1 and box.y1 < height + 1
                assert inside, (kind.name, text.get_text())


def test_rows_differ_without_their_colour():
    looks = [(look.marker, str(look.line)) for look in (*LOOKS, CONTROL_LOOK)]
    assert len({marker for marker, _ in looks}) == len(looks)
    assert len({line for _, line in looks}) == len(looks)


@pytest.mark.parametrize("draw", [error_by_content, sur_curves])
def test_curves_in_one_panel_differ_in_marker_and_line(section, draw):
    with styled():
        figure = draw(section)
    for axes in figure.axes[:3]:
        styles = set(_styles(axes))
        assert len(styles) > 2
        assert len({marker for marker, _ in styles}) == len(styles)
        assert len({line for _, line in styles}) == len(styles)


def test_few_of_many_are_shown_with_the_constant_and_it_is_said(section):
    shown = shown_rows(section, 2)
    assert [row.predictor for row, _ in shown.rows][-1] == "constant"
    assert shown.told == "the best 2 of 5 predictors and the constant"
    assert shown_rows(section, 6).told == "all 5 predictors"


def test_the_front_is_what_nothing_beats_in_both(section):
    points = cost_points(section)
    whole = {row.predictor: row for row in section.rows if row.is_whole}
    for point in points:
        name = point.name.removesuffix(" (control)")
        beaten = any(other.x <= point.x and other.y <= point.y and other != point for other in points)
        assert point.marked == (name in whole and not beaten), name
    with styled():
        figure = cost_front(section)
    assert figure.axes[0].get_xscale() == "log"
    assert "ms, logarithmic" in _words(figure)


def test_people_who_notice_are_counted_from_the_samples(section):
    subjects = observed(section)
    row = section.rows[0]
    samples = section.pictures_table.set_index("picture")["samples"]
    frame = row.run.predictions
    by_hand = np.mean([np.mean(samples[p] >= q) for p, q in frame[["picture", "predicted_level"]].to_numpy()])
    saved = np.mean(1 - frame["predicted_bytes"] / frame["best_bytes"])
    point = saving_points(section, subjects)[0]
    assert (point.x, point.y) == pytest.approx((100 * by_hand, 100 * saved))
    line = fixed_levels(section, subjects)
    assert line.shape == (2, 100)
    assert (np.diff(line[0]) <= 1e-9).all()
    assert line[1, -1] == 0


def test_a_fixed_level_never_beats_the_line_of_fixed_levels(section):
    """At levels that nobody notices, or everybody, the line stands upright: only its far end counts."""
    line = fixed_levels(section, observed(section))
    assert (line[0] == 0).sum() > 1
    frame = section.rows[0].run.predictions.copy()
    sizes = section.pictures_table.set_index("picture")["size_bytes"]
    for level in (1, 40, 99, 100):
        frame["predicted_level"] = float(level)
        frame["predicted_bytes"] = [sizes[picture][level - 1] for picture in frame["picture"]]
        frame["best_bytes"] = [sizes[picture][-1] for picture in frame["picture"]]
        run = copy.copy(section.rows[0].run)
        vars(run)["predictions"] = frame
        rows = (dataclasses.replace(section.rows[0], run=run),)
        point = saving_points(dataclasses.replace(section, rows=rows), observed(section))[0]
        assert point.y == pytest.approx(line[1, level - 1]) and not point.marked


def test_calibration_bins_hold_every_pair(section):
    given, seen, counts = calibration(np.array([0.0, 0.05, 0.55, 1.0]), np.array([0.0, 0.2, 0.5, 0.9]))
    assert counts.tolist() == [2, 1, 1]
    assert given == pytest.approx([0.025, 0.55, 1.0])
    assert seen == pytest.approx([0.1, 0.5, 0.9])
    with styled():
        figure = sur_calibration(section)
    for axes in figure.axes:
        numbers = [int(text.get_text()) for text in axes.texts if text.get_text().isdigit()]
        pictures = int(re.search(r"(\d+) pictures", axes.get_title(loc="left"))[1])
        assert sum(numbers) == 100 * pictures


def test_errors_by_parts_average_to_the_whole(section):
    values, errors = np.arange(20.0), np.arange(20.0)
    errors[3] = np.nan
    middles, means = error_by_parts(values, errors)
    assert middles.tolist() == [1.5, 5.5, 9.5, 13.5, 17.5]
    assert means == pytest.approx([1.0, 5.5, 9.5, 13.5, 17.5])
    labels = [one.label for one in properties(section)]
    assert labels[0] == "bytes a pixel at the best level (all 0.31 megapixels)"
    assert labels[1:] == ["gradient (grey levels a pixel)", "colourfulness"]


def test_the_ranks_are_those_of_the_comparison_and_pictures_are_the_blocks(section):
    words = _words(critical_difference(section)) if section.comparison.ranks else ""
    assert "blocks are the 24 pictures" in words
    assert all(f"{rank:.2f}" in words for rank in section.comparison.ranks.mean_ranks)
    assert f"critical difference {section.comparison.ranks.critical_difference:.2f} ranks" in words


def test_bars_of_cliques_never_touch():
    columns = clique_columns([(0, 1, 2), (1, 2, 3), (3, 4), (5, 6)], np.arange(7))
    assert columns == [(0, 2, 0), (1, 3, 1), (3, 4, 0), (5, 6, 0)]


def test_ranks_between_truths_are_those_of_the_tables(results):
    (ranking,) = truth_rankings(_read(results))
    places = places_under(ranking)
    assert all(sorted(row) == list(range(1, len(ranking.predictors) + 1)) for row in places)
    with styled():
        words = _words(ranks_between_truths(ranking))
    assert "simulated observers" in words
    assert "truths mean, median" in words
    assert "the 4 predictors that answered for every picture" in words
    assert "partly" not in words
    assert truth_stem(TRUTH_FIGURES[0], ranking) == "figures/ranks-demo-kfold5-v1-mean-median-jnd1"
    assert "psnr" in TRUTH_FIGURES[0].describe(ranking)


def test_the_ceiling_is_drawn_and_named(section):
    ceiling = section.ceilings[0]
    words = _words(SECTION_FIGURES[0].draw(section))
    assert f"dotted: the human ceiling ({ceiling.predictor}), {ceiling.scores['mae']:.2f} QF" in words
    with styled():
        lines = cost_front(section).axes[0].lines
    assert any(set(line.get_ydata()) == {ceiling.scores["mae"]} for line in lines if len(line.get_ydata()) == 2)


def test_old_runs_without_a_table_leave_out_what_needs_it(tmp_path, store_run):
    for predictor in ("constant", "psnr", "chou1995"):
        store_run(tmp_path, predictor)
    (old,) = _read(tmp_path)
    with styled():
        missing = {kind.name: kind.missing for kind in SECTION_FIGURES if kind.draw(old) is None}
        assert "do not hold the subjects' own steps" in _words(sur_curves(old))
        assert len(error_by_content(old).axes) == 2
    assert set(missing) == {"saving", "calibration"}
    assert all("older form" in why for why in missing.values())


def test_runs_without_curves_or_sizes_are_told_apart(tmp_path, store_run):
    _table(tmp_path / "demo", sizes=False)
    for predictor in ("constant", "psnr"):
        run = store_run(tmp_path, predictor, pixels=False, info={"pictures_table": TABLE})
        Store(tmp_path).write(run.record, run.predictions.assign(sur=None))
    (section,) = _read(tmp_path)
    with styled():
        assert sur_calibration(section) is None
        assert saving_and_noticing(section) is None
        assert "no predictor here gives a curve" in _words(sur_curves(section))


def test_the_pictures_of_the_sur_curves_span_the_true_levels(section):
    frame = section.rows[0].run.predictions.set_index("picture")
    levels = [frame.at[name, "true_level"] for name in chosen_pictures(section)]
    assert levels == sorted(levels)
    assert len(levels) == 3
    assert levels[1] == pytest.approx(frame["true_level"].median(), abs=3)


def test_the_same_results_give_the_same_bytes_from_one_process_or_several(results, monkeypatch):
    one = draw_figures(_read(results)[:1], quiet=True)
    monkeypatch.setattr("reports.figures.catalogue._ROWS_WORTH_PROCESSES", 0)
    assert draw_figures(_read(results)[:1], quiet=True) == one


def test_numbers_stay_inside_the_axes_and_apart():
    from reports.figures.style import new_figure

    rng = np.random.default_rng(2)
    points = [Point(f"method-{index}", *rng.uniform(0, 1, 2)) for index in range(20)]
    with styled():
        figure, axes = new_figure(7.2, 4, title=["a"], right_in=2.2)
        axes.set(xlim=(0, 1), ylim=(0, 1))
        draw_points(axes, points)
        figure.canvas.draw()
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text().isdigit()]
    assert len(boxes) == len(points)
    assert not any(a.overlaps(b) for index, a in enumerate(boxes) for b in boxes[:index])
