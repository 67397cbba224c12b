"""The report in a real browser: tables sort and filter, the viewer flickers, links lead to files, and offline."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reports.build import build

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.slow("starts a real browser and builds a report with pictures"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory, demo_results) -> Path:
    out = tmp_path_factory.mktemp("browser") / "report"
    build(demo_results, out, quiet=True)
    return out


@pytest.fixture(scope="module")
def shots(tmp_path_factory) -> Path:
    """Screenshots: in the folder that JND_BENCH_SCREENSHOTS names, else beside the test's other files."""
    given = os.environ.get("JND_BENCH_SCREENSHOTS")
    folder = Path(given) if given else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install -e '.[test]'")
    if CHROMIUM is None:
        pytest.skip("needs Chromium or Chrome on the PATH")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, report) -> Iterator[Any]:
    """`open_page(path, **context)`: a page, watched; leaving the test fails where it complained or asked for a file."""
    complaints: list[str] = []
    contexts = []

    def make(path: str, **context: Any) -> Any:
        contexts.append(browser.new_context(**context))
        page = contexts[-1].new_page()
        own = (report / path).as_uri()
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url) if _is_foreign(request.url, own) else None)
        page.goto(own)
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def _is_foreign(url: str, own: str) -> bool:
    return not url.startswith("data:") and url.partition("#")[0] != own


def _column(page: Any, name: str) -> list[str]:
    return (
        page.locator("[data-table]")
        .first.locator(f"tbody .c-{name}")
        .evaluate_all("cells => cells.map(cell => cell.dataset.value)")
    )


def test_a_table_sorts_both_ways_by_click_and_by_key_with_empty_values_last(open_page):
    page = open_page("index.html")
    table = page.locator("[data-table]").first
    mae = table.get_by_role("button", name="MAE (QF)", exact=True)
    head = mae.locator("xpath=ancestor::th")
    assert head.get_attribute("aria-sort") == "ascending"
    mae.click()
    falling = [float(value) for value in _column(page, "mae")]
    assert falling == sorted(falling, reverse=True)
    assert head.get_attribute("aria-sort") == "descending"
    mae.press("Enter")
    assert [float(value) for value in _column(page, "mae")] == falling[::-1]
    srcc = table.get_by_role("button", name="SRCC", exact=True)
    for _ in range(2):  # the constant has no correlation
        srcc.press("Space")
        values = _column(page, "srcc")
        assert "" in values
        known = [value for value in values if value]
        assert values[: len(known)] == known
    table.get_by_role("button", name="predictor").click()
    names = _column(page, "predictor")
    assert names[0] == "chou1995"
    assert table.locator("th[aria-sort]").count() == 1


def test_a_table_filters_by_text_and_by_kind(open_page):
    page = open_page("index.html")
    table = page.locator("[data-table]").first
    everything = _column(page, "predictor")
    search = table.get_by_role("searchbox")
    search.press_sequentially("chou")
    assert _column(page, "predictor") == ["chou1995"]
    assert table.get_by_role("status").inner_text() == f"1 of {len(everything)} rows"
    search.fill("x-<b>")
    assert _column(page, "predictor") == ["x-<b>y</b>"]
    search.fill("")
    assert _column(page, "predictor") == everything
    table.get_by_role("combobox").select_option("pixel")
    assert _column(page, "predictor") == ["chou1995"]
    table.get_by_role("combobox").select_option("")
    table.get_by_role("button", name="MAE (QF)", exact=True).click()  # still sorted, so now it turns round
    assert _column(page, "mae") == sorted(_column(page, "mae"), key=float, reverse=True)


def _states(page: Any, milliseconds: int) -> list[bool]:
    """Whether the compressed picture was to be seen, frame by frame."""
    return page.evaluate(
        """async (limit) => {
          const image = document.querySelector(".stage .compressed"), seen = [], begun = performance.now();
          while (performance.now() - begun < limit) {
            await new Promise(requestAnimationFrame);
            seen.push(getComputedStyle(image).visibility === "visible");
          }
          return seen;
        }""",
        milliseconds,
    )


