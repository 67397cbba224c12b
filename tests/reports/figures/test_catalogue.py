"""Figures: what stands on them, which there are, and that a run can neither break nor forge one."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from functools import partial
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.patches import StepPatch

from protocols.store.store import Store
from reports.figures.axes import error_bins, mae_limit
from reports.figures.catalogue import RUN_FIGURES, RunFigure, draw_figures
from reports.figures.sections import mae_dots
from reports.figures.style import for_page, png_and_svg, styled
from reports.results.names import safe_name, section_name
from reports.results.rows import Row
from reports.results.sections import Section, sections_of

ERRORS, LEVELS, PSNR = RUN_FIGURES


def _sections(results: Path) -> list[Section]:
    return sections_of(Store(results).current_runs())


def _words(svg: bytes) -> str:
    return " ".join(
        "".join(element.itertext()) for element in ET.fromstring(svg).iter() if element.tag.endswith("text")
    )


def _svg(kind: RunFigure, section: Section, row: Row) -> bytes:
    with styled():
        return kind.frame(section).files(partial(kind.fill, section, row))["svg"]


def _drawn(kind: RunFigure, section: Section, row: Row):
    with styled():
        frame = kind.frame(section)
        return frame.axes, kind.fill(section, row, frame.figure, frame.axes)


@pytest.fixture(scope="module")
def results(tmp_path_factory, store_run) -> Path:
    folder = tmp_path_factory.mktemp("results")
    for predictor in ("constant", "chou1995"):
        store_run(folder, predictor)
    store_run(folder, "broken", failing=24)
    store_run(folder, "constant", limit=6, pictures=6)
    store_run(folder, "constant", dataset="mcl-jci", pixels=False)
    return folder


@pytest.fixture(scope="module")
def figures(results) -> dict[str, bytes]:
    return draw_figures(_sections(results), quiet=True)


def test_each_run_has_its_figures_where_there_is_something_to_draw(figures):
    stems = sorted({name.rpartition(".")[0] for name in figures})
    demo, limited, mcl = "demo-kfold5-v1-mean-jnd1", "demo-kfold5-v1-mean-jnd1-limit6", "mcl-jci-kfold5-v1-mean-jnd1"
    assert stems == sorted(
        [
            *(f"figures/{kind}-{name}" for kind in ("mae", "cost", "content", "sur") for name in (demo, limited, mcl)),
            *(f"figures/{demo}/{kind.name}-{who}" for kind in RUN_FIGURES for who in ("constant", "chou1995")),
            *(f"figures/{limited}/{kind.name}-constant" for kind in RUN_FIGURES),
            *(f"figures/{mcl}/{kind}-constant" for kind in ("errors", "levels")),
        ]
    )
    assert {f"{stem}.{kind}" for stem in stems for kind in ("png", "svg")} == set(figures)


def test_every_figure_says_who_gave_the_samples_and_what_was_limited(figures):
    for name, svg in figures.items():
        if name.endswith(".svg"):
            words = _words(svg)
            assert ("simulated observers" if "demo" in name else "30 subjects") in words, name
            assert "truth mean" in words
            assert ("LIMITED to 6 pictures: not comparable" in words) == ("limit6" in name)


def test_png_files_are_pictures_without_a_version(figures):
    for name, png in figures.items():
        if name.endswith(".png"):
            assert png.startswith(b"\x89PNG")
            assert b"Software" not in png


def test_svg_files_carry_no_date(figures):
    assert all(b"<dc:date>" not in svg for name, svg in figures.items() if name.endswith(".svg"))


def test_the_histogram_prints_the_shares_and_draws_every_error(results):
    section = _sections(results)[0]
    row, errors = section.rows[0], section.grid.errors[0]
    shares = "/".join(f"{100 * np.mean(np.abs(errors) <= k):.0f}" for k in (3, 5, 10))
    assert f"{shares} % within 3/5/10 QF; 24 pictures" in _words(_svg(ERRORS, section, row))
    _, artists = _drawn(ERRORS, section, row)
    (bars,) = [artist for artist in artists if isinstance(artist, StepPatch)]
    assert bars.get_data().values.sum() == len(errors)
    assert np.array_equal(bars.get_data().edges, error_bins(section)[0])


def test_rows_share_the_frame_and_leave_nothing_in_it(results):
    section = _sections(results)[0]
    first, second = section.rows[:2]
    with styled():
        for kind in RUN_FIGURES:
            frame = kind.frame(section)
            before = frame.files(partial(kind.fill, section, first))
            between = frame.files(partial(kind.fill, section, second))
            assert frame.files(partial(kind.fill, section, first)) == before
            assert between != before
            assert between == kind.frame(section).files(partial(kind.fill, section, second))


def test_levels_stand_over_the_truth_with_the_constants_line(results):
    section = _sections(results)[0]
    row = next(row for row in section.rows if not row.is_control)
    axes, artists = _drawn(LEVELS, section, row)
    (points,) = [artist for artist in artists if isinstance(artist, PathCollection)]
    columns = ["true_level", "predicted_level"]
    assert np.allclose(points.get_offsets(), row.run.predictions[columns])
    level = section.control.run.predictions["predicted_level"].median()
    assert any(set(line.get_ydata()) == {level} for line in axes.lines)
    words = _words(_svg(LEVELS, section, row))
    assert f"constant, median {level:.1f}" in words
    assert f"MAE {row.scores['mae']:.2f} QF, SRCC {row.scores['srcc']:+.3f}" in words


def test_ids_of_an_svg_are_there_once(figures):
    for name, svg in figures.items():
        if name.endswith(".svg"):
            ids = re.findall(rb' id="([^"]+)"', svg)
            assert len(ids) == len(set(ids)), name


def test_bins_are_shared_and_zero_stands_in_the_middle_of_one(results):
    section = _sections(results)[0]
    edges, highest = error_bins(section)
    rows = [section.grid.errors_of(row.predictor) for row in section.rows]
    everything = np.concatenate(rows)
    assert edges[0] <= everything.min()
    assert everything.max() <= edges[-1]
    assert np.abs(edges).min() == pytest.approx((edges[1] - edges[0]) / 2)
    assert highest == max(np.histogram(errors, edges)[0].max() for errors in rows if errors.size)


def test_the_scatter_prints_signed_correlations_beside_the_constants(results):
    section = _sections(results)[0]
    row, control = section.rows[0], section.control
    words = _words(_svg(PSNR, section, row))
    assert f"PLCC {row.scores['psnr_plcc']:+.3f}, SRCC {row.scores['psnr_srcc']:+.3f}" in words
    assert f"constant: PLCC {control.scores['psnr_plcc']:+.3f}, SRCC {control.scores['psnr_srcc']:+.3f}" in words


def test_a_negative_correlation_keeps_its_sign(tmp_path, store_run):
    run = store_run(tmp_path, "psnr")
    frame = run.predictions.assign(predicted_psnr_db=80 - run.predictions["true_psnr_db"])
    Store(tmp_path).write(run.record, frame)
    (section,) = _sections(tmp_path)
    words = _words(_svg(PSNR, section, section.rows[0]))
    assert "PLCC -1.000" in words
    assert "constant: not run" in words


def test_the_dots_draw_the_constant_as_a_line_and_print_every_row(results):
    section = _sections(results)[0]
    with styled():
        figure = mae_dots(section)
        words = _words(png_and_svg(figure)["svg"])
    assert figure.axes[0].lines[0].get_xdata()[0] == section.control.scores["mae"]
    assert "dashed: the constant" in words
    assert "constant (control)" in words
    assert "broken (failed)" in words
    assert "no score" in words


def test_a_very_poor_row_does_not_press_the_others_into_a_corner(tmp_path, store_run):
    for predictor in ("constant", "psnr", "chou1995"):
        store_run(tmp_path, predictor)
    for predictor in ("poor", "as-poor", "worse", "worst"):
        run = store_run(tmp_path, predictor)
        Store(tmp_path).write(run.record, run.predictions.assign(predicted_level=100.0))
    (section,) = _sections(tmp_path)
    poor = section.rows[-1]
    assert section.control.scores["mae_high"] < mae_limit(section) < poor.scores["mae"]
    edges, _ = error_bins(section)
    beyond = int((section.grid.errors_of(poor.predictor) > edges[-1]).sum())
    assert beyond > 0
    with styled():
        assert f"{beyond} farther →" in _words(_svg(ERRORS, section, poor))
        assert "arrow: beyond the axis" in _words(png_and_svg(mae_dots(section))["svg"])


def test_one_picture_alone_can_be_drawn(tmp_path, store_run):
    store_run(tmp_path, pictures=1)
    figures = draw_figures(_sections(tmp_path), quiet=True)
    assert len(figures) == 14
    assert "PLCC undefined" in _words(next(svg for name, svg in figures.items() if name.endswith("psnr-constant.svg")))


def test_only_failures_leave_the_dots_alone(tmp_path, store_run):
    store_run(tmp_path, "broken", failing=24)
    assert {Path(name).suffix for name in draw_figures(_sections(tmp_path), quiet=True)} == {".png", ".svg"}


@pytest.mark.parametrize("title", ["a $x^$ b", "<b>&amp;</b>", "日本語の写真", "tab\tnul\x00bell\x07", "e" * 300])
def test_no_title_can_break_a_figure(tmp_path, store_run, title):
    store_run(tmp_path, info={"dataset": {"title": title}})
    figures = draw_figures(_sections(tmp_path), quiet=True)
    for name, svg in figures.items():
        if name.endswith(".svg"):
            assert "simulated observers" in _words(svg)
            ET.fromstring(for_page(svg))


def test_many_points_stay_small(tmp_path, store_run):
    store_run(tmp_path, "psnr", pictures=1008)
    figures = draw_figures(_sections(tmp_path), quiet=True)
    assert max(map(len, figures.values())) < 200_000


def test_the_users_own_matplotlib_settings_change_nothing(results, figures):
    section = _sections(results)[1]
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red", "svg.fonttype": "path", "savefig.dpi": 30}):
        again = draw_figures([section], quiet=True)
    assert again == {name: figures[name] for name in again}


def test_on_the_page_colours_follow_the_screen(figures):
    svg = for_page(figures["figures/mae-demo-kfold5-v1-mean-jnd1.svg"]).decode()
    assert "prefers-color-scheme: dark" in svg
    assert not re.search(r'style="[^"]*#(?:1f2328|59636e|ffffff)', svg)


def test_names_of_files_are_safe_and_different(results):
    names = ["psnr", "PSNR", "../x", "a b", "a/b", "ä", "", "x" * 200, "con:aux", "v-1.0", "v-1-0", "v-1_0"]
    safe = [safe_name(name) for name in names]
    assert safe[0] == "psnr"
    assert len({name.lower() for name in safe}) == len(names)
    assert all(re.fullmatch(r"[a-z0-9_-]{1,80}", name) for name in safe)
    assert section_name(_sections(results)[0]) == "demo-kfold5-v1-mean-jnd1"


def test_a_name_with_markup_shows_as_text(tmp_path, store_run):
    name = '<b id="x">&amp;</b> $x^2$ url(#y)'
    store_run(tmp_path, name)
    (section,) = _sections(tmp_path)
    for kind in RUN_FIGURES:
        svg = _svg(kind, section, section.rows[0])
        assert name[:29] in _words(svg)
        assert b"<b" not in svg
        assert b"matplotlib" not in svg
