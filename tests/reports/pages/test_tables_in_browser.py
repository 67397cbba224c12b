"""Tables in a real browser: they sort, filter, fold variants, and remember in the address what was chosen."""

from __future__ import annotations

import csv
import itertools
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from reports.build import build
from reports.pages.index import PictureChoice
from tests.reports.pages.conftest import SCREENSHOTS

pytestmark = pytest.mark.slow("starts a real browser and builds a report with pictures")


def _column(page: Any, name: str) -> list[str]:
    """The values of a column's cells in the rows that show, from the top."""
    table = page.locator("[data-table]").first
    place = table.locator(f"[data-sort=c-{name}]").evaluate("button => button.closest('th').cellIndex")
    rows = table.locator("tbody.rows tr:not([hidden])")
    return rows.evaluate_all("(rows, at) => rows.map((row) => row.cells[at].dataset.value ?? '')", place)


def test_a_table_sorts_both_ways_by_click_and_by_key_with_empty_values_last(open_page):
    page = open_page("index.html")
    table = page.locator("[data-table]").first
    table.get_by_role("checkbox", name="one row per method").uncheck()
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
    for highest_first in (True, False):  # what is best comes first
        srcc.press("Space")
        values = _column(page, "srcc")
        known = [value for value in values if value]
        assert values[: len(known)] == known
        assert known == sorted(known, key=float, reverse=highest_first)
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
    assert sorted(_column(page, "predictor")) == ["chou1995", "chou1995-as-published"]  # a variant is found, too
    assert table.locator(".shown").inner_text().startswith("2 of 4 rows")
    search.fill("nobody")
    assert _column(page, "predictor") == [] and "No row matches" in table.locator(".nothing").inner_text()
    table.get_by_role("button", name="Show all rows").click()
    assert _column(page, "predictor") == everything and table.locator(".nothing").is_hidden()
    search.fill("x-<b>")
    assert _column(page, "predictor") == ["x-<b>y</b>"]
    search.fill("")
    assert _column(page, "predictor") == everything
    table.get_by_role("combobox", name="kind").select_option("pixel")
    assert {name[:8] for name in _column(page, "predictor")} == {"chou1995"}
    table.get_by_role("combobox", name="kind").select_option("")
    table.get_by_role("button", name="MAE (QF)", exact=True).click()  # still sorted, so now it turns round
    assert _column(page, "mae") == sorted(_column(page, "mae"), key=float, reverse=True)


def test_variants_stand_folded_under_their_method_and_the_address_shows_the_same(open_page):
    page = open_page("index.html")
    table = page.locator("[data-table]").first
    folded = _column(page, "predictor")
    (lead,) = (name for name in folded if name.startswith("chou1995"))
    assert len(folded) == 3 and "1 of them folded" in table.locator(".shown").inner_text()
    opens = table.get_by_role("button", name="1 more of chou1995")
    opens.press("Enter")
    opened = _column(page, "predictor")
    assert opened[opened.index(lead) + 1].startswith("chou1995") and len(opened) == 4
    assert opens.get_attribute("aria-expanded") == "true"
    assert opens.evaluate("button => button === document.activeElement")
    bias = table.get_by_role("button", name="bias (QF)", exact=True)
    bias.click()  # what is nearest to 0 comes first
    leads = [abs(float(value)) for value in _column(page, "bias")]
    assert leads.index(min(leads)) == 0
    table.get_by_role("combobox", name="columns").select_option("SUR curve")
    table.get_by_role("checkbox", name="one row per method").uncheck()
    assert [abs(float(value)) for value in _column(page, "bias")] == sorted(leads)
    table.get_by_role("searchbox").fill("1995")
    again = open_page("index.html" + page.evaluate("location.href").partition("index.html")[2])
    for name in ("predictor", "bias"):
        assert _column(again, name) == _column(page, name)
    head = again.locator("[data-table]").first.locator("thead th")
    assert head.get_by_text("SUR MAE").is_visible() and head.get_by_text("bias").is_hidden()
    assert again.evaluate("scrollY") > 0


