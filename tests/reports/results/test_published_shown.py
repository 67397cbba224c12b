"""Published numbers in every form of the report: apart from measured ones, never bold, and with their caveats."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from reports.build import render
from reports.pages.html import INDEX_SCRIPTS, FigureImages
from reports.pages.index import index_text
from reports.results.section import Section
from reports.tables.csv_files import PUBLISHED_COLUMNS, published_csv
from reports.tables.latex import leaderboard_tex
from reports.tables.text import leaderboard_markdown
from tests.reports.conftest import read_sections

BESIDE = {
    "dataset": "mcl-jci",
    "truth": "mean",
    "metric": "QF MAE",
    "value": 0.123,
    "caveat": "Other weights.",
    "folds": "kfold5-v1",
    "score": "mae",
}
LISTED = {**BESIDE, "metric": "bit saving (%)", "value": 89.35, "caveat": "Own pairs.", "folds": "", "score": ""}
EVIL = '<script>alert(1)</script>" onclick="alert(2)" | **b** \\input{x} $x$ 5 % `c`\nnext'


def _store(results: Path, store_run, *numbers) -> list[Section]:
    store_run(results, "constant", dataset="mcl-jci")
    store_run(results, "psnr", dataset="mcl-jci", info={"card": {"published": list(numbers)}})
    return read_sections(results)


@pytest.fixture(scope="module")
def sections(tmp_path_factory, store_run) -> list[Section]:
    return _store(tmp_path_factory.mktemp("results"), store_run, BESIDE, LISTED)


def test_markdown_has_a_column_a_note_and_a_list(sections):
    text = leaderboard_markdown(sections)
    head = next(line for line in text.splitlines() if line.startswith("| predictor"))
    cells = {line.split(" | ")[0].strip("| "): line.split(" | ") for line in text.splitlines() if line.startswith("|")}
    place = head.split(" | ").index("published MAE (QF)")
    assert head.split(" | ")[place - 1] == "MAE (QF)"
    assert cells["psnr"][place] == r"0.123 \[1\]"
    assert cells["constant *(control)*"][place] == ""
    assert len({line.count("|") for line in text.splitlines() if line.startswith("|")}) == 1
    assert re.search(r"folds:\n\n- \\\[1\\\] The method psnr: QF MAE 0\.123 \(.*\)\. Caveat: Other weights\.\n", text)
    assert re.search(r"truth or folds:\n\n- The method psnr: bit .* 89\.35 .*folds unknown.* Caveat: Own pairs\.", text)
    assert not re.search(r"\*\*(0\.123|89\.35)", text)


def test_latex_has_a_column_a_note_and_a_list(sections):
    text = leaderboard_tex(sections)
    assert r"\shortstack{published\\MAE\\(QF)}" in text
    assert r"0.123\textsuperscript{1} & " in text
    assert r"\textsuperscript{1}The method psnr: QF MAE 0.123" in text
    assert r"Not beside a measured number: folds unknown, no score here measures it. Caveat: Own pairs.\par" in text
    for tabular in text.split(r"\begin{tabular}")[1:]:
        rows = [line for line in tabular.splitlines() if line.endswith(r" \\")]
        assert {line.count(" & ") + 1 for line in rows} == {len(re.match(r"\{(lr*)\}", tabular)[1])}
    notes = 2  # what the statistics say, and the published numbers
    assert text.count(r"\begin{minipage}") == text.count(r"\end{minipage}") == notes


def test_a_column_that_latex_leaves_out_stands_where_a_number_needs_it(tmp_path, store_run):
    assert "KRCC" in leaderboard_tex(_store(tmp_path, store_run, {**BESIDE, "score": "krcc"}))


def test_the_page_has_a_column_that_does_not_sort_a_note_and_a_list(sections):
    html = index_text(sections, FigureImages({}))
    assert re.findall(r'<th scope="col" class="number published"[^>]*>([^<]*)</th>', html) == ["published MAE (QF)"]
    table = html[html.index('<table class="leaderboard ') :]
    cells = re.findall(r'<td class="number published">(.*?)</td>', table[: table.index("</table>")])
    link = re.search(
        r'<span title="Other weights\.">0\.123</span><sup><a href="#([^"]+)" aria-label="note 1">1</a>', html
    )
    assert len(cells) == 2
    assert "".join(cells) == link[0] + "</sup>"
    note = rf'<tr id="{link[1]}"><td>1</td><td>The method psnr</td><td>QF MAE</td>'
    assert re.search(note + r".*<td>Other weights\.</td>", html)
    assert re.search(
        r"<td>bit saving \(%\)</td>.*>89\.35</td>.*<td>folds unknown, no score .*<td>Own pairs\.</td>", html
    )
    assert html.count("89.35") == 1
    assert '<a href="published.csv">' in html
    heads, first = (table.split("<tr")[place].split("</tr>")[0] for place in (1, 2))
    assert heads.count("<th ") == first.count("<th ") + first.count("<td")


def test_the_csv_keeps_measured_and_published_apart(sections):
    beside, listed = csv.DictReader(io.StringIO(published_csv(sections)))
    assert tuple(beside) == PUBLISHED_COLUMNS
    row = next(row for row in sections[0].rows if row.predictor == "psnr")
    assert float(beside["measured"]) == pytest.approx(row.scores["mae"], rel=1e-5)
    assert [beside[name] for name in ("predictor", "published", "not_beside")] == ["psnr", "0.123", ""]
    assert [listed[name] for name in ("predictor", "measured", "published")] == ["", "", ""]
    assert (listed["value"], listed["caveat"]) == ("89.35", "Own pairs.")
    assert listed["not_beside"] == "folds unknown, no score here measures it"


def test_markup_in_a_number_shows_as_text_everywhere(tmp_path, store_run):
    evil = {"caveat": EVIL, "metric": EVIL}
    sections = _store(tmp_path, store_run, {**BESIDE, **evil}, {**LISTED, **evil, "method": EVIL, "truth": EVIL})
    html = index_text(sections, FigureImages({}))
    assert html.count("<script>") == len(INDEX_SCRIPTS)
    assert 'onclick="' not in html
    text = leaderboard_markdown(sections)
    assert "<script>" not in text.replace("\\<script\\>", "")
    assert "**b**" not in text
    assert r"\input{x}" not in leaderboard_tex(sections)
    assert len(published_csv(sections).splitlines()) == 3


def test_measured_numbers_ranks_and_figures_do_not_depend_on_published_ones(tmp_path, store_run, monkeypatch):
    _store(tmp_path / "without", store_run)
    _store(tmp_path / "with", store_run, BESIDE, LISTED)
    _store(tmp_path / "again", store_run, LISTED, BESIDE)
    without, with_them = (render(tmp_path / name, quiet=True) for name in ("without", "with"))
    monkeypatch.setattr("reports.build.draw_figures", lambda *_, **__: {})  # the same, so need not be drawn again
    again = render(tmp_path / "again", quiet=True)
    same = [name for name in without if name.startswith("figures/") or name == "leaderboard.csv"]
    assert len(same) > 4
    assert all(without[name] == with_them[name] for name in same)
    others = [name for name in with_them if not name.endswith((".html", ".json"))]  # their links hash whole cards
    assert set(others) - set(without) == {"published.csv"}
    assert all(with_them[name] == again[name] for name in others if not name.startswith("figures/"))


def test_without_published_numbers_nothing_speaks_of_them(tmp_path, store_run):
    sections = _store(tmp_path, store_run)
    html = index_text(sections, FigureImages({}))
    body = html[html.index("<body>") : html.index('id="words"')]
    assert not any("ublished" in text for text in (body, leaderboard_markdown(sections), leaderboard_tex(sections)))
