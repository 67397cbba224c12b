"""The report for everyone and on paper: axe, narrow screens, and print, in a real browser."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
CHOSEN = "demo-kfold5-v1-mean-jnd1?row=constant&row=psnr&open=chou1995"
KINDS = (
    f"index.html#{CHOSEN}",
    "predictors/psnr.html",
    "pictures/demo/chelsea-1.html",
    "datasets/demo.html",
    "methods",
)
pytestmark = pytest.mark.slow("starts a real browser and builds a report with pictures")


@pytest.fixture(scope="module")
def axe() -> str:
    """The checker's script: JND_BENCH_AXE names it, else it stands where npm puts it."""
    path = Path(os.environ.get("JND_BENCH_AXE") or REPOSITORY / "node_modules" / "axe-core" / "axe.min.js")
    if not path.is_file():
        pytest.skip("needs axe-core: 'npm install --no-save axe-core', or JND_BENCH_AXE=FILE")
    return path.read_text(encoding="utf-8")


def _path(report: Path, kind: str) -> str:
    return kind if kind != "methods" else f"methods/{sorted((report / 'methods').iterdir())[0].name}"


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_in_light_and_in_dark(open_page, report, axe, kind):
    page = open_page(_path(report, kind), bypass_csp=True)
    page.add_script_tag(content=axe)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        assert [(rule["id"], rule["nodes"][0]["target"]) for rule in found] == []


@pytest.mark.parametrize("kind", KINDS)
def test_320_pixels_are_wide_enough_and_what_scrolls_can_be_focused(open_page, report, kind):
    """So is twice the size of letters at 640: a page knows its width in its own pixels alone."""
    page = open_page(_path(report, kind), viewport={"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate(SCROLLING_WITHOUT_FOCUS) == []
    for image in page.locator("main figure .scroll img").all():
        assert image.evaluate("image => image.getBoundingClientRect().width") >= 384


SCROLLING_WITHOUT_FOCUS = """() => [...document.querySelectorAll("main *, nav *")].filter((element) => {
  const { overflowX, overflowY } = getComputedStyle(element);
  const scrolls = [overflowX, overflowY].some((value) => value === "auto" || value === "scroll");
  const { scrollWidth, clientWidth, scrollHeight, clientHeight } = element;
  return scrolls && element.tabIndex < 0 && (scrollWidth > clientWidth + 1 || scrollHeight > clientHeight + 1);
}).map((element) => element.outerHTML.slice(0, 100))"""
A4_LANDSCAPE_PX = (1032, 703)
"""Of a page, without its margins."""


@pytest.mark.parametrize("kind", KINDS[:3])
def test_it_prints_light_on_full_pages_with_all_that_is_folded_and_no_figure_cut(open_page, tmp_path, kind):
    width, height = A4_LANDSCAPE_PX
    page = open_page(kind, color_scheme="dark", viewport={"width": width, "height": height})
    page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    pages = len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "page.pdf").read_bytes()))
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    full_pages = page.evaluate("document.documentElement.scrollHeight") / height
    assert pages <= 1.25 * full_pages + 1, "pages are half empty"
    assert page.locator("details:not([open])").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    mark = page.locator(".tag.samples").first
    assert mark.evaluate("mark => getComputedStyle(mark).printColorAdjust") == "exact"
    for figure in page.locator("figure").all():
        assert figure.evaluate("figure => getComputedStyle(figure).breakInside") == "avoid"
        assert figure.evaluate("figure => figure.getBoundingClientRect().height") < height


def test_colours_of_the_system_and_no_motion_are_kept(open_page):
    page = open_page("index.html", forced_colors="active", reduced_motion="reduce")
    assert (
        page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent')").strip() == "LinkText"
    )
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
