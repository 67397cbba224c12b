"""All figures: which there are, what stands on each, and that neither a run nor the user's settings can spoil one."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import matplotlib
import pytest

from reports.figures import catalogue
from reports.figures.catalogue import RUN_FIGURES, SECTION_FIGURES, TRUTH_FIGURES, draw_figures
from reports.figures.style import for_page, styled
from reports.results.cards import section_name
from reports.results.written import safe_name
from tests.reports.conftest import read_sections
from tests.reports.figures.conftest import HOSTILE, words

ALWAYS = [kind for kind in SECTION_FIGURES if kind.name not in ("learning", "adaptation")]
"""Figures of any section; curves need rows of a protocol of their own, which tests them."""


def test_each_run_and_section_has_its_figures_where_there_is_something_to_draw(figures):
    demo, mcl = "demo-kfold5-v1-mean-jnd1", "mcl-jci-kfold5-v1-mean-jnd1"
    limited, median = f"{demo}-limit6", "demo-kfold5-v1-median-jnd1"
    runs = [safe_name(name) for name in ("constant", "psnr", "chou1995", "partly", HOSTILE)]
    assert sorted(figures) == sorted(
        [
            *(f"figures/{kind.name}-{name}" for kind in ALWAYS for name in (demo, median)),
            *(f"figures/{kind}-{name}" for kind in ("mae", "cost", "content", "sur") for name in (limited, mcl)),
            *(f"figures/{name}/{kind.name}-{who}" for kind in RUN_FIGURES for name in (demo, median) for who in runs),
            *(f"figures/{limited}/{kind.name}-constant" for kind in RUN_FIGURES),
            *(f"figures/{mcl}/{kind}-constant" for kind in ("errors", "levels")),
            "figures/ranks-demo-kfold5-v1-mean-median-jnd1",
        ]
    )


def test_every_figure_says_the_data_whose_samples_the_truth_n_and_what_was_limited(figures):
    for stem, figure in figures.items():
        text = words(figure.svg)
        is_demo, is_limited = "demo" in stem, "limit6" in stem
        pictures, sources = (6, 3) if is_limited else (24, 12)
        assert ("Demo photographs (simulated observers)" if is_demo else "30 subjects") in text, stem
        assert "truth mean" in text or "truth median" in text or "truths mean, median" in text
        assert "1st JND, folds kfold5-v1" in text
        assert ("LIMITED to 6 pictures: not comparable" in text) == is_limited
        assert f"{pictures} pictures" in text
        assert stem.count("/") == 2 or f"of {sources} sources" in text
        assert ("Demo photographs" if is_demo else "MCL-JCI") in figure.alt
    assert all(kind.heading and kind.reading for kind in (*RUN_FIGURES, *SECTION_FIGURES, *TRUTH_FIGURES))


def test_files_carry_no_date_and_no_version_and_ids_are_there_once(figures):
    for stem, figure in figures.items():
        is_of_a_run = stem.count("/") == 2
        assert figure.png == b"" if is_of_a_run else figure.png.startswith(b"\x89PNG")
        assert b"Software" not in figure.png
        assert b"<dc:date>" not in figure.svg
        assert b"matplotlib" not in figure.svg
        ids = [element.get("id") for element in ET.fromstring(figure.svg).iter() if element.get("id")]
        assert len(ids) == len(set(ids)), stem


def test_no_words_are_cut_off_at_the_figures_edge(section):
    for kind in ALWAYS:
        with styled():
            figure = kind.draw(section).figure
            figure.canvas.draw()
            width, height = figure.canvas.get_width_height()
            texts = [*figure.texts, *(text for axes in figure.axes for text in (*axes.texts, axes.xaxis.label))]
            labels = [text for axes in figure.axes for text in axes.get_yticklabels()]
            texts += [text for text in labels if not re.fullmatch(r"[−.\d]+", text.get_text())]
            for text in filter(lambda text: text.get_text().strip(), texts):
                box = text.get_window_extent()
                inside = box.x0 > -1 and box.y0 > -1 and box.x1 < width + 1 and box.y1 < height + 1
                assert inside, (kind.name, text.get_text())


def test_one_picture_alone_can_be_drawn(tmp_path, store_run):
    store_run(tmp_path, pictures=1)
    figures = draw_figures(read_sections(tmp_path), quiet=True)
    assert len(figures) == 7
    assert "PLCC undefined" in words(next(figure.svg for stem, figure in figures.items() if "psnr-constant" in stem))


def test_only_failures_leave_the_dots_alone(tmp_path, store_run):
    store_run(tmp_path, "broken", failing=24)
    assert list(draw_figures(read_sections(tmp_path), quiet=True)) == ["figures/mae-demo-kfold5-v1-mean-jnd1"]


TITLES = ["a $x^$ b", "<b>&amp;</b>", "日本語の写真", "tab\tnul\x00bell\x07", "e" * 300]


@pytest.mark.parametrize("title", TITLES)
def test_no_title_can_break_a_figure(tmp_path, store_run, title):
    store_run(tmp_path, info={"dataset": {"title": title}})
    (section,) = read_sections(tmp_path)
    with styled():
        (figure,) = SECTION_FIGURES[0].draw_all(section).values()
    assert "simulated observers" in words(figure.svg)
    ET.fromstring(for_page(figure.svg))


def test_no_figure_is_broken_by_its_title(tmp_path, store_run):
    store_run(tmp_path, info={"dataset": {"title": " ".join(TITLES)}})
    for figure in draw_figures(read_sections(tmp_path), quiet=True).values():
        assert "simulated observers" in words(figure.svg)
        ET.fromstring(for_page(figure.svg))


def test_a_name_with_markup_shows_as_text(figures):
    stems = [stem for stem in figures if stem.endswith(safe_name(HOSTILE))]
    assert len(stems) == 2 * len(RUN_FIGURES)
    for stem in stems:
        assert HOSTILE[:29] in words(figures[stem].svg)
        assert b"<b" not in figures[stem].svg


def test_many_points_stay_small(tmp_path, store_run):
    store_run(tmp_path, "psnr", pictures=1008)
    figures = draw_figures(read_sections(tmp_path), quiet=True).values()
    assert max(len(content) for figure in figures for content in (figure.png, figure.svg)) < 200_000


def test_the_users_own_matplotlib_settings_change_nothing(sections, figures):
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red", "svg.fonttype": "path", "savefig.dpi": 30}):
        again = draw_figures([sections[1]], quiet=True)
    assert again == {stem: figures[stem] for stem in again}


def test_the_same_results_give_the_same_bytes_from_one_process_or_several(sections, figures, monkeypatch):
    """So many rows were drawn by several processes."""
    assert sum(len(section.rows) for section in sections) >= catalogue._ROWS_WORTH_PROCESSES
    monkeypatch.setattr(catalogue, "_ROWS_WORTH_PROCESSES", 1000)
    again = draw_figures(sections[:1], quiet=True)
    assert again == {stem: figures[stem] for stem in again}


def test_on_the_page_colours_follow_the_screen(figures):
    svg = for_page(figures["figures/mae-demo-kfold5-v1-mean-jnd1"].svg).decode()
    assert "prefers-color-scheme:dark" in svg
    assert not re.search(r'style="[^"]*#(?:1f2328|59636e|ffffff)', svg)


def test_names_of_files_are_safe_and_different(section):
    names = ["psnr", "PSNR", "../x", "a b", "a/b", "ä", "", "x" * 200, "con:aux", "v-1.0", "v-1-0", "v-1_0"]
    safe = [safe_name(name) for name in names]
    assert safe[0] == "psnr"
    assert len({name.lower() for name in safe}) == len(names)
    assert all(re.fullmatch(r"[a-z0-9_-]{1,80}", name) for name in safe)
    assert section_name(section) == "demo-kfold5-v1-mean-jnd1"
