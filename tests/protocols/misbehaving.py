"""Predictors that misbehave, importable by worker processes."""

from __future__ import annotations

import numpy as np

from baselines.interface.card import Card
from baselines.interface.predictor import JNDPredictor, Prediction


def _card(name: str, *, needs_pictures: bool = False) -> Card:
    return Card(name=name, title=name, needs_pictures=needs_pictures)


class Misbehaving(JNDPredictor):
    """Answers 50, except where told otherwise."""

    how: str = ""
    where: str = "coffee"

    card = _card("misbehaving")

    def fit(self, pictures, levels, *, seed):
        """Remember what was shown."""
        if self.how == "fit raises":
            raise RuntimeError("no luck")
        self.seen_ = {picture.source for picture in pictures}
        self.levels_ = levels
        self.seed_ = seed
        return self

    def measure(self, picture):
        """Fail on one source, if told to."""
        if self.how == "measure raises" and picture.source == self.where:
            raise ZeroDivisionError("in measure")
        return {"number": np.array(1.0)}

    def predict(self, picture):
        """Answer, or not."""
        assert picture.samples.size == 0
        assert not picture.tabulated
        assert picture.source not in self.seen_
        if picture.source != self.where:
            return 50.0
        answers = {"nan": float("nan"), "outside": 101.0, "text": "fifty", "none": None}
        if self.how == "predict raises":
            raise KeyError("in predict")
        curves = {"sur falls": np.linspace(1, 0, 100), "sur outside": np.linspace(0, 2, 100), "sur short": np.zeros(7)}
        return Prediction(50.0, curves[self.how]) if self.how in curves else answers.get(self.how, 50.0)
