"""Runs whose figures the tests look at, all drawn once, and the words that stand in a figure."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from reports.figures.catalogue import draw_figures
from reports.figures.style import Drawing, FigureFiles, figure_files, styled
from reports.results.section import Section
from tests.reports.conftest import PICTURES_TABLE, read_sections, write_pictures_table

NAMES = [f"astronaut-{index:03d}" for index in range(24)]
SOURCES = [f"source-{index // 2:02d}" for index in range(24)]
HOSTILE = '<b id="x">&amp;</b> $x^2$ url(#y)'


def words(figure: bytes | Drawing) -> str:
    """The text in an SVG, or in a drawing."""
    if isinstance(figure, Drawing):
        with styled():
            figure = figure_files(figure).svg
    elements = ET.fromstring(figure).iter()
    return " ".join("".join(element.itertext()) for element in elements if element.tag.endswith("text"))


@pytest.fixture(scope="package")
def results(tmp_path_factory, store_run) -> Path:
    """Two truths with a table of the pictures; a limited run and another data set without."""
    folder = tmp_path_factory.mktemp("results")
    write_pictures_table(folder, NAMES, SOURCES)
    failing = {"constant": 0, "psnr": 0, "chou1995": 0, HOSTILE: 0, "partly": 2, "broken": 24}
    for truth in ("mean", "median"):
        for predictor, count in failing.items():
            store_run(folder, predictor, truth=truth, failing=count, info={"pictures_table": PICTURES_TABLE})
    store_run(folder, "constant", limit=6, pictures=6)
    store_run(folder, "constant", dataset="mcl-jci", pixels=False)
    return folder


@pytest.fixture(scope="package")
def sections(results) -> list[Section]:
    """The demo's under the mean, its limited one, that under the median, and MCL-JCI's."""
    return read_sections(results)


@pytest.fixture(scope="package")
def section(sections) -> Section:
    """The demo set under the mean."""
    return sections[0]


@pytest.fixture(scope="package")
def figures(sections) -> dict[str, FigureFiles]:
    """All figures of the sections."""
    return draw_figures(sections, quiet=True)
