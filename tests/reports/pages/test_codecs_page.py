"""The page of codecs: there where something is compared, linked, said in words, and the same bytes every time."""

from __future__ import annotations

import csv
import io
import json

import pytest

from reports.build import render
from reports.pages.index import PictureChoice
from reports.pages.report_files import content_of
from reports.results.cards import predictor_page
from tests.reports.pages.conftest import ParsedPage

pytestmark = pytest.mark.usefixtures("small_figures")
HOSTILE = "x-<b>y</b>"


def _files(results) -> dict[str, str]:
    """Texts of a report without pictures' pages."""
    files = render(results, PictureChoice(0), quiet=True)
    return {name: content_of(content).decode() for name, content in files.items() if not name.endswith(".png")}


@pytest.fixture(scope="module")
def results(tmp_path_factory, store_codec_run):
    folder = tmp_path_factory.mktemp("codecs")
    for codec, factor in (("jpeg", 1.0), ("webp", 0.8), ("avif", 1.25)):
        for predictor in ("constant", HOSTILE):
            store_codec_run(folder, codec, predictor, bytes_factor=factor)
    store_codec_run(folder, "jp2", "constant", pictures=20)
    return folder


@pytest.fixture(scope="module")
def files(results, small_figures) -> dict[str, str]:
    return _files(results)


def test_the_page_has_the_truth_first_and_every_predictor(files):
    parsed = ParsedPage(files["codecs.html"])
    rows = [row.get("class") for row in parsed.all("tr")]
    assert rows == [None, "truth", "control", None]
    assert "WebP saves 20.0 % [20.0, 20.0]" in parsed.text
    assert "AVIF needs 25.0 % more [25.0, 25.0]" in parsed.text
    assert HOSTILE in parsed.text
    assert "The observers are simulated" in parsed.text
    assert "only 20 of 24 pictures are the same in both" in parsed.text


def test_the_page_can_be_read_without_seeing_it(files):
    parsed = ParsedPage(files["codecs.html"])
    assert all(head.get("scope") in ("col", "row") for head in parsed.all("th"))
    assert len(parsed.all("caption")) == len(parsed.all("table")) == 1
    (region,) = (tag for tag in parsed.all("div") if tag.get("role") == "region")
    assert region["tabindex"] == "0" and region["aria-label"].startswith("Codec against codec: JPEG, AVIF, WebP")
    assert len(parsed.all("h1")) == 1
    assert not parsed.open


def test_links_lead_to_the_page_and_from_it(files):
    for page, link in (("index.html", "codecs.html"), ("datasets/demo-webp.html", "../codecs.html")):
        assert link in {tag["href"] for tag in ParsedPage(files[page]).all("a")}
    others = ParsedPage(files["datasets/demo-jp2.html"])
    assert "only 20 of 24 pictures are the same in both" in others.text
    assert "../codecs.html" not in {tag["href"] for tag in others.all("a")}
    targets = {tag["href"] for tag in ParsedPage(files["codecs.html"]).all("a")}
    assert {"codecs.csv", "leaderboard.md", "report.json", predictor_page(HOSTILE)} <= targets
    for target in targets:
        file, _, anchor = target.partition("#")
        assert not file or file in files
        assert not anchor or f'id="{anchor}"' in files[file or "codecs.html"]


def test_files_for_programs_say_the_same(files):
    lines = list(csv.DictReader(io.StringIO(files["codecs.csv"])))
    (webp,) = (line for line in lines if line["codec"] == "webp" and not line["predictor"])
    assert (webp["saving"], webp["low"], webp["high"], webp["against"]) == ("0.2", "0.2", "0.2", "jpeg")
    assert webp["dataset"] == "demo-webp (simulated observers)"
    assert (webp["n"], webp["failed"]) == ("24", "0")
    assert [line["against"] for line in lines if line["codec"] == "jpeg"] == ["", "", ""]
    (comparison,) = json.loads(files["report.json"])["codec_comparisons"]
    assert comparison["rows"][0]["codecs"][2]["saving"] == pytest.approx(0.2)
    assert [row["predictor"] for row in comparison["rows"]] == [None, "constant", HOSTILE]
    assert "## Codec next to codec: JPEG, AVIF, WebP on Demo photographs" in files["leaderboard.md"]


def test_the_same_results_give_the_same_bytes(results, files):
    assert _files(results) == files


def test_one_codec_only_gives_no_page(tmp_path, store_codec_run):
    store_codec_run(tmp_path, "jpeg")
    files = _files(tmp_path)
    assert not [name for name in files if "codec" in name]
    assert not [name for name, text in files.items() if "codecs.html" in text or "codecs.csv" in text]
    assert json.loads(files["report.json"])["codec_comparisons"] == []


def test_codecs_without_a_common_predictor_still_show_the_truth(tmp_path, store_codec_run):
    store_codec_run(tmp_path, "jpeg", "constant")
    store_codec_run(tmp_path, "webp", "psnr")
    parsed = ParsedPage(_files(tmp_path)["codecs.html"])
    assert "the true JNDs" in parsed.text
    assert not parsed.all("button")
    assert "Answered in one codec alone, so not here: constant, psnr." in parsed.text
