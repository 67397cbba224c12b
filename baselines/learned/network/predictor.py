"""What predictors with a network share: asked at levels that a search chooses, and read off at the truth."""

from __future__ import annotations

import contextlib
import shutil
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from typing_extensions import Self

from baselines.interface.predictor import JNDPredictor, Prediction
from baselines.learned.network.search import STRATEGIES
from baselines.learned.network.search.rules import Ask
from baselines.learned.network.settings import TrainingSettings
from baselines.learned.network.training_set import Fitted, Progress, TrainingSet, no_progress
from datasets.common.cache import training_folder
from datasets.common.errors import UserError
from datasets.core.codec import Codec
from datasets.core.picture import Picture

Network = TypeVar("Network")


class Curve(Protocol):
    """Who notices at which level of a picture, as a curve."""

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

    resumes: ClassVar[bool] = False
    """Whether a `fit` that was killed goes on from its last epoch without being asked to: where training takes long."""

    @abstractmethod
    def config(self) -> TrainingSettings:
        """The settings, defaults filled in.

        :raises UserError: for a setting that does not exist, or is out of range.
        """

    @abstractmethod
    def train(
        self, training_set: TrainingSet, *, seed: int, folder: Path | None, progress: Progress
    ) -> Fitted[Network]:
        """Train a network.

        :param training_set: there is something to learn from it.
        :param folder: where the state is written after every epoch, to go on after a kill; None for nowhere.
        """

    @abstractmethod
    def new_network(self) -> Network:
        """An untrained network, of the form that its settings give."""

    @abstractmethod
    def ask(self, picture: Picture) -> Ask:
        """A function of positions that gives their probabilities of being noticed in the picture."""

    def pinned_settings(self) -> dict[str, Any]:
        """All settings with their values, as a file of the trained network holds them."""
        return asdict(self.config())

    def fit(
        self,
        pictures: Sequence[Picture],
        levels: np.ndarray,
        *,
        seed: int,
        progress: Progress = no_progress,
        resumes: bool | None = None,
    ) -> Self:
        """Train on rated pictures.

        :param progress: called after every epoch.
        :param resumes: whether the state is written after every epoch, so that after a kill the same call goes on from
            there; None for as the class says.
        :raises UserError: where there is nothing to learn from.
        """
        config, levels = self.config(), np.asarray(levels, dtype=float)
        training_set = TrainingSet(pictures, levels, self.measurement, self.measured_as)
        training_set.check(config.label)
        folder = None
        if self.resumes if resumes is None else resumes:
            method = {"method": self.card.name, "config": asdict(config), "seed": seed}
            with contextlib.suppress(OSError):  # a user without a home folder
                folder = training_folder({**method, "training_set": training_set.key()})
        self.fitted_ = self.train(training_set, seed=seed, folder=folder, progress=progress)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)  # hundreds of megabytes, which only a kill would have needed
        return self

    def curve(self, picture: Picture) -> Curve:
        """The logistic curve that the search ends with."""
        config = self.config()
        search = STRATEGIES[config.search](**config.of_search())
        return search.find(self.ask(picture), len(picture.codec.levels), self.fitted_.prior)

    def predict(self, picture: Picture) -> Prediction:
        """The level at which the curve of satisfied people reaches the truth's share, clipped to the range.

        The curve is one minus that of the people who notice. One search of the ladder serves both.

        :raises UserError: where the picture is of another codec than the network was trained for.
        """
        fitted, codec = self.fitted_, picture.codec
        if codec.name != fitted.codec:
            raise UserError(f"{picture.name} is compressed by {codec.name}, the network was trained for {fitted.codec}")
        return self.prediction_of(self.curve(picture), codec)

    def prediction_of(self, curve: Curve, codec: Codec) -> Prediction:
        """What a curve says under the truth that it was fitted for."""
        sur = 1 - curve.noticeable(len(codec.levels))
        return Prediction.at(codec, curve.position_at(self.fitted_.share), sur=sur, clipped=curve.clipped)
