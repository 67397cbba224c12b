"""Protects the contract of data sets: those that are here keep it, and each promise that is broken is said."""

from __future__ import annotations

import dataclasses
import functools
import importlib.metadata
import textwrap

import numpy as np
import pytest

from datasets import sets
from datasets.codecs.jpeg import Jpeg
from datasets.common.contract import ABSENT, FAILED, OK, Outcome
from datasets.common.errors import PluginWarning, UserError
from datasets.core.dataset import Dataset, DatasetCard, Manifest
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture
from datasets.sets import dataset_classes, open_dataset
from datasets.sets._contract import CHECKS, run_set_contract
from protocols import run_benchmark

CARD = DatasetCard("tiny", "Tiny", "simulated observers", "ours", "", True, needs_root=False, default_folds="FOLDS")


class Tiny(Dataset):
    """Four pictures of noise, two sources."""

    card = CARD

    @classmethod
    def open(cls, root, options):
        return cls(tuple(_picture(n) for n in range(4)), Manifest({}))


class TurnedRound(Jpeg):
    def decode(self, encoded):
        return 255 - super().decode(encoded)


def _picture(number: int, **changes) -> Picture:
    noise = np.random.default_rng(number).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    ladder = CompressedLadder(Jpeg(), functools.partial(np.array, noise))
    samples = np.array([40.0, 50.0 + number])
    about = {"name": f"p{number}", "source": f"s{number % 2}", "codec": Jpeg(), "samples": samples}
    return Picture(**{**about, "pixels_per_degree": 24.3, "ladder_or_none": ladder, **changes})


@pytest.fixture
def verdicts(tmp_path):
    """`verdicts(pictures, **card)`: what the contract says, by check, of the tiny set with another card or pictures."""
    folds = tmp_path / "folds.csv"
    folds.write_text("source,fold\ns0,1\ns1,2\n", encoding="utf-8")

    def verdicts_of(pictures: tuple[Picture, ...] = (), **changes: str) -> dict[str, Outcome]:
        class Changed(Tiny):
            card = dataclasses.replace(CARD, default_folds=str(folds), **changes)

        open_set = functools.partial(Changed, pictures or Tiny.open(None, None).pictures, Manifest({}))
        return {outcome.check.name: outcome for outcome in run_set_contract(open_set)}

    return verdicts_of


def test_a_good_set_keeps_every_promise(verdicts):
    assert {outcome.verdict for outcome in verdicts().values()} == {OK}


@pytest.mark.parametrize("name", ["demo"])
def test_the_sets_that_are_here_keep_it(name):
    faults = {
        o.check.name: o.reason for o in run_set_contract(functools.partial(open_dataset, name)) if o.verdict != OK
    }
    assert not faults


BROKEN = {
    "pictures-named": ({"name": "p0"}, "names stand for several pictures, ['p0']"),
    "one-codec": ({"codec": sets.codec_named("webp")}, "make a data set a codec"),
    "samples-in-range": ({"samples": np.array([0.0, 50.0])}, "samples lie outside QF 1 to 100"),
    "truths": ({"samples": np.empty(0)}, ""),
    "folds-cover": ({"source": "elsewhere"}, "know nothing of 1 sources: elsewhere"),
}


@pytest.mark.parametrize("check", BROKEN)
def test_each_broken_promise_is_said(verdicts, check):
    changes, says = BROKEN[check]
    pictures = tuple(_picture(n, **(changes if n == 3 else {})) for n in range(4))
    outcome = verdicts(pictures)[check]
    assert outcome.verdict == FAILED and says in outcome.reason


def test_levels_the_wrong_way_round_are_said(verdicts):
    noise = np.random.default_rng(0).integers(0, 90, (24, 24, 3), dtype=np.uint8)
    ladder = CompressedLadder(TurnedRound(), functools.partial(np.array, noise))
    outcome = verdicts(tuple(_picture(n, ladder_or_none=ladder) for n in range(4)))["better-is-better"]
    assert outcome.verdict == FAILED and ("turn the levels round" in outcome.reason or "files mixed" in outcome.reason)


def test_labels_alone_have_no_pixels_to_look_at(verdicts):
    outcomes = verdicts(tuple(_picture(n, ladder_or_none=None) for n in range(4)))
    assert {o.check.name for o in outcomes.values() if o.verdict == ABSENT} == {c.name for c in CHECKS if c.of_pixels}
    assert {o.verdict for o in outcomes.values()} == {OK, ABSENT}


def test_an_empty_card_is_said(verdicts):
    assert "fill in the card's terms" in verdicts(terms=" ")["card"].reason


OUTSIDE = """
    import functools
    import numpy as np
    from typing import final
    from datasets.codecs.jpeg import Jpeg
    from datasets.core.dataset import Dataset, DatasetCard, Manifest
    from datasets.core.ladder import CompressedLadder
    from datasets.core.picture import Picture

    def pixels(number):
        return np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)

    @final
    class Outside(Dataset):
        card = DatasetCard(
            "outside", "A set from outside", "simulated observers", "ours", "", True, needs_root=False,
            default_folds=FOLDS,
        )

        @classmethod
        def open(cls, root, options):
            return cls(tuple(
                Picture(f"p{n}", f"s{n}", Jpeg(), 24.3, np.array([40.0 + n, 60.0]), {},
                        CompressedLadder(Jpeg(), functools.partial(pixels, n)))
                for n in range(4)
            ), Manifest({}))
"""


@pytest.fixture
def outside(tmp_path, monkeypatch) -> str:
    """A data set in a module of somebody's own."""
    folds = tmp_path / "folds.csv"
    folds.write_text("source,fold\n" + "".join(f"s{n},{n % 2 + 1}\n" for n in range(4)), encoding="utf-8")
    code = textwrap.dedent(OUTSIDE).replace("FOLDS", repr(str(folds)))
    (tmp_path / "outside_sets.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "outside_sets:Outside"


def test_a_set_from_outside_runs_by_its_path_and_says_how_it_is_opened_again(outside, tmp_path, empty_cache):
    assert {outcome.verdict for outcome in run_set_contract(functools.partial(open_dataset, outside))} == {OK}
    assert open_dataset(outside).opens_as == outside and open_dataset("demo").opens_as == "demo"
    table = run_benchmark(outside, ["constant"], results=tmp_path / "results", quiet=True)
    assert table["dataset"].tolist() == ["outside"] and table["n"].tolist() == [4]


def test_another_packages_set_is_found_by_its_name(outside, monkeypatch):
    points = [importlib.metadata.EntryPoint("a", outside, sets.ENTRY_POINT_GROUP)]
    points.append(importlib.metadata.EntryPoint("b", "no_such_module:Set", sets.ENTRY_POINT_GROUP))
    monkeypatch.setattr(sets, "entry_points", lambda group: points)
    with pytest.warns(PluginWarning, match="plug-in no_such_module:Set is left out"):
        assert "outside" in dataset_classes()


@pytest.mark.parametrize(
    ("name", "says"),
    [("no_such:Set", "cannot be loaded: ModuleNotFoundError"), ("pathlib:Path", "is no data set"), ("dem", "'demo'")],
)
def test_a_set_that_is_none_says_so(name, says):
    with pytest.raises(UserError, match=says):
        open_dataset(name)
