"""Protects the checks of a predictor's behaviour: each must catch the fault it is for, and say what to do."""

import dataclasses
import os
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from baselines.interface.card import Card
from baselines.interface.contract import behaviour
from baselines.interface.contract.trial import Trial, restored_random_states
from baselines.interface.predictor import JNDPredictor, Prediction
from baselines.interface.registry import Registered, find_predictors
from baselines.metric.psnr import Psnr

CARD = Card(name="test-method", title="Test", needs_pictures=False)


class Good(JNDPredictor):
    """The training median, and a straight line as its curve."""

    offset: float = 0.0

    card = CARD

    def fit(self, pictures, levels, *, seed):
        self.level_ = float(np.median(levels))
        return self

    def predict(self, picture) -> Any:
        return Prediction(self.level_, np.linspace(0, 1, len(picture.codec.levels)))


class ReturnsNothing(Good):
    def fit(self, pictures, levels, *, seed) -> Any:
        super().fit(pictures, levels, seed=seed)


class ChangesParameter(Good):
    def fit(self, pictures, levels, *, seed):
        self.offset += 1.0
        return super().fit(pictures, levels, seed=seed)


class StoresOddly(Good):
    def fit(self, pictures, levels, *, seed):
        self.seen = len(pictures)
        return super().fit(pictures, levels, seed=seed)


class OutOfRange(Good):
    def predict(self, picture) -> float:
        return 101.0


class NotANumber(Good):
    def predict(self, picture) -> float:
        return float("nan")


class Integer(Good):
    def predict(self, picture) -> Any:
        return 50


class ClipsVaguely(Good):
    def predict(self, picture) -> Any:
        return dataclasses.replace(super().predict(picture), clipped=0.5)


class FallingCurve(Good):
    def predict(self, picture):
        return Prediction(self.level_, np.linspace(1, 0, len(picture.codec.levels)))


class WideCurve(Good):
    def predict(self, picture):
        return Prediction(self.level_, np.linspace(0, 1.5, len(picture.codec.levels)))


class ShortCurve(Good):
    def predict(self, picture):
        return Prediction(self.level_, np.linspace(0, 1, 10))


class SometimesACurve(Good):
    def predict(self, picture):
        return Prediction(self.level_) if picture.name.endswith("1") else super().predict(picture)


class Peeks(Good):
    def predict(self, picture) -> float:
        return float(picture.samples.mean()) if picture.samples.size else self.level_


class SortsLevels(Good):
    def fit(self, pictures, levels, *, seed):
        levels.sort()
        return super().fit(pictures, levels, seed=seed)


class ReversesPictures(Good):
    def fit(self, pictures: Sequence, levels, *, seed):
        pictures.reverse()  # type: ignore[attr-defined]
        return super().fit(pictures, levels, seed=seed)


class SortsSamples(Good):
    def fit(self, pictures, levels, *, seed):
        for picture in pictures:
            picture.samples[:] = picture.samples[::-1].copy()
        return super().fit(pictures, levels, seed=seed)


class SeedsGlobally(Good):
    def fit(self, pictures, levels, *, seed):
        np.random.seed(seed)  # noqa: NPY002
        return super().fit(pictures, levels, seed=seed)


class DrawsGlobally(Good):
    def fit(self, pictures, levels, *, seed):
        self.level_ = 40 + 10 * random.random()
        return self


class Smooths(Good):
    def predict(self, picture) -> float:
        self.last_ = 0.5 * getattr(self, "last_", 50.0) + 0.5 * len(picture.name)
        return self.last_


class MeasuresTheFit(Good):
    def measure(self, picture):
        return {"level": np.array(getattr(self, "level_", 1.0))}


class MeasuresSamples(Good):
    def measure(self, picture):
        return {"size": np.array(picture.samples.size)}


class MeasuresANumber(Good):
    def measure(self, picture) -> Any:
        return 1.0


class HoldsALambda(Good):
    def fit(self, pictures, levels, *, seed):
        self.rule_ = lambda picture: 50.0
        return super().fit(pictures, levels, seed=seed)


class LosesState(Good):
    def __getstate__(self) -> dict[str, Any]:
        return {"offset": self.offset, "level_": 1.0}