def test_two_ticked_rows_are_compared_with_the_numbers_of_the_program(open_page, report):
    page = open_page("index.html")
    table = page.locator("[data-table]").first
    assert "Tick two rows to compare them" in table.locator(".ticks").inner_text()
    table.get_by_role("checkbox", name="compare constant").scroll_into_view_if_needed()
    scrolled = page.evaluate("scrollY")
    table.get_by_role("checkbox", name="compare constant").check()
    assert "Tick a second row" in table.locator(".ticks").inner_text()
    table.get_by_role("checkbox", name="compare psnr").check()
    with (report / "pairs.csv").open(encoding="utf-8") as file:
        pair = next(line for line in csv.DictReader(file) if {line["first"], line["second"]} == {"constant", "psnr"})
    size, ends = abs(float(pair["mae_difference"])), sorted(abs(float(pair[end])) for end in ("low", "high"))
    assert page.evaluate("scrollY") == scrolled, "nothing jumps when a row is ticked"
    text = table.locator(".pair").inner_text()
    corrected = float(pair["p_against_constant"])
    assert f"{'Significant' if corrected < 0.05 else 'Not significant'} (p {corrected:.3f}, corrected for" in text
    assert f"errs by {size:.2f} QF less than" in text
    assert all(f"{end:.2f}" in text for end in ends)
    for name in ("p", "p_corrected", "p_against_constant"):
        assert f"p {float(pair[name]):.3f}" in text
    assert (f"about {int(pair['sources_needed']):,} sources" in text) == (corrected >= 0.05)
    assert "(0 and 2) count as the worst" in text or "(2 and 0) count as the worst" in text
    marks = table.locator(".pair a.mark")
    assert marks.count() == 25 and table.locator(".pair a.mark[href^='pictures/demo/']").count() == 6
    marks.first.evaluate("mark => mark.parentElement.querySelector('[tabindex=\"0\"]').focus()")
    page.keyboard.press("ArrowRight")
    assert " and " in table.locator(".pair .said").inner_text()
    table.get_by_role("checkbox", name="compare x-<b>").check()  # the third takes the place of the first
    assert not table.get_by_role("checkbox", name="compare constant").is_checked()
    again = open_page("index.html" + page.evaluate("location.href").partition("index.html")[2])
    assert again.locator(".pair h3").first.inner_text() == page.locator(".pair h3").first.inner_text()
    table.get_by_role("button", name="1 more of chou1995").click()
    for name in ("psnr", "x-<b>"):
        table.get_by_role("checkbox", name=f"compare {name}").uncheck()
    for name in ("chou1995", "chou1995-as-published"):
        table.get_by_role("checkbox", name=f"compare {name}", exact=True).check()
    assert table.locator(".pair table").inner_text().split()[-2:] == ["threshold", "1.0"]


def test_only_the_best_and_what_is_not_separable_from_it_is_shown_by_a_link_and_the_ticks_are_cleared(open_page):
    page = open_page("index.html#demo-kfold5-v1-mean-jnd1?only=best_group&row=constant&row=psnr")
    table = page.locator("[data-table]").first
    only = table.locator("input.only")
    assert only.is_checked() and set(_column(page, "best_group")) == {"1"}
    only.uncheck()
    assert "only=" not in page.url
    table.locator(".pair").get_by_role("button", name="Clear").click()
    assert table.locator(".pair").is_hidden() and not table.locator("tbody .tick:checked").count()


def test_the_link_to_the_commands_unfolds_them_and_they_are_copied(open_page):
    page = open_page("index.html")
    page.evaluate("() => (navigator.clipboard.writeText = async (text) => { window.taken = text; })")
    page.get_by_role("link", name="how to run it again").first.click()
    page.locator("code.command:has-text('protocols.run') + button").first.click()
    assert page.evaluate("taken").startswith("python -m protocols.run --dataset demo ")


