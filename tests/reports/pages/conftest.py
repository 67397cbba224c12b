"""Pages as tests read them: parsed, and in a real browser."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from protocols.store.store import Store
from reports.build import build
from reports.pages.index import PictureChoice
from tests.conftest import CHROMIUM, figures_of_a_few_bytes

VOID = ("meta", "img", "br", "hr", "input", "link", "col", "wbr", "source")


class ParsedPage(HTMLParser):
    """Tags with attributes, those left open at the end, and the text outside style and script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["style"], ["script"]):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


BROWSER = shutil.which("chromium-headless-shell") or CHROMIUM
"""Reports need no window, and Debian's shell without one takes half of the time."""
SCREENSHOTS = os.environ.get("JND_BENCH_SCREENSHOTS", "")


@pytest.fixture(scope="package")
def report(tmp_path_factory, demo_results, store_run) -> Path:
    """With pages of the pictures that predictors erred most on, and a variant of a method."""
    folder = tmp_path_factory.mktemp("browser")
    results, out = folder / "results", folder / "report"
    shutil.copytree(demo_results, results)
    for run in Store(demo_results).current_runs():
        if run.identity.predictor == "chou1995":
            info = {"kind": "pixel", "card": {"name": "chou1995"}, "parameters": {"threshold": 1.0}}
            variant = store_run(results, "chou1995-as-published", truth=run.identity.truth, pictures=25, info=info)
            frame = run.predictions
            frame["predicted_level"] += 0.1 * (frame["predicted_level"] - frame["true_level"])
            record = dataclasses.replace(variant.record, dataset=run.record.dataset, key_parts=run.record.key_parts)
            Store(results).write(dataclasses.replace(record, decoder=run.record.decoder), frame)
    with figures_of_a_few_bytes():
        build(results, out, PictureChoice(6), quiet=True)
    return out


@pytest.fixture(scope="package")
def shots(tmp_path_factory) -> Path:
    """Screenshots: in the folder that JND_BENCH_SCREENSHOTS names, else beside the test's other files."""
    folder = Path(SCREENSHOTS) if SCREENSHOTS else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install -e '.[test]'")
    if BROWSER is None:
        pytest.skip("needs Chromium or Chrome on the PATH")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER)
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
        file, _, place = str(path).partition("#")
        own = (report / file).as_uri()
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url) if _is_foreign(request.url, own) else None)
        page.goto(f"{own}#{place}" if place else own)
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def _is_foreign(url: str, own: str) -> bool:
    return not url.startswith("data:") and url.partition("#")[0] != own
