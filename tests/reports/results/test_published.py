"""Where a published number may stand: protects against comparing it with what was not measured the same way."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from baselines.interface.card import PublishedNumber
from baselines.interface.registry import registry
from datasets.core.folds import shipped_folds
from datasets.sets import dataset_classes
from protocols.scoring.scores import SCORES
from reports.results.published import PublishedNumbers, published
from reports.results.section import Section
from reports.results.section_scores import columns
from tests.reports.conftest import read_sections

NUMBER = {
    "dataset": "mcl-jci",
    "truth": "",
    "metric": "Bhattacharyya distance",
    "value": 0.081,
    "caveat": "other weights",
    "jnd": 1,
    "folds": "kfold5-v1",
    "score": "bhattacharyya",
    "score_factor": 1.0,
    "method": "",
}
MAE = {**NUMBER, "truth": "mean", "metric": "QF MAE", "value": 3.92, "score": "mae"}


@pytest.fixture
def section_of(tmp_path, store_run):
    """`section_of(numbers, ...)` is a section with the constant and a method whose card has these numbers."""

    def make(*numbers: dict[str, Any], name: str = "", **settings: Any) -> Section:
        card = {"published": list(numbers), **({"name": name} if name else {})}
        settings = {"dataset": "mcl-jci", **settings}
        failing = settings.pop("failing", 0)
        store_run(tmp_path, "constant", **settings)
        store_run(tmp_path, "psnr", failing=failing, **{**settings, "info": {**settings.get("info", {}), "card": card}})
        (section,) = read_sections(tmp_path)
        return section

    return make


def _reasons(numbers: PublishedNumbers) -> tuple[str, ...]:
    assert not numbers.beside
    (shown,) = numbers.listed
    return shown.reasons


@pytest.mark.parametrize("number", [NUMBER, MAE])
def test_a_number_measured_under_the_same_stands_beside_its_methods_row(section_of, number):
    section = section_of(number)
    numbers = published(section)
    assert not numbers.listed
    (shown,) = numbers.beside
    assert [row.predictor for row in shown.rows] == ["psnr"]
    assert (shown.note, shown.reasons, numbers.scores) == (1, (), {number["score"]})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"folds": ""}, "folds unknown"),
        ({"folds": "sur-featnet-10"}, "other folds"),
        ({"truth": "sqf"}, "truth not known to be the same"),
        ({"truth": "mean (inferred)"}, "truth not known to be the same"),
        ({"truth": ""}, "truth not known to be the same"),
        ({"jnd": 2}, "other JND"),
        ({"score": "", "score_factor": 1.0}, "no score here measures it"),
        ({"score": "mean_rank"}, "no score here measures it"),
        ({"score": "ms_per_picture"}, "other machine"),
        ({"method": "SUR-Net 2019"}, "another method's"),
    ],
)
def test_what_differs_or_is_unknown_keeps_a_number_in_the_list(section_of, change, reason):
    assert _reasons(published(section_of({**MAE, **change}))) == (reason,)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"truth": "sqf"}, "truth not known to be the same"),
        ({"jnd": 2}, "other JND"),
        ({"folds": "sur-featnet-10"}, "other folds"),
        ({"limit": 6, "pictures": 6}, "this table is of fewer pictures"),
        ({"failing": 2}, "some pictures failed here"),
        ({"failing": 24}, "not measured here"),
        ({"name": "a-method-with-variants"}, "the method ran with other parameters"),
        ({"info": {"dataset": {"samples": "simulated observers"}}}, "the observers here are simulated"),
    ],
)
def test_a_run_under_other_conditions_keeps_a_number_in_the_list(section_of, settings, reason):
    assert _reasons(published(section_of(MAE, **settings))) == (reason,)


def test_numbers_of_scores_that_need_no_truth_stand_under_every_truth(section_of):
    assert published(section_of(NUMBER, truth="sqf")).beside
    assert published(section_of({**NUMBER, "score": "sur_mae"}, truth="sqf")).beside


def test_a_psnr_number_without_pixels_is_listed(section_of):
    assert _reasons(published(section_of({**MAE, "score": "psnr_mae_db"}, pixels=False))) == ("not measured here",)


@pytest.mark.parametrize(
    ("given", "is_shown"),
    [
        ("konjnd-1k-jpeg", True),
        ("konjnd-1k-bpg", True),
        ("konjnd-1k", True),
        ("konjnd-1000", False),
        ("mcl-jci", False),
    ],
)
def test_only_numbers_on_this_data_set_or_its_other_parts_are_shown(section_of, given, is_shown):
    numbers = published(section_of({**MAE, "dataset": given}, dataset="konjnd-1k-jpeg"))
    assert bool(numbers) is is_shown
    assert bool(numbers.beside) is (given == "konjnd-1k-jpeg")


def test_a_data_set_without_parts_takes_no_other_name(section_of):
    assert not published(section_of({**MAE, "dataset": "mcl"}, {**MAE, "dataset": "mcl-jci-2"}))


def test_several_states_of_a_data_set_keep_a_number_in_the_list(tmp_path, store_run):
    store_run(tmp_path, "constant", dataset="mcl-jci", seed=8)
    store_run(tmp_path, "psnr", dataset="mcl-jci", info={"card": {"published": [MAE]}})
    sections = read_sections(tmp_path)
    (numbers,) = (numbers for numbers in map(published, sections) if numbers)
    assert _reasons(numbers) == ("this data set was read in several states",)


def test_a_number_of_several_variants_stands_once_and_beside_the_method_itself(tmp_path, store_run):
    for predictor in ("psnr", "psnr-as-published"):
        card = {"name": "psnr", "title": "PSNR", "published": [MAE]}
        store_run(tmp_path, predictor, dataset="mcl-jci", info={"card": card})
    (section,) = read_sections(tmp_path)
    (shown,) = published(section).beside
    assert [row.predictor for row in shown.rows] == ["psnr"]
    assert not published(section).listed


def test_notes_count_up_in_an_order_of_their_own(section_of):
    numbers = published(section_of(NUMBER, {**MAE, "folds": ""}, MAE))
    assert [(shown.note, shown.number.metric) for shown in numbers.beside] == [
        (1, "Bhattacharyya distance"),
        (2, "QF MAE"),
    ]
    assert [shown.note for shown in numbers.listed] == [0]


def test_a_value_stands_in_its_columns_unit_and_its_statement_as_printed(section_of):
    saving = {**MAE, "metric": "bit saving (%)", "value": 89.35, "score": "bytes_saved", "score_factor": 0.01}
    (shown,) = published(section_of(saving)).beside
    (column,) = (column for column in columns() if column.name == "bytes_saved")
    assert shown.text_in(column) == "89.35"
    assert "bit saving (%) 89.35 (mcl-jci, 1st JND, truth mean, folds kfold5-v1)." in shown.statement


def test_another_methods_number_stands_under_its_name(section_of):
    (shown,) = published(section_of({**NUMBER, "method": "SUR-Net 2019", "folds": ""})).listed
    assert shown.statement.startswith(
        "SUR-Net 2019: Bhattacharyya distance 0.081 (mcl-jci, 1st JND, folds unknown). Not "
    )


def test_a_number_that_says_nothing_of_folds_is_listed(section_of):
    number = {"dataset": "mcl-jci", "truth": "mean", "metric": "QF MAE", "value": 3.92, "caveat": "own folds"}
    (shown,) = published(section_of(number)).listed
    assert shown.number == PublishedNumber(**number)
    assert shown.reasons == ("folds unknown", "no score here measures it")


GOOD = PublishedNumber("mcl-jci", "sqf", "QF MAE", 3.92, "own pairs", folds="sur-featnet-10", score="mae")


def _faults(number: PublishedNumber) -> list[str]:
    scores = {score.name: score for score in SCORES}
    parts = [name for name in dataset_classes() if f"{name}-".startswith(f"{number.dataset}-")]
    score = scores.get(number.score)
    checks = (
        (not parts, f"data set {number.dataset!r}"),
        (number.score != "" and score is None, f"score {number.score!r}"),
        (number.truth == "" and (score is None or score.needs_truth), "no truth"),
        (number.folds != "" and number.folds not in shipped_folds(number.dataset), f"folds {number.folds!r}"),
    )
    return [fault for is_wrong, fault in checks if is_wrong]


def test_every_registered_number_can_be_matched():
    """The contract of a predictor cannot check it, as nothing below the protocols knows the scores."""
    numbers = {number for entry in registry().values() for number in entry.predictor.card.published}
    assert {number: _faults(number) for number in numbers if _faults(number)} == {}


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({}, []),
        ({"truth": "", "score": "bhattacharyya"}, []),
        ({"dataset": "konjnd-1k", "folds": ""}, []),
        ({"dataset": "kodak", "folds": ""}, ["data set 'kodak'"]),
        ({"score": "maee"}, ["score 'maee'"]),
        ({"truth": ""}, ["no truth"]),
        ({"folds": "kfold-v9"}, ["folds 'kfold-v9'"]),
    ],
)
def test_a_wrong_name_is_found(change, faults):
    assert _faults(dataclasses.replace(GOOD, **change)) == faults
