"""What predictors with a network share: asked at levels that a search chooses, and read off at the truth."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

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
    """A network that gives the probability that a level is noticed; this class searches the ladder with it.

    :param settings: of the predictor's settings, by name; those left out have their defaults.
    :param device: `auto`, `cpu` or `cuda`.
    """

    def __init__(self, *, settings: Mapping[str, Any] | None = None, device: str = "auto") -> None:
        self.settings = settings
        self.device = device

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
        return Lesson(pictures, levels, [self.measurement(picture) for picture in pictures])

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

    def predict(self, picture: Picture) -> float:
        """The level at which the curve of satisfied people reaches the truth's share, clipped to the range."""
        return float(picture.codec.level_at(self._position(picture)[0]))

    def predict_sur(self, picture: Picture) -> np.ndarray:
        """One minus the curve of those who notice."""
        return 1 - self._once(picture).noticeable(len(picture.codec.levels))

    def was_clipped(self, picture: Picture) -> bool:
        """Whether the truth's share is reached nowhere in the range."""
        return self._position(picture)[1]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "last_"}

    def _position(self, picture: Picture) -> tuple[float, bool]:
        found = self._once(picture)
        position = found.position_at(self.fitted_.share)
        inside = min(max(position, 0.0), len(picture.codec.levels) - 1.0)
        return inside, bool(found.clipped or inside != position)

    def _once(self, picture: Picture) -> Curve:
        """A picture is asked for its level, its curve and its clipping in a row: one search serves all three."""
        last = self.__dict__.get("last_")
        if last is None or last[0] is not picture or last[1] is not self.fitted_:
            last = (picture, self.fitted_, self.found(picture))
            self.last_ = last
        curve: Curve = last[2]
        return curve
