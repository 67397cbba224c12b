"""Protects the contract of codecs: those that ship keep it, and one that breaks a promise fails at that promise."""

import re
from pathlib import Path

import pytest

from datasets.codecs import codecs
from datasets.codecs._contract import CHECKS, run_contract
from datasets.common.contract import ABSENT, FAILED, OK
from tests.datasets.codecs import coarse
from tests.datasets.codecs.pictures import PHOTOGRAPH


@pytest.fixture(autouse=True)
def _the_other_process_finds_the_codecs_of_tests(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[3])


@pytest.mark.parametrize("name", codecs())
def test_a_codec_keeps_the_contract(name):
    codec = codecs()[name]
    if missing := codec.unavailable():
        pytest.skip(missing)
    outcomes = list(run_contract(codec))
    assert [(outcome.check.name, outcome.reason) for outcome in outcomes if outcome.verdict == FAILED] == []
    absent = sum(outcome.verdict == ABSENT for outcome in outcomes)
    assert absent == (0 if codec.can_encode else sum(check.encodes for check in CHECKS))


def test_a_codec_in_a_dozen_lines_keeps_it():
    assert {outcome.verdict for outcome in run_contract(coarse.Coarse(), PHOTOGRAPH)} == {OK}


@pytest.mark.parametrize(
    ("codec", "check", "said"),
    [
        (coarse.Unnamed, "form", "lower-case"),
        (coarse.Unnamed, "library-named", "name it with its version"),
        (coarse.ReadOnly, "refuses-to-encode", "let encode raise a UserError"),
        (coarse.TurnedRound, "direction", "swap worst_level and best_level"),
        (coarse.TurnedRound, "sizes-rise", "wrong way at 6 of 6 steps"),
        (coarse.TurnedRound, "error-falls", "wrong way at 6 of 6 steps"),
        (coarse.Plateaus, "bytes-differ", "levels 1, 3, 5, 7, 9 give the same file"),
        (coarse.Lossless, "lossy", "switch lossless off"),
        (coarse.Swapped, "colours-kept", r"\(10, 200, 30\) comes back as"),
        (coarse.Cropped, "odd-sizes", "comes back as uint8 of shape"),
        (coarse.Lenient, "damage-refused", "as if they were whole"),
        (coarse.Loud, "damage-refused", "prints .*warning: damaged"),
        (coarse.OfAnotherKind, "damage-refused", "end in RuntimeError"),
        (coarse.Counting, "same-bytes-again", "fix the number of threads"),
        (coarse.OfProcess, "another-process", "depend on no thread count"),
    ],
)
def test_a_broken_promise_is_found(codec, check, said):
    (outcome,) = (outcome for outcome in run_contract(codec(), PHOTOGRAPH) if outcome.check.name == check)
    assert outcome.verdict == FAILED
    assert re.search(said, outcome.reason)


def test_what_is_not_installed_is_absent_and_not_failed(monkeypatch):
    monkeypatch.setattr(coarse.Coarse, "unavailable", lambda self: "it needs a package")
    outcomes = list(run_contract(coarse.Coarse(), PHOTOGRAPH))
    assert {outcome.verdict for outcome in outcomes[1:]} == {ABSENT} and outcomes[1].reason == "it needs a package"
