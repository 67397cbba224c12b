"""The page of JNDs: there where several ran, linked both ways, with its figures, and readable without seeing it."""

from __future__ import annotations

import csv
import io
import json

import pytest

from reports.build import render
from reports.figures.catalogue import JND_FIGURES, draw_figures
from reports.pages.html import FigureImages
from reports.pages.index import PictureChoice, pages
from reports.pages.report_files import content_of
from tests.reports.conftest import read_sections
from tests.reports.figures.conftest import words
from tests.reports.pages.conftest import ParsedPage
from tests.reports.results.test_jnds import store_jnds

pytestmark = pytest.mark.usefixtures("small_figures")


def _files(results) -> dict[str, str]:
    files = render(results, PictureChoice(0), quiet=True)
    return {name: content_of(content).decode() for name, content in files.items() if not name.endswith(".png")}


@pytest.fixture(scope="module")
def results(tmp_path_factory, store_run):
    folder = tmp_path_factory.mktemp("jnds")
    store_jnds(folder, store_run)
    return folder


@pytest.fixture(scope="module")
def files(results, small_figures) -> dict[str, str]:
    return _files(results)


def test_links_lead_to_the_page_and_from_it(files):
    index, page = ParsedPage(files["index.html"]), ParsedPage(files["jnds.html"])
    anchor = "jnds.html#demo-kfold5-v1-mean-jnd1"
    links = [tag["href"] for tag in index.all("a")]
    assert "jnds.html" in links and "jnds.csv" in links
    assert links.count(anchor) == 3, "each JND's section leads there, that of another truth does not"
    assert "Demo photographs, truth mean, JND 2" in index.text
    targets = {tag["href"] for tag in page.all("a")}
    for target in targets:
        file, _, id_ = target.partition("#")
        assert not file or file in files or file.endswith(".png")
        assert not id_ or f'id="{id_}"' in files[file or "jnds.html"]
    assert {f"index.html#demo-kfold5-v1-mean-jnd{jnd}" for jnd in (1, 2, 3)} <= targets


def test_the_page_can_be_read_without_seeing_it(files):
    page = ParsedPage(files["jnds.html"])
    assert all(head.get("scope") in ("col", "row") for head in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table")) == 2
    assert not page.open and len(page.all("h1")) == 1
    assert "one JND only" in page.text and "simulated observers" in page.text


def test_files_for_programs_say_the_same(files):
    lines = list(csv.DictReader(io.StringIO(files["jnds.csv"])))
    assert [line["jnd"] for line in lines] == ["1", "2", "3"] and lines[0]["distance"] == ""
    (told,) = json.loads(files["report.json"])["jnd_comparisons"]
    assert float(lines[1]["distance"]) == pytest.approx(told["levels"][1]["distance"], rel=1e-5)
    assert told["knowing_one"] == ["stuck"] and told["sections"][2] == "demo-kfold5-v1-mean-jnd3"


def test_figures_name_the_jnds_the_data_and_n(results, monkeypatch):
    for others in ("RUN_FIGURES", "SECTION_FIGURES", "TRUTH_FIGURES"):
        monkeypatch.setattr(f"reports.figures.catalogue.{others}", ())
    sections = read_sections(results)
    figures = draw_figures(sections, quiet=True)
    assert set(figures) == {f"figures/{kind.name}-demo-kfold5-v1-mean-jnd1" for kind in JND_FIGURES}
    for figure in figures.values():
        text = words(figure.svg)
        assert "on Demo photographs (simulated observers)" in text
        assert "1st JND, 2nd JND, 3rd JND; truth mean" in text and "24 pictures of 12 sources" in text
    page = ParsedPage(content_of(pages(sections, FigureImages(figures), PictureChoice(0))["jnds.html"]).decode())
    assert [image["alt"] for image in page.all("img")] == [figure.alt for figure in figures.values()]


def test_one_jnd_only_gives_no_page(tmp_path, store_run):
    store_run(tmp_path)
    files = _files(tmp_path)
    assert "jnds.html" not in files and "jnds.csv" not in files and "jnds." not in files["index.html"]
    assert json.loads(files["report.json"])["jnd_comparisons"] == []
