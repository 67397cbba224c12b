"""The page: everything escaped, nothing fetched, every link and picture in place."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from protocols.store.store import Store
from reports.figures.catalogue import RUN_FIGURES, draw_figures
from reports.figures.style import FigureFiles
from reports.pages.html import FigureImages
from reports.pages.index import MOST_RUN_FIGURES, index_text
from reports.results.cards import methods
from reports.results.links import predictor_page
from reports.results.section import sections_of

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;"
PUBLISHED = {"dataset": "demo", "truth": "sqf (inferred)", "metric": "QF MAE", "value": 3.92, "caveat": "folds unknown"}


class _Parsed(HTMLParser):
    """Tags with attributes, ids, and the text outside style and script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open = ""
        self.feed(html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open not in ("style", "script"):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def _page(results: Path) -> str:
    sections = sections_of(Store(results).current_runs())
    return index_text(sections, FigureImages(draw_figures(sections, quiet=True)))


@pytest.fixture(scope="module")
def html(tmp_path_factory, store_run) -> str:
    results = tmp_path_factory.mktemp("results")
    store_run(results, "constant")
    store_run(results, "chou1995", info={"card": {"published": [PUBLISHED], "deviations": ["Borders are reflected."]}})
    store_run(results, "broken", failing=24)
    store_run(results, "constant", truth="sqf")
    store_run(results, "constant", limit=6, pictures=6)
    store_run(results, "constant", dataset="mcl-jci", pixels=False)
    return _page(results)


def test_markup_from_a_run_shows_as_text(tmp_path, store_run):
    evil_card = {
        "title": EVIL,
        "licence": EVIL,
        "deviations": [EVIL],
        "published": [{**PUBLISHED, "truth": EVIL, "metric": EVIL, "caveat": EVIL}],
    }
    work = {"authors": [EVIL], "title": EVIL, "venue": EVIL, "year": 2000, "doi": EVIL, "url": EVIL}
    evil_card["references"] = [work]
    texts = {"title": EVIL, "samples": EVIL, "terms": EVIL, "notes": [EVIL], "unit": "<b>QF"}
    evil_dataset = {**texts, "references": [work]}
    more = {
        "kind": EVIL,
        "truth_meaning": EVIL,
        "decoder": EVIL,
        "machine": {"system": EVIL},
        "parameters": {EVIL: EVIL},
    }
    changes = {"kind": EVIL, "card": evil_card, "dataset": evil_dataset, **more}
    run = store_run(tmp_path, "evil", failing=3, info=changes)
    Store(tmp_path).write(run.record, run.predictions.assign(error=[""] * 21 + [EVIL] * 3))
    html = _page(tmp_path)
    parsed = _Parsed(html)
    assert "alert(1)" in parsed.text
    assert len(parsed.all("script")) == 2
    assert all((image["src"] or "").startswith("data:") for image in parsed.all("img"))
    assert not any("onerror" in attributes for _, attributes in parsed.tags)
    assert "<b>QF" not in html


def test_an_evil_predictor_name_shows_as_text(tmp_path, store_run):
    store_run(tmp_path, "<i>x</i>")
    parsed = _Parsed(_page(tmp_path))
    assert "<i>x</i>" in parsed.text
    assert not parsed.all("i")


def test_nothing_is_fetched(html):
    parsed = _Parsed(html)
    assert not parsed.all("link")
    assert all("src" not in script for script in parsed.all("script"))
    assert all((image["src"] or "").startswith("data:image/svg+xml;base64,") for image in parsed.all("img"))
    styles = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in styles
    assert "@import" not in styles
    (policy,) = (meta["content"] or "" for meta in parsed.all("meta") if meta.get("http-equiv"))
    assert "default-src 'none'" in policy
    inlined = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", html, re.DOTALL)
    assert len(inlined) == 3
    for text in inlined:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    assert "unsafe" not in policy


def test_ids_are_unique_and_links_lead_somewhere(html):
    parsed = _Parsed(html)
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    files = {"leaderboard.csv", "leaderboard.md", "leaderboard.tex", "published.csv", "report.json", "references.bib"}
    files |= {"pairs.csv", "truths.csv"}
    files |= {predictor_page(name) for name in ("constant", "chou1995", "broken")}
    for link in parsed.all("a"):
        href = link["href"] or ""
        is_card = href.startswith(("methods/", "datasets/")) and href.endswith(".html")
        assert href in files or is_card or (href.startswith("#") and href[1:] in ids), href


def test_every_picture_has_a_text(html):
    images = _Parsed(html).all("img")
    assert len(images) > 4 + 2 * 2 + 2 + 2 + 1
    assert all("photographs" in (image["alt"] or "") or "MCL-JCI" in (image["alt"] or "") for image in images)


def test_the_figures_of_so_many_rows_stand_in_the_index_and_the_constants(tmp_path, store_run):
    for number in range(MOST_RUN_FIGURES + 3):
        store_run(tmp_path, f"m{number:02d}")
    store_run(tmp_path, "constant")
    (section,) = sections_of(Store(tmp_path).current_runs())
    stems = [RUN_FIGURES[0].stem(section, row) for row in section.rows]
    html = index_text([section], FigureImages(dict.fromkeys(stems, FigureFiles(b"", b"<svg></svg>", "a figure"))))
    place = next(place for place, row in enumerate(section.rows) if row.is_control)
    assert html.count("<img ") == MOST_RUN_FIGURES + (place >= MOST_RUN_FIGURES)
    assert "the others stand on their predictors" in html


def test_sections_say_what_they_are(html):
    text = _Parsed(html).text
    assert text.count("LIMITED to 6 pictures: not comparable") >= 3
    assert "simulated observers" in text
    assert "30 subjects" in text
    assert "No figures: no PSNR is known" in text


def test_failures_and_methods_are_shown(html):
    text = _Parsed(html).text
    assert "no edges in a flat picture (24 of 24 pictures, first astronaut-000)" in text
    assert "The method chou1995" in text


def test_tables_are_sorted_by_mae_and_have_headings(html):
    parsed = _Parsed(html)
    sorted_heads = [head for head in parsed.all("th") if head.get("aria-sort")]
    assert len(sorted_heads) == 4
    assert all(head.get("scope") in ("col", "row", "colgroup") for head in parsed.all("th"))


def test_methods_of_one_card_stand_together(tmp_path, store_run):
    card = {"name": "fixed", "title": "Fixed quality"}
    for quality in (75, 90):
        store_run(tmp_path, f"fixed-{quality}", info={"card": card, "parameters": {"quality": quality}})
    (method,) = methods(sections_of(Store(tmp_path).current_runs()))
    assert method.ran_as == {"fixed-75": {"quality": 75}, "fixed-90": {"quality": 90}}
