"""How large the index is, and how long a browser takes to load it: 45 rows, as in a run of everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.figures.catalogue import SECTION_FIGURES
from reports.figures.style import FigureFiles, styled, svg_bytes
from reports.pages.html import FigureImages
from reports.pages.index import index_text
from tests.reports.conftest import PICTURES_TABLE, read_sections, write_pictures_table

ROWS, PICTURES = 45, 24
MOST_KB, MOST_KB_OF_TEN, MOST_CPU_S = 700, 4000, 0.7


@pytest.fixture(scope="module")
def index(tmp_path_factory, store_run) -> Path:
    """Of one section, with the figures that stand on it."""
    results = tmp_path_factory.mktemp("weight") / "results"
    names = [f"astronaut-{index:03d}" for index in range(PICTURES)]
    write_pictures_table(results, names, [f"source-{index // 2:02d}" for index in range(PICTURES)])
    for number in range(ROWS):
        name = f"method-{number:02d}-as-published" if number else "constant"
        parameters = {"threshold": float(number), "rule": "noise-psnr", "border": "reflect"}
        store_run(results, name, info={"pictures_table": PICTURES_TABLE, "parameters": parameters})
    (section,) = read_sections(results)
    figures = {}
    with styled():
        for kind in SECTION_FIGURES:
            drawing = kind.draw(section) if kind.on_page else None
            if drawing is not None:
                svg = svg_bytes(drawing.figure, [drawing.figure])
                figures[kind.stem(section)] = FigureFiles(svg, drawing.alt)
    assert len(figures) == 5
    page = results.parent / "index.html"
    page.write_text(index_text([section], FigureImages(figures)), encoding="utf-8")
    return page


def test_a_section_is_small_and_so_are_ten(index):
    html = index.read_text(encoding="utf-8")
    start = html.index('<section aria-labelledby="demo-')
    whole, section = len(html.encode()), len(html[start : html.index("</section>", start)].encode())
    assert whole < 1000 * MOST_KB
    assert whole + 9 * section < 1000 * MOST_KB_OF_TEN
    assert section < 300_000, "more than 300 kB a section: see what could be said once for all of them"


@pytest.mark.slow("starts a real browser")
def test_it_loads_in_little_processor_time(browser, index):
    """The best of three, and half as much again: other processes slow even what is counted in processor time."""
    times_s = []
    for _ in range(3):
        context = browser.new_context()
        page = context.new_page()
        metrics = context.new_cdp_session(page)
        metrics.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(index.as_uri())
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")  # until it is painted
        known = {each["name"]: each["value"] for each in metrics.send("Performance.getMetrics")["metrics"]}
        times_s.append(known["TaskDuration"])
        context.close()
    assert min(times_s) < 1.5 * MOST_CPU_S, times_s
