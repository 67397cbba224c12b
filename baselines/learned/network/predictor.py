"""What predictors with a network share: asked at levels that a search chooses, and read off at the truth."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from baselines.interface.prediction import Prediction
from baselines.interface.predictor import JNDPredictor
from baselines.learned.network.search.rules import Ask
from baselines.learned.network.search.strategies import strategy
from baselines.learned.network.settings import Teaching
from baselines.learned.network.training_set import Fitted, Lesson
from datasets.common.errors import UserError
from datasets.core.picture import Picture

Self = TypeVar("Self", bound="NetworkPredictor[Any]")
Network = TypeVar("Network")


class Curve(Protocol):
    """What is found of a picture."""

    @property
    def clipped(self) -> bool:
        """Whether it lies outside the codec's range."""

    def noticeable(self, count: int) -> np.ndarray:
        """Probability of noticing at every position from the worst, shape (count,), never rising."""

    def position_at(self, share: float) -> float:
        """Where that share of people is satisfied, counted from the worst level; may lie outside the range."""


class NetworkPredictor(JNDPredictor, Generic[Network]):
    """A network that gives the probability that a level is noticed; this class searches the ladder with it."""

    settings: Mapping[str, Any] | None = None
    """Of the predictor's settings, by name; those left out have their defaults."""

    device: str = "auto"
    """`auto`, `cpu` or `cuda`."""

    @abstractmethod
    def config(self) -> Teaching:
        """The settings, defaults filled in.

        :raises UserError: for a setting that does not exist, or is out of range.
        """

    @abstractmethod
    def fit_network(self, pictures: Sequence[Picture], levels: np.ndarray, seed: int) -> Fitted[Network]:
        """Train."""

    @abstractmethod
    def new_network(self) -> Network:
        """An untrained network, of the form that its settings give."""

    @abstractmethod
    def ask(self, picture: Picture) -> Ask:
        """Begin to look at a picture: what is given back takes positions and gives probabilities of noticing."""

    def lesson(self, pictures: Sequence[Picture], levels: np.ndarray) -> Lesson:
        """What `fit` has to learn from."""
        return Lesson(pictures, levels, self.measurement, str(self.measurement_key()))

    def fit(self: Self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Self:
        """Train on rated pictures.

        :raises UserError: where there is nothing to learn from.
        """
        self.fitted_ = self.fit_network(pictures, np.asarray(levels, dtype=float), seed)
        return self

    def curve(self, picture: Picture) -> Curve:
        """The logistic curve that the search ends with."""
        config = self.config()
        search = strategy(config.search, **config.of_search())
        return search.find(self.ask(picture), len(picture.codec.levels), self.fitted_.prior)

    def found(self, picture: Picture) -> Curve:
        """The picture's curve.

        :raises UserError: where the picture is of another codec than the network was trained for.
        """
        fitted = self.fitted_
        if picture.codec.name != fitted.codec:
            raise UserError(
                f"{picture.name} is compressed by {picture.codec.name}, the network was trained for {fitted.codec}"
            )
        return self.curve(picture)

    def predict(self, picture: Picture) -> Prediction:
        """The level at which the curve of satisfied people reaches the truth's share, clipped to the range.

        The curve is one minus that of the people who notice. One search of the ladder serves both.
        """
        curve = self.found(picture)
        sur = 1 - curve.noticeable(len(picture.codec.levels))
        return Prediction.at(picture.codec, curve.position_at(self.fitted_.share), sur=sur, clipped=curve.clipped)
