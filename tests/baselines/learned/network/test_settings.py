"""Protects learned predictors' settings: slips and impossible values are told, whichever part declared them."""

import dataclasses
from dataclasses import dataclass

import pytest

from baselines.learned.network.search import STRATEGIES
from baselines.learned.network.settings import (
    FeatureSettings,
    PatchSettings,
    Settings,
    TrainingSettings,
    choice,
    positive,
    share,
)
from baselines.learned.network.settings import count as at_least
from datasets.common.errors import UserError


@dataclass(frozen=True)
class Common(Settings):
    """What both sides of the diamond are made of."""

    title = "toy"
    count: int = at_least(3, least=2)
    rate: float = 0.5


@dataclass(frozen=True)
class Left(Common):
    """Declares a choice and a number above 0."""

    rate: float = positive(0.5)
    word: str = choice("this", ("this", "that"))


@dataclass(frozen=True)
class Right(Common):
    """Declares a share, a flag, and another whole number."""

    heads: int = at_least(4)
    dropout: float = share(0.1)
    bright: bool = True


@dataclass(frozen=True)
class Both(Left, Right):
    """Joins them, and asks for more of what the first part declared."""

    count: int = at_least(6, least=5)
    depth: int = at_least(1)


@pytest.mark.parametrize(
    ("name", "wrong", "text"),
    [
        ("word", "thus", r"There is no word of toy 'thus'\. Did you mean 'this'"),
        ("rate", 0, "toy's setting rate is a number above 0, not 0"),
        ("rate", float("inf"), "number above 0, not inf"),
        ("rate", float("nan"), "number above 0, not nan"),
        ("heads", 0, "toy's setting heads is a whole number from 1 up, not 0"),
        ("depth", 0, "depth is a whole number from 1 up"),
        ("count", 4, "count is a whole number from 5 up, not 4"),
        ("dropout", 1, "toy's dropout is a share from 0 to below 1, not 1"),
        ("dropout", -0.01, "share from 0 to below 1"),
        ("dropout", float("nan"), "share from 0 to below 1, not nan"),
    ],
)
def test_every_part_of_a_diamond_is_checked(name, wrong, text):
    with pytest.raises(UserError, match=text):
        Both.of({name: wrong})


def test_what_a_part_asks_more_of_the_others_do_not():
    assert Left(count=2).count == Right(count=2).count == 2
    with pytest.raises(UserError, match="from 5 up"):
        Both(count=2)


@pytest.mark.parametrize(
    ("name", "wrong", "text"),
    [
        ("rate", "0.5", "setting rate is a number, not '0.5'"),
        ("rate", None, "a number, not None"),
        ("rate", True, "a number, not True"),
        ("bright", 1, "setting bright is True or False, not 1"),
        ("bright", "no", "True or False"),
        ("word", 7, "setting word is a word, not 7"),
        ("word", ["this"], "a word"),
        ("heads", 2.0, "whole number from 1 up, not 2.0"),
        ("heads", True, "whole number from 1 up, not True"),
        ("heads", "4", "whole number from 1 up, not '4'"),
    ],
)
def test_a_value_of_another_type_is_told(name, wrong, text):
    with pytest.raises(UserError, match=text):
        Both.of({name: wrong})


def test_whole_numbers_are_numbers_too():
    assert Both.of({"rate": 1, "dropout": 0}).rate == 1


def test_an_unknown_setting_suggests_and_lists_those_of_every_part():
    with pytest.raises(UserError, match=r"no setting of toy 'droput'\. Did you mean 'dropout'.*bright.*count.*word"):
        Both.of({"droput": 0.1})


def test_given_settings_win_over_a_presets_and_those_over_the_defaults():
    assert Both.of({"heads": 2}, heads=3, count=9) == Both(heads=2, count=9)
    assert Both.of(None, heads=3) == Both(heads=3) and Both.of({}) == Both()
    with pytest.raises(dataclasses.FrozenInstanceError):
        Both().heads = 1


def test_a_presets_own_slip_is_told_too():
    with pytest.raises(UserError, match="from 1 up"):
        Both.of(None, heads=0)


@pytest.mark.parametrize("search", STRATEGIES)
def test_the_search_of_any_name_takes_the_settings_it_is_given(search):
    config = TrainingSettings(search=search, grid_levels=7, evidence=30.0)
    made = STRATEGIES[search](**config.of_search())
    assert getattr(made, "evidence", 30.0) == 30.0
    if search == "grid":
        assert made.passes == 7, "the grid's answers are those that features are stored for"


@pytest.mark.parametrize("part", [PatchSettings, FeatureSettings, TrainingSettings])
def test_every_whole_number_has_a_least_and_every_setting_its_line(part):
    documented = " ".join(base.__doc__ or "" for base in part.__mro__)
    for field in dataclasses.fields(part):
        assert f":param {field.name}:" in documented, field.name
        assert (type(field.default) is int) == ("least" in field.metadata), field.name


def test_weights_never_grow_by_decay():
    assert TrainingSettings(weight_decay=0.0).weight_decay == 0
    with pytest.raises(UserError, match="weight_decay is a number from 0 up, not -1"):
        TrainingSettings(weight_decay=-1.0)
