"""Protects which predictors a run takes: costly and missing ones only as asked, and never without a word."""

import pytest

from baselines.interface import choice
from baselines.interface.card import Card
from baselines.interface.choice import choose_predictors
from baselines.interface.predictor import JNDPredictor
from baselines.interface.registry import Registered, registry
from datasets.common.errors import UserError


class Costly(JNDPredictor):
    card = Card("costly", "Costly", "", None, "learned", needs_pictures=True, cost="slow")

    size: str = "small"

    @classmethod
    def cost_of(cls, parameters) -> str:
        return "heavy" if parameters.get("size") == "large" else cls.card.cost

    def unavailable(self) -> str:
        return "the program 'measure' is not on PATH: install it" if self.size == "external" else ""

    def fit(self, pictures, levels, *, seed):
        return self

    def predict(self, picture) -> float:
        return 50.0


@pytest.fixture
def known(monkeypatch):
    """A registry of the constant and three sizes of one method."""
    entries = {"constant": registry()["constant"]}
    for size in ("small", "large", "external"):
        entries[f"costly-{size}"] = Registered(f"costly-{size}", Costly, {"size": size})
    for module in ("baselines.interface.choice", "baselines.interface.registry"):
        monkeypatch.setattr(f"{module}.registry", lambda: entries)
    return entries


def names(patterns) -> list[str]:
    return [entry.name for entry in choose_predictors(patterns)[0]]


def test_without_names_only_what_costs_little(known):
    assert choose_predictors([]) == ([known["constant"]], [])


def test_a_glob_takes_slow_ones_and_tells_what_it_leaves_out(known):
    chosen, notes = choose_predictors(["*"])
    assert [entry.name for entry in chosen] == ["constant", "costly-small"]
    assert notes == [
        "costly-large is left out: it trains for hours without a GPU; name it in full to run it",
        "costly-external is left out: the program 'measure' is not on PATH: install it",
    ]


def test_what_is_named_in_full_runs_whatever_it_costs(known):
    assert names(["costly-large"]) == ["costly-large"]
    assert names(["costly-*", "costly-large"]) == ["costly-small", "costly-large"]


def test_what_cannot_run_is_an_error_where_it_is_named_and_where_nothing_else_is_left(known):
    with pytest.raises(UserError, match=r"costly-external cannot run here: the program 'measure'.*install it"):
        choose_predictors(["constant", "costly-external"])
    with pytest.raises(UserError, match=r"no predictor is left to run\. costly-external is left out"):
        choose_predictors(["costly-e*"])


def test_a_class_on_the_path_counts_as_named(known):
    path = f"{choice.__name__}:nothing"
    with pytest.raises(UserError, match="cannot be loaded"):
        choose_predictors([path])