def test_a_chart_shows_the_rows_of_the_table_on_the_axes_that_the_reader_chooses(open_page):
    page = open_page("index.html")
    table, chart = page.locator("[data-table]").first, page.locator("figure.chart").first
    rows = table.locator("tbody.rows tr:not([hidden])").count() + 1
    assert chart.locator("a.mark").count() == rows
    assert "ms per picture, logarithmic" in chart.inner_text()
    chart.locator("select.across").select_option("c-srcc")  # the constant has none
    assert chart.locator("a.mark").count() == rows - 1
    table.get_by_role("checkbox", name="compare psnr").check()
    (filled,) = chart.locator("a.mark.filled").all()
    assert (filled.get_attribute("aria-label") or "").startswith("psnr: MAE (QF) ")
    assert filled.get_attribute("href") == "predictors/psnr.html"
    filled.focus()
    assert chart.locator(".told").text_content() == "psnr"
    table.get_by_role("searchbox").fill("psnr")
    assert chart.locator("a.mark").count() == 1
    again = open_page("index.html" + page.evaluate("location.href").partition("index.html")[2])
    assert again.locator("figure.chart select.across").first.input_value() == "c-srcc"


def test_what_a_table_shows_is_copied_and_saved(open_page):
    page = open_page("index.html")
    table = page.locator("[data-table]").first
    table.get_by_role("searchbox").fill("psnr")
    with page.expect_download() as saved:
        table.get_by_role("button", name="Download CSV").click()
    assert saved.value.suggested_filename == "demo-kfold5-v1-mean-jnd1.csv"
    heads, *rows = csv.reader(saved.value.path().read_text(encoding="utf-8").splitlines())
    assert heads[0] == "predictor" and "MAE (QF)" in heads and "RMSE (QF)" not in heads
    assert [row[0] for row in rows] == ["constant", "psnr"]
    table.get_by_role("searchbox").fill("x-<")
    # Whether a page may use the clipboard is the browser's to say: the test takes its place.
    page.evaluate("() => (navigator.clipboard.writeText = async (text) => { window.taken = text; })")
    table.get_by_role("button", name="Copy LaTeX").click()
    latex = page.evaluate("taken")
    assert r"\begin{tabular}{l" in latex and "x-\\textless{}b\\textgreater{}y" in latex and "rmse" not in latex.lower()
    table.get_by_role("button", name="Copy BibTeX").click()
    entry = page.evaluate("taken")
    assert entry.startswith("@") and "title = {{A title}}" in entry
    with page.expect_download() as saved:
        page.locator("figure.chart").first.get_by_role("button", name="Download SVG").click()
    drawn = ElementTree.parse(saved.value.path()).getroot()
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
    assert all("rgb" in (mark.get("stroke") or "") for mark in drawn.iter("{http://www.w3.org/2000/svg}circle"))


def test_the_constant_stays_above_the_rows_and_columns_are_chosen(open_page):
    page = open_page("index.html")
    table = page.locator("[data-table]").first
    pinned = table.locator("tbody.pinned tr")
    assert pinned.first.locator("th").get_attribute("data-value") == "constant"
    table.get_by_role("searchbox").fill("chou")
    assert pinned.first.is_visible()
    head = table.locator("thead th")
    assert head.get_by_text("MAE (QF)").first.is_visible() and head.get_by_text("PSNR MAE").is_hidden()
    columns = table.get_by_role("combobox", name="columns")
    columns.select_option("PSNR at the JND")
    assert head.get_by_text("PSNR MAE").is_visible() and head.get_by_text("MAE (QF)").first.is_visible()
    assert head.get_by_text("bias").is_hidden()
    columns.select_option("all")
    assert head.get_by_text("bias").is_visible() and head.get_by_text("kind").is_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1300, "light"), (420, "dark")])
def test_the_table_of_codecs_sorts_and_filters_below_the_truth(
    open_page, tmp_path, store_codec_run, small_figures, shots, width, scheme
):
    for codec, predictor in itertools.product(("jpeg", "webp", "avif"), ("constant", "psnr", "chou1995")):
        store_codec_run(tmp_path / "results", codec, predictor)
    build(tmp_path / "results", tmp_path / "report", PictureChoice(0), quiet=True)
    page = open_page(tmp_path / "report" / "codecs.html", color_scheme=scheme, viewport={"width": width, "height": 900})
    page.get_by_role("button", name="JND by").click()
    assert _column(page, "predictor") == ["chou1995", "constant", "psnr"]
    page.get_by_role("searchbox").fill("psnr")
    assert _column(page, "predictor") == ["psnr"]
    assert page.locator("tbody.pinned th").all_inner_texts() == ["the true JNDs"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if SCREENSHOTS:
        page.screenshot(path=shots / f"codecs-{scheme}-{width}.png", full_page=True)