def test_the_flicker_is_off_until_asked_and_then_alternates_eight_times_a_second(open_page):
    page = open_page("pictures/demo/chelsea-1.html", reduced_motion="no-preference")
    button = page.get_by_role("button", name="Flicker (8 Hz)")
    assert button.get_attribute("aria-pressed") == "false"
    assert set(_states(page, 300)) == {True}
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    assert page.get_by_role("slider").is_disabled()
    seen = _states(page, 1000)
    changes = sum(one != other for one, other in itertools.pairwise(seen))
    assert 10 <= changes <= 17  # 16 where every frame comes in time
    button.press("Space")
    assert button.get_attribute("aria-pressed") == "false"
    assert set(_states(page, 300)) == {True}


def test_who_asks_for_less_motion_swaps_by_hand(open_page):
    page = open_page("pictures/demo/chelsea-1.html", reduced_motion="reduce")
    button = page.get_by_role("button", name="Swap with the reference")
    button.press("Enter")
    assert set(_states(page, 400)) == {False}
    button.press("Enter")
    assert set(_states(page, 400)) == {True}


def test_the_slider_moves_by_key_and_the_level_and_error_map_can_be_chosen(open_page):
    page = open_page("pictures/demo/chelsea-1.html")
    compressed = page.locator(".stage .compressed")
    slider = page.get_by_role("slider")
    assert "50%" in compressed.evaluate("image => image.style.clipPath")
    slider.press("ArrowRight")
    assert "51%" in compressed.evaluate("image => image.style.clipPath")
    slider.press("Home")
    assert "0%" in compressed.evaluate("image => image.style.clipPath").replace("0px", "").rpartition(" ")[2]
    before = compressed.get_attribute("src")
    levels = page.get_by_role("combobox", name="compressed at")
    levels.select_option(index=1)
    assert compressed.get_attribute("src") != before
    page.get_by_role("combobox", name="show").select_option("error")
    assert "luma error" in (compressed.get_attribute("alt") or "")
    assert compressed.evaluate("image => image.naturalWidth") == 450
    assert compressed.evaluate("image => image.getBoundingClientRect().width * devicePixelRatio") == 450


def test_one_pixel_is_one_on_screens_of_any_density(open_page):
    page = open_page("pictures/demo/chelsea-1.html", device_scale_factor=2)
    assert page.locator(".stage").evaluate("stage => stage.getBoundingClientRect().width") == 225


def test_every_link_of_every_page_leads_to_a_file_and_a_place_in_it(report, open_page):
    pages = sorted(path.relative_to(report).as_posix() for path in report.rglob("*.html"))
    assert len(pages) > 30
    page = open_page("index.html")
    found: dict[str, tuple[set[str], list[str]]] = {}
    for path in pages:
        found[path] = page.evaluate(
            """(html) => {
              const parsed = new DOMParser().parseFromString(html, "text/html");
              return [[...parsed.querySelectorAll("[id]")].map((e) => e.id),
                      [...parsed.querySelectorAll("a")].map((a) => a.getAttribute("href"))];
            }""",
            (report / path).read_text(encoding="utf-8"),
        )
    for path, (_, links) in found.items():
        for link in links:
            target, _, anchor = link.partition("#")
            file = ((report / path).parent / target).resolve() if target else report / path
            assert file.is_file(), (path, link)
            if anchor:
                ids = found[file.relative_to(report.resolve() if target else report).as_posix()][0]
                assert anchor in ids or anchor == "main", (path, link)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1300, 420])
def test_screenshots_of_each_kind_of_page(open_page, shots, report, scheme, width):
    kinds = ("index.html", "predictors/psnr.html", "pictures/demo/chelsea-1.html", "datasets/demo.html")
    for path in (*kinds, f"methods/{sorted((report / 'methods').iterdir())[0].name}"):
        page = open_page(path, color_scheme=scheme, viewport={"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        name = path.partition("/")[0].removesuffix(".html")
        page.screenshot(path=shots / f"{name}-{scheme}-{width}.png", full_page=True)


def test_it_prints(open_page, shots):
    page = open_page("pictures/demo/chelsea-1.html")
    page.pdf(path=shots / "picture.pdf", prefer_css_page_size=True)
    assert (shots / "picture.pdf").stat().st_size > 10_000
