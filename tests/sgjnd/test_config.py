"""Protects the settings: slips and impossible values are told before anything is trained, and each is explained."""

import dataclasses
import re

import pytest

from baselines.learned.network.imagenet_weights import BACKBONES
from baselines.learned.network.patches import PLACES
from baselines.learned.network.search import STRATEGIES
from baselines.learned.network.settings import LOSSES
from baselines.learned.network.training_set import LABELS
from datasets.common.errors import UserError
from sgjnd.config import BRANCHES, PAPER, STAGES, Config

COUNTS = {field.name: field.metadata["least"] for field in dataclasses.fields(Config) if "least" in field.metadata}

CHOICES = {
    "backbone": [*BACKBONES, "auto"],
    "stages": STAGES,
    "branches": BRANCHES,
    "loss": LOSSES,
    "places": PLACES,
    "label": LABELS,
    "search": STRATEGIES,
}


@pytest.mark.parametrize("name", CHOICES)
def test_every_choice_is_taken_and_a_slip_suggests(name):
    for value in CHOICES[name]:
        assert getattr(Config.of({name: value}), name) == value
    slip = f"{next(iter(CHOICES[name]))}x"
    with pytest.raises(UserError, match=rf"no {name} of SG-JND '{slip}'\. Did you mean '{slip[:-1]}'"):
        Config.of({name: slip})


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("wrong", ["least", 2.5, "8", None])
def test_counts_are_whole_numbers(name, wrong):
    value = COUNTS[name] - 1 if wrong == "least" else wrong
    with pytest.raises(UserError, match=rf"setting {name} is a whole number from {COUNTS[name]} up"):
        Config.of({name: value})


def test_every_whole_number_setting_is_checked():
    whole = {field.name for field in dataclasses.fields(Config) if isinstance(field.default, int)}
    switches = {field.name for field in dataclasses.fields(Config) if isinstance(field.default, bool)}
    assert whole - switches == set(COUNTS)


def test_the_papers_network_has_none_of_our_additions():
    """Each is one setting, so that they can be added one by one."""
    papers, ours = dataclasses.asdict(Config.of(PAPER)), dataclasses.asdict(Config())
    assert {name for name in ours if papers[name] != ours[name]} == set(PAPER)


def test_width_must_be_shared_by_the_heads():
    with pytest.raises(UserError, match=r"width \(30\) must be a multiple of its heads \(4\)"):
        Config(width=30, heads=4)


@pytest.mark.parametrize("dropout", [-0.1, 1.0, 2])
def test_dropout_is_a_share(dropout):
    with pytest.raises(UserError, match="dropout is a share from 0 to below 1"):
        Config(dropout=dropout)


@pytest.mark.parametrize("name", ["learning_rate", "backbone_learning_rate", "evidence"])
@pytest.mark.parametrize("wrong", [0, -1e-3, float("nan"), float("inf")])
def test_rates_and_evidence_are_above_zero(name, wrong):
    with pytest.raises(UserError, match=rf"setting {name} is a number above 0"):
        Config.of({name: wrong})


@pytest.mark.parametrize(("name", "wrong"), [("dropout", "0.1"), ("attention", "no"), ("evidence", None), ("loss", 3)])
def test_a_setting_of_another_kind_is_told(name, wrong):
    with pytest.raises(UserError, match=name):
        Config.of({name: wrong})


def test_settings_override_a_predictors_defaults_and_slips_suggest():
    assert Config.of({"epochs": 3}, epochs=9, width=64) == Config(epochs=3, width=64)
    assert Config.of(None) == Config()
    with pytest.raises(UserError, match=r"no setting of SG-JND 'epoch'\. Did you mean 'epochs'"):
        Config.of({"epoch": 3})


def test_it_cannot_be_changed_and_equal_settings_are_equal():
    assert Config() == Config() and hash(Config()) == hash(Config())
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().epochs = 3


def test_every_setting_has_its_reason():
    documented = {name for part in Config.__mro__ for name in re.findall(r":param (\w+):", part.__doc__ or "")}
    assert documented == {field.name for field in dataclasses.fields(Config)}
