"""Predictors of strangers whose cards mean harm: the report stays well-formed, and every file lies where it should."""

import csv
import dataclasses
import io
import json
import re
import sys
import warnings
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.interface.card import Card
from baselines.interface.predictor import JNDPredictor
from baselines.interface.registry import Registered, find_predictors
from datasets.common.errors import UserError
from datasets.common.files import spreadsheet_cell
from datasets.core.reference import Reference
from protocols.run import main as run
from protocols.store.store import Store
from reports.build import main as build
from reports.pages.html import INDEX_SCRIPTS, PICTURE_SCRIPTS, _inlined
from reports.results.written import one_line, safe_name
from reports.tables.latex import bibtex, latex
from reports.tables.text import markdown
from tests.reports.pages.conftest import ParsedPage
from tests.survival.conftest import cases

EVIL = "../../evil<script>alert(1)</script><img src=x onerror=alert(2)>\"'`"
TEX = r"\input{/etc/passwd}\end{tabular}$\frac{$%&#_~^{}"
NAMES = ("../../evil<script>alert(1)</script>", TEX, "=cmd|' /C [x](javascript:alert(1)) `|")
PLUG_IN = '''
"""A stranger's predictors."""
from baselines.interface.card import Card
from baselines.interface.predictor import JNDPredictor
from datasets.core.reference import Reference

NAMES = {names!r}
LONG = {long!r}


def made(name, number):
    class Predictor(JNDPredictor):
        card = Card(
            name=name, title=name + LONG, references=(Reference((name, "B. Author"), LONG, "IEEE TIP", 2020),),
            needs_pictures=False, licence=LONG, deviations=(name, LONG),
        )

        def fit(self, pictures, levels, *, seed):
            return self

        def predict(self, picture):
            if number == 0 and picture.name.endswith("-1"):
                raise ValueError(name + LONG.replace("\\ud800", ""))
            return 50.0 + number

        def remark(self, picture):
            return LONG

    Predictor.__module__, Predictor.__qualname__ = __name__, f"P{{number}}"
    return Predictor


for number, name in enumerate(NAMES):
    globals()[f"P{{number}}"] = made(name, number)
'''
LONG = EVIL + TEX + "\n@misc{x,}\n\ud800\x00\x1b[2J\u202e" + "n" * 10_000


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A folder with results and reports of a stranger's predictors; in one the pictures' names mean harm as well."""
    home = tmp_path_factory.mktemp("home") / "deep" / "er"
    home.mkdir(parents=True)
    (home / "strangers_predictors.py").write_text(PLUG_IN.format(names=NAMES, long=LONG), encoding="utf-8")
    names = [f"strangers_predictors:P{number}" for number in range(len(NAMES))]
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.chdir(home)
        patch.syspath_prepend(home)
        assert run(["--predictors", "constant", *names, "--limit", "2", "--jobs", "1", "-q"]) == 1, "one of them fails"
        store = Store(Path("results"))
        for stored in store.current_runs():
            frame = stored.predictions
            hostile = [f"{name}{EVIL}{TEX}" for name in frame["picture"]]
            facts = {"title": EVIL, "terms": TEX, "notes": (EVIL, TEX), "redistributable": False}
            work = Reference((EVIL, LONG), TEX, LONG, 2020, doi=EVIL, url=TEX)
            dataset = dataclasses.replace(stored.record.dataset, **facts, references=(work,))
            Store(Path("hostile")).write(
                dataclasses.replace(stored.record, dataset=dataset), frame.assign(picture=hostile, source=EVIL)
            )
        assert build(["--results", "hostile", "--out", "report of hostile names", "-q"]) == 0
    sys.modules.pop("strangers_predictors", None)
    return home


def reports(home: Path, pattern: str) -> list[str]:
    found = [path for folder in ("report", "report of hostile names") for path in (home / folder).rglob(pattern)]
    assert found
    return [path.read_text(encoding="utf-8") for path in sorted(found)]


def test_every_file_lies_in_the_results_or_the_report_and_has_a_harmless_name(home, survived):
    around = home.parents[1]
    files = [path.relative_to(home).as_posix() for path in around.rglob("*") if path.is_file()]
    allowed = ("results/", "hostile/", "report/", "report of hostile names/", "strangers_predictors.py", "__pycache__/")
    assert all(name.startswith(allowed) for name in files)
    assert all(re.fullmatch(r"[\w./ -]+", name) and ".." not in name for name in files)
    assert sum(name.endswith("predictions.parquet") for name in files) == 2 * (1 + len(NAMES))
    survived("hostile names of predictors", len(NAMES))


def test_pages_are_well_formed_and_run_no_script_but_their_own(home, survived):
    pages = reports(home, "*.html")
    own = {_inlined(name)["text"] for name in {*INDEX_SCRIPTS, *PICTURE_SCRIPTS}}
    for html in pages:
        parsed = ParsedPage(html)
        assert parsed.open == []
        for script in re.findall(r"<script>(.*?)</script>", html, re.DOTALL):
            assert script in own
        assert html.count("<script") == html.count("<script>") + html.count('<script type="application/json"')
        for tag, attributes in parsed.tags:
            assert not any(name.startswith("on") for name in attributes), (tag, attributes)
            address = attributes.get("href") or attributes.get("src") or ""
            assert not address.startswith(("javascript:", "http:", "/")), address
            assert not address.startswith("https:") or attributes.get("rel") == "noreferrer", address
    survived("pages with hostile cards", len(pages))


def test_figures_are_well_formed_and_of_the_usual_size(home):
    figures = reports(home, "*.svg")
    for svg in figures:
        tree = ElementTree.fromstring(svg)
        assert not any(one.tag.endswith("script") for one in tree.iter())
        assert float(str(tree.get("width")).removesuffix("pt")) < 1500
        assert float(str(tree.get("height")).removesuffix("pt")) < 3000


def test_tables_for_programs_have_a_cell_a_column_and_nothing_that_computes(home):
    for text in reports(home, "*.csv"):
        rows = list(csv.reader(io.StringIO(text), strict=True))
        assert {len(row) for row in rows} == {len(rows[0])}
        for cell in (cell for row in rows for cell in row):
            assert cell[:1] not in ("=", "+", "@") and (cell[:1] != "-" or float(cell) < 0)
    for text in reports(home, "*.json"):
        json.loads(text)


def test_the_tex_tables_are_balanced_and_have_no_command_of_a_strangers(home):
    for text in reports(home, "*.tex"):
        assert "\\input" not in text and text.count("\\begin{") == text.count("\\end{")
        assert not re.search(r"(?<!\\)[#~^<>|]", text)
        depth = 0
        for brace in re.findall(r"(?<!\\)[{}]", text):
            depth += 1 if brace == "{" else -1
            assert depth >= 0
        assert depth == 0


def test_markdown_has_a_row_a_line_and_no_live_markup(home):
    for text in reports(home, "*.md"):
        tables = [line for line in text.splitlines() if line.startswith("| ")]
        assert {len(re.findall(r"(?<!\\)\|", line)) for line in tables[2 : 2 + len(NAMES)]} == {
            len(re.findall(r"(?<!\\)\|", tables[0]))
        }
        outside_code = re.sub(r"(`+) .*? \1", "", text)
        assert not re.search(r"(?<!\\)<(script|img)", outside_code)
        assert not re.search(r"(?<!\\)\]\(javascript", outside_code)


def test_references_are_entries_of_their_own(home):
    for text in reports(home, "*.bib"):
        keys = re.findall(r"^@[a-z]+\{([^,]*),$", text, re.MULTILINE)
        assert len(keys) == len(set(keys)) >= len(NAMES)
        assert all(re.fullmatch(r"[a-z0-9_-]+", key) for key in keys)
        assert len(re.findall(r"^}$", text, re.MULTILINE)) == len(keys)


BAD_NAMES: list[object] = ["", "n" * 10_000, "new\nline", "nul\0", "\x1b[2J", "\u202egnp", "\ud800", 5, None, ["a"]]


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: ascii(name)[:20])
def test_a_name_that_nothing_can_go_by_is_refused_when_the_predictor_is_found(name, monkeypatch, survived):
    """Before anything is computed that could then be stored nowhere."""

    class Stranger(JNDPredictor):
        card = Card(name=name, title="", needs_pictures=False)

        def fit(self, pictures, levels, *, seed):
            return self

        def predict(self, picture):
            return 50.0

    monkeypatch.setattr(sys.modules[__name__], "Stranger", Stranger, raising=False)
    monkeypatch.setitem(sys.modules, "strangers_module", sys.modules[__name__])
    with pytest.raises(UserError, match="characters that can be printed") as told:
        find_predictors(["strangers_module:Stranger"])
    assert len(str(told.value)) < 500
    with pytest.raises(UserError):
        Registered(name, Stranger)  # type: ignore[arg-type]
    survived("names of predictors that are none")


@settings(max_examples=cases(200))
@given(st.text(st.characters(exclude_categories=()), max_size=200), st.text(max_size=20))
def test_any_text_is_shown_as_text(text, other):
    assert re.fullmatch(r"[a-z0-9_-]{1,90}", safe_name(text))
    assert (safe_name(text) == safe_name(other)) == (text == other)
    for shown in (latex(text), markdown(text), bibtex(text), one_line(text)):
        assert "\n" not in shown and all(letter.isprintable() for letter in shown)
    assert not re.search(r"(?<!\\)[&%$#_]|[~^<>|]", latex(text))
    assert not re.search(r"(?<!\\)[|<>`\[\]*]", markdown(text).replace("\\\\", ""))
    assert bibtex(text).count("{") == bibtex(text).count("}")
    cell = spreadsheet_cell(text)
    assert cell.removeprefix("'") == text.removeprefix("'")
    assert cell[:1] not in ("=", "+", "-", "@") or re.fullmatch(r"[+-][\d.einfaty_]+\s*", cell, re.IGNORECASE)


def test_so_many_texts_were_shown(survived):
    survived("texts in tables, pages and references", cases(200))
