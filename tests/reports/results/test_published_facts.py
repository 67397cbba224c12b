"""Published numbers in stored cards: older ones still load, damaged ones are named."""

from __future__ import annotations

import dataclasses

import pytest

from baselines.interface.card import PublishedNumber
from datasets.common.errors import DataError
from protocols.store.store import Store
from reports.results.published import published
from reports.results.published_facts import PublishedFacts
from reports.results.sections import sections_of

OLDER = {"dataset": "mcl-jci", "truth": "mean", "metric": "QF MAE", "value": 3.92, "caveat": "own folds"}


def _numbers(results, store_run, numbers):
    store_run(results, "psnr", dataset="mcl-jci", info={"card": {"published": numbers}})
    (section,) = sections_of(Store(results).current_runs())
    return published(section)


def test_reports_know_every_field_of_a_cards_number():
    told, known = ([(f.name, f.default) for f in dataclasses.fields(c)] for c in (PublishedNumber, PublishedFacts))
    assert told == known


def test_a_card_stored_before_folds_were_told_is_listed(tmp_path, store_run):
    (shown,) = _numbers(tmp_path, store_run, [OLDER]).listed
    assert shown.facts == PublishedFacts(**OLDER)
    assert shown.reasons == ("folds unknown", "no score here measures it")


def test_a_card_stored_without_numbers_has_none(tmp_path, store_run):
    run = store_run(tmp_path, "psnr")
    del run.info["card"]["published"]
    Store(tmp_path).write(run.info, run.predictions)
    (section,) = sections_of(Store(tmp_path).current_runs())
    assert not published(section)


def test_a_field_of_a_later_form_is_passed_over(tmp_path, store_run):
    assert _numbers(tmp_path, store_run, [{**OLDER, "page": 7}]).listed


@pytest.mark.parametrize("damaged", [{"dataset": "mcl-jci"}, 3.92])
def test_a_damaged_number_is_named(tmp_path, store_run, damaged):
    with pytest.raises(DataError, match=r"run\.json: a published number of its card is damaged"):
        _numbers(tmp_path, store_run, [damaged])
