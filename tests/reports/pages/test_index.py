"""The page: everything escaped, nothing fetched, every link and picture in place."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from reports import build
from reports.figures.catalogue import RUN_FIGURES
from reports.figures.style import FigureFiles
from reports.pages.html import INDEX_SCRIPTS, FigureImages
from reports.pages.index import index_text
from reports.results.cards import methods, predictor_page
from tests.reports.conftest import read_sections
from tests.reports.pages.conftest import ParsedPage

PUBLISHED = {"dataset": "demo", "truth": "sqf (inferred)", "metric": "QF MAE", "value": 3.92, "caveat": "folds unknown"}


@pytest.fixture(scope="module")
def html(tmp_path_factory, store_run, small_figures) -> str:
    results = tmp_path_factory.mktemp("results")
    store_run(results, "constant")
    store_run(results, "chou1995", info={"card": {"published": [PUBLISHED], "deviations": ["Borders are reflected."]}})
    store_run(results, "broken", failing=24)
    store_run(results, "constant", truth="sqf")
    store_run(results, "constant", limit=6, pictures=6)
    store_run(results, "constant", dataset="mcl-jci", pixels=False)
    sections = read_sections(results)
    figures = build.draw_figures(sections)
    without_psnr = {stem: figure for stem, figure in figures.items() if not ("mcl-jci" in stem and "/psnr" in stem)}
    return index_text(sections, FigureImages(without_psnr))


def test_nothing_is_fetched(html):
    parsed = ParsedPage(html)
    assert not parsed.all("link")
    assert all("src" not in script for script in parsed.all("script"))
    assert all((image["src"] or "").startswith("data:image/svg+xml;") for image in parsed.all("img"))
    styles = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in styles
    assert "@import" not in styles
    (policy,) = (meta["content"] or "" for meta in parsed.all("meta") if meta.get("http-equiv"))
    assert "default-src 'none'" in policy
    inlined = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", html, re.DOTALL)
    assert len(inlined) == 1 + len(INDEX_SCRIPTS)
    for text in inlined:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    assert "unsafe" not in policy


def test_ids_are_unique_and_links_lead_somewhere(html):
    parsed = ParsedPage(html)
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    files = {"leaderboard.csv", "leaderboard.md", "leaderboard.tex", "published.csv", "report.json", "references.bib"}
    files |= {"pairs.csv", "truths.csv"}
    files |= {predictor_page(name) for name in ("constant", "chou1995", "broken")}
    for link in parsed.all("a"):
        href = link["href"] or ""
        is_card = href.startswith(("methods/", "datasets/")) and href.endswith(".html")
        is_card |= href.startswith("figures/") and href.endswith((".svg", ".png"))
        assert href in files or is_card or (href.startswith("#") and href[1:] in ids), href


def test_every_picture_has_a_text(html):
    images = ParsedPage(html).all("img")
    assert len(images) > 4 + 2 * 2 + 2 + 2 + 1
    assert all(image["alt"] for image in images)


def test_figures_of_single_runs_stand_on_their_predictors_pages_alone(tmp_path, store_run):
    store_run(tmp_path, "m")
    store_run(tmp_path, "constant")
    (section,) = read_sections(tmp_path)
    stems = [RUN_FIGURES[0].stem(section, row) for row in section.rows]
    html = index_text([section], FigureImages(dict.fromkeys(stems, FigureFiles(b"<svg></svg>", "a figure"))))
    assert "<img " not in html


def test_sections_say_what_they_are(html):
    text = ParsedPage(html).text
    assert text.count("LIMITED to 6 pictures: not comparable") >= 3
    assert "simulated observers" in text
    assert "30 subjects" in text


def test_failures_and_methods_are_shown(html):
    text = ParsedPage(html).text
    assert "no edges in a flat picture (24 of 24 pictures, first astronaut-000)" in text
    assert "The method chou1995" in text


def test_tables_are_sorted_by_mae_and_have_headings(html):
    parsed = ParsedPage(html)
    sorted_heads = [head for head in parsed.all("th") if head.get("aria-sort")]
    assert len(sorted_heads) == 4
    assert all(head.get("scope") in ("col", "row", "colgroup") for head in parsed.all("th"))


def test_methods_of_one_card_stand_together(tmp_path, store_run):
    card = {"name": "fixed", "title": "Fixed quality"}
    for quality in (75, 90):
        store_run(tmp_path, f"fixed-{quality}", info={"card": card, "parameters": {"quality": quality}})
    (method,) = methods(read_sections(tmp_path))
    assert method.ran_as == {"fixed-75": {"quality": 75}, "fixed-90": {"quality": 90}}
