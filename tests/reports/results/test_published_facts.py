"""Published numbers in stored cards: older ones still load, damaged ones are named."""

from __future__ import annotations

import dataclasses

from baselines.interface.card import PublishedNumber
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
