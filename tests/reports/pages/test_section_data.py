"""What the scripts of a page know: the numbers of `pairs.csv`, rounded as tables round them, and small."""

from __future__ import annotations

import csv
import io

import pytest

from reports.pages.html import script_data
from reports.pages.section_data import section_data
from reports.tables.csv_files import pairs_csv
from tests.reports.conftest import read_sections


@pytest.fixture(scope="module")
def section(tmp_path_factory, store_run):
    results = tmp_path_factory.mktemp("results")
    for predictor in ("constant", "psnr", "chou1995", "other"):
        store_run(results, predictor, failing=2 * (predictor == "psnr"), info={"parameters": {"own": predictor}})
    (section,) = read_sections(results)
    return section


def test_pairs_are_those_of_the_file(section):
    data = section_data(section, ["astronaut-001"])
    places = [(first, second) for first in range(4) for second in range(first + 1, 4)]
    for at, ((first, second), line) in enumerate(
        zip(places, csv.DictReader(io.StringIO(pairs_csv([section]))), strict=True)
    ):
        assert (data["rows"][first], data["rows"][second]) == (line["first"], line["second"])
        for name, column in (("difference", "mae_difference"), ("low", "low"), ("high", "high")):
            assert data[name][at] / 100 == pytest.approx(float(line[column]), abs=0.00501)
        assert data["p_corrected"][at] / 1000 == pytest.approx(float(line["p_corrected"]), abs=0.000501)
        assert (at not in data["p_against_constant"]) == (line["p_against_constant"] == "")
        assert data["separable"][at] == line["separable"]


def test_errors_are_tenths_and_failed_pictures_stand_below_zero(section):
    data = section_data(section, ["astronaut-001"])
    errors = section.comparison.errors
    for row, (name, tenths) in enumerate(zip(data["rows"], data["errors"], strict=True)):
        assert [abs(value) / 10 for value in tenths] == pytest.approx(errors[row], abs=0.0501)
        assert sum(value < 0 for value in tenths) == 2 * (name == "psnr")
    assert data["pages"][1] == "pictures/demo/astronaut-001.html" and not any(data["pages"][2:])
    assert data["settings"]["own"] == list(data["rows"]) and "seed" not in data["settings"]
    assert len(script_data(data)) < 3000
