"""Protects the checks of a predictor's form: each must catch the fault it is for, and say what to do."""

import dataclasses
import math
import sys
import time
from typing import Any, final

import pytest

from baselines.constant.constant import Constant
from baselines.interface.card import Card, PublishedNumber
from baselines.interface.contract import form
from baselines.interface.contract.trial import Trial
from baselines.interface.predictor import JNDPredictor
from baselines.interface.registry import Registered
from datasets.core.reference import Reference

PAPER = Reference(("A. Body",), "Something", "A journal", 2001)
CARD = Card(name="test-method", title="Test", needs_pictures=False)
NUMBER = PublishedNumber("mcl-jci", "sqf", "MAE in QF", 5.0, "other folds")


class Base(JNDPredictor):
    """A predictor without faults, except that it is not final."""

    card = CARD

    quality: float = 50.0

    def fit(self, pictures, levels, *, seed):
        return self

    def predict(self, picture) -> float:
        return self.quality


class Required(Base):
    strength: float


class Converts(Base):
    def __post_init__(self) -> None:
        self.quality = str(self.quality)  # type: ignore[assignment]


class Prepares(Base):
    def __post_init__(self) -> None:
        self.table = [self.quality] * 3


class Slow(Base):
    def __post_init__(self) -> None:
        time.sleep(0.06)


class NotPlain(Base):
    kinds: Any = frozenset({"a"})


class Obscure(Base):
    def predict(self, picture) -> float:
        return float({}["level"])


@final
class Fitted(Base):
    def predict(self, picture) -> float:
        return float(self.level_)


def trial(predictor: type[JNDPredictor], pictures, **parameters) -> Trial:
    return Trial(Registered(predictor.card.name, predictor, parameters), tuple(pictures))


@pytest.mark.parametrize(
    ("predictor", "advice"),
    [(Required, "default"), (Converts, "as it is given"), (Prepares, "table"), (Slow, "move its work")],
)
def test_impure_constructor_is_caught(predictor, advice):
    with pytest.raises(AssertionError, match=advice):
        form.constructor_pure(trial(predictor, []))


@pytest.mark.parametrize("predictor", [Base, Constant, Fitted])
def test_good_constructor_passes(predictor):
    form.constructor_pure(trial(predictor, []))
    form.parameters_round_trip(trial(predictor, []))


def test_a_constructor_of_its_own_is_refused_where_the_class_is_written():
    with pytest.raises(TypeError, match="write its parameters as annotated fields"):

        class Constructs(Base):
            def __init__(self, quality: float = 50.0) -> None:
                self.level = quality


def test_unwritable_parameters_are_caught():
    with pytest.raises(AssertionError, match="result files"):
        form.parameters_round_trip(trial(NotPlain, []))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python records @final from 3.11 on")
def test_open_class_is_caught():
    with pytest.raises(AssertionError, match="@final"):
        form.final_class(trial(Base, []))
    form.final_class(trial(Constant, []))


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"name": "My Method"}, "lower-case"),
        ({"title": " "}, "title"),
        ({"licence": ""}, "licence"),
        ({"needs_pictures": 1}, "True or False"),
        ({"references": PAPER}, "end a single one with a comma"),
        ({"references": ("A. Body, Something, 2001",)}, "Reference records"),
        ({"references": (dataclasses.replace(PAPER, title=" ", venue=""),)}, "title and venue"),
        ({"references": (dataclasses.replace(PAPER, year=21),)}, "no year"),
        ({"published": (dataclasses.replace(NUMBER, caveat=""),)}, "may differ"),
        ({"published": (5.58,)}, "PublishedNumber"),
        ({"published": (dataclasses.replace(NUMBER, truth=""),)}, "truth"),
        ({"published": (dataclasses.replace(NUMBER, value=math.nan),)}, "finite"),
        ({"published": (dataclasses.replace(NUMBER, jnd=0),)}, "jnd must be 1"),
        ({"published": (dataclasses.replace(NUMBER, jnd=True),)}, "jnd must be 1"),
        ({"published": (dataclasses.replace(NUMBER, folds="unknown folds"),)}, "folds must be"),
        ({"published": (dataclasses.replace(NUMBER, score="QF MAE"),)}, "score must be"),
        ({"published": (dataclasses.replace(NUMBER, score="mae", score_factor=0),)}, "above 0"),
        ({"published": (dataclasses.replace(NUMBER, score_factor=0.01),)}, "without a score"),
        ({"published": (dataclasses.replace(NUMBER, method=" "),)}, "method must"),
        ({"deviations": "One sentence."}, "comma"),
    ],
)
def test_incomplete_card_is_caught(change, advice):
    predictor = type("Changed", (Base,), {"card": dataclasses.replace(CARD, **change)})
    with pytest.raises(AssertionError, match=advice):
        form.card_complete(trial(predictor, []))


@pytest.mark.parametrize("name", ["jpegli-1.0", "wu2013", "a", "a-1", "v1.2-b"])
def test_names_may_hold_hyphens_and_dots(name):
    form.card_complete(trial(type("Named", (Base,), {"card": dataclasses.replace(CARD, name=name)}), []))


@pytest.mark.parametrize("name", [".a", "a.", "a..b", "a-.b", "1.0", "A", "a_b", "a/b", "../a", "a b"])
def test_names_that_no_flag_or_folder_could_carry_are_caught(name):
    predictor = type("Named", (Base,), {"card": dataclasses.replace(CARD, name=name)})
    with pytest.raises(AssertionError, match=r"lower-case words and digits joined by '-' or '\.'"):
        form.card_complete(trial(predictor, []))


def test_complete_cards_pass():
    form.card_complete(trial(Base, []))
    curves = dataclasses.replace(NUMBER, truth="", jnd=2, folds="kfold5-v1", score="bhattacharyya", method="Other")
    full = dataclasses.replace(CARD, references=(PAPER,), published=(NUMBER, curves), deviations=("None.",))
    form.card_complete(trial(type("Full", (Base,), {"card": full}), []))


def test_obscure_error_before_fit_is_caught(rated_pictures):
    with pytest.raises(AssertionError, match="KeyError"):
        form.says_fit_first(trial(Obscure, rated_pictures))
    for good in (Base, Fitted):
        form.says_fit_first(trial(good, rated_pictures))