class TakesTheBest(Good):
    def predict(self, picture) -> float:
        return 100.0  # the worst of all levels for pictures whose mean level lies below 50


FAULTS = [
    (behaviour.fit_returns_self, ReturnsNothing, "return self"),
    (behaviour.fit_returns_self, ChangesParameter, "changes a parameter"),
    (behaviour.fit_returns_self, StoresOddly, "stores seen"),
    (behaviour.level_in_range, OutOfRange, "101 .*outside QF 1..100"),
    (behaviour.level_in_range, NotANumber, "nan"),
    (behaviour.level_in_range, Integer, r"or float\(level\)"),
    (behaviour.level_in_range, ClipsVaguely, "bool"),
    (behaviour.sur_curve, FallingCurve, "falls"),
    (behaviour.sur_curve, WideCurve, "leaves"),
    (behaviour.sur_curve, ShortCurve, r"\(100,\)"),
    (behaviour.sur_curve, SometimesACurve, "some pictures only"),
    (behaviour.blind_to_samples, Peeks, "which are the answer"),
    (behaviour.inputs_untouched, SortsLevels, "array of levels"),
    (behaviour.inputs_untouched, ReversesPictures, "list of pictures"),
    (behaviour.inputs_untouched, SortsSamples, "changes the samples"),
    (behaviour.global_random_state, SeedsGlobally, r"numpy\.random"),
    (behaviour.deterministic, DrawsGlobally, "default_rng"),
    (behaviour.order_independent, Smooths, "keep nothing between calls"),
    (behaviour.measures_once, MeasuresTheFit, "after fit"),
    (behaviour.measures_once, MeasuresSamples, "with samples"),
    (behaviour.measures_once, MeasuresANumber, "dict of arrays"),
    (behaviour.copies, HoldsALambda, "pickling fails"),
    (behaviour.copies, LosesState, "incomplete"),
    (behaviour.beats_worst_fixed, TakesTheBest, "worst to best"),
]


@pytest.mark.parametrize(("check", "predictor", "advice"), FAULTS, ids=[fault[1].__name__ for fault in FAULTS])
def test_each_fault_is_caught(check, predictor, advice, rated_pictures):
    own = [dataclasses.replace(p, samples=p.samples.copy(), measurements={}) for p in rated_pictures]
    subject = Trial(Registered("test-method", predictor), tuple(own))
    with restored_random_states(), pytest.raises(AssertionError, match=advice):
        check(subject)


@pytest.mark.parametrize("check", dict.fromkeys(fault[0] for fault in FAULTS), ids=lambda check: check.__name__)
@pytest.mark.parametrize("predictor", [Good, Psnr])
def test_good_predictors_pass(check, predictor, rated_pictures):
    check(Trial(Registered(predictor.card.name, predictor), tuple(rated_pictures)))


ELSEWHERE = """
import os
from baselines.interface.card import Card
from baselines.interface.predictor import JNDPredictor, Prediction

class Here(JNDPredictor):
    card = Card("here", "Here", needs_pictures=False)

    def fit(self, pictures, levels, *, seed):
        return self

    def predict(self, picture):
        return 1.0 + os.getpid() / 1e5

class Dies(Here):
    def predict(self, picture):
        return 1.0 if os.getpid() == {pid} else os._exit(1)
"""


@pytest.mark.parametrize(
    ("name", "advice"), [("Here", "another process answers differently"), ("Dies", "dies of it"), ("Psnr", None)]
)
def test_another_process_is_asked(name, advice, tmp_path, monkeypatch, rated_pictures):
    """The classes live where only this process was told to look; a process that dies takes no later check with it."""
    (tmp_path / "only_here.py").write_text(ELSEWHERE.format(pid=os.getpid()))
    monkeypatch.syspath_prepend(tmp_path)
    (entry,) = find_predictors(["psnr" if advice is None else f"only_here:{name}"])
    trial = Trial(entry, tuple(rated_pictures))
    if advice is None:
        behaviour.another_process(trial)
    else:
        with pytest.raises(AssertionError, match=advice):
            behaviour.another_process(trial)
