"""What SG-JND's predictors share: a fitted network, asked at levels that a search chooses, read off at the truth."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from baselines.predictor import JNDPredictor
from datasets.errors import UserError
from datasets.picture import Picture
from sgjnd.config import Config
from sgjnd.fitting import Fitted, Lesson
from sgjnd.looking import Looker
from sgjnd.search import strategy
from sgjnd.search_fit import Found
from sgjnd.search_rules import Ask
from sgjnd.weights import choose

Self = TypeVar("Self", bound="NetworkPredictor")


class NetworkPredictor(JNDPredictor):
    """A network that gives the probability that a level is noticed; this class searches the ladder with it.

    :param settings: of `sgjnd.config.Config`, by name; those left out have their defaults.
    :param device: `auto`, `cpu` or `cuda`.
    """

    def __init__(self, *, settings: Mapping[str, Any] | None = None, device: str = "auto") -> None:
        self.settings = settings
        self.device = device

    @abstractmethod
    def config(self) -> Config:
        """The settings, defaults filled in.

        :raises UserError: for a setting that does not exist, or is out of range.
        """

    def looker(self) -> Looker:
        """Looks at pictures as the settings say."""
        return Looker(self.config(), device=self.device)

    def measure(self, picture: Picture) -> dict[str, Any]:
        """Features of the pretrained backbone at the grid's levels."""
        return self.looker().measure(picture)

    def lesson(self, pictures: Sequence[Picture], levels: np.ndarray) -> Lesson:
        """What `fit` has to learn from."""
        return Lesson(pictures, levels, [self.measurement(picture) for picture in pictures])

    def ingredients(self) -> Mapping[str, str]:
        """The backbone that the settings come to here, and the hash of its weights."""
        return weights_of(self.config())

    @abstractmethod
    def fit_network(self, pictures: Sequence[Picture], levels: np.ndarray, seed: int) -> Fitted:
        """Train."""

    @abstractmethod
    def ask(self, picture: Picture) -> Ask:
        """Begin to look at a picture: what is given back takes positions and gives probabilities of noticing."""

    def fit(self: Self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Self:
        """Train on rated pictures.

        :raises UserError: where there is nothing to learn from.
        """
        self.fitted_ = self.fit_network(pictures, np.asarray(levels, dtype=float), seed)
        return self

    def found(self, picture: Picture) -> Found:
        """The logistic curve that the search ends with.

        :raises UserError: where the picture is of another codec than the network was trained for.
        """
        fitted, config = self.fitted_, self.config()
        if picture.codec.name != fitted.codec:
            raise UserError(
                f"{picture.name} is compressed by {picture.codec.name}, the network was trained for {fitted.codec}"
            )
        chosen = {"evidence": config.evidence} if config.search not in ("window", "bisect") else {}
        if config.search == "grid":
            chosen["passes"] = config.grid_levels
        search = strategy(config.search, **chosen)
        count = len(picture.codec.levels)
        return search.find(self.ask(picture), count, fitted.prior)

    def predict(self, picture: Picture) -> float:
        """The level at which the curve of satisfied people reaches the truth's share, clipped to the range."""
        return float(picture.codec.level_at(self._position(picture)[0]))

    def predict_sur(self, picture: Picture) -> np.ndarray:
        """One minus the logistic curve."""
        return 1 - self._once(picture).noticeable(len(picture.codec.levels))

    def was_clipped(self, picture: Picture) -> bool:
        """Whether the truth's share is reached nowhere in the range."""
        return self._position(picture)[1]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "last_"}

    def _position(self, picture: Picture) -> tuple[float, bool]:
        found, share = self._once(picture), self.fitted_.share
        position = found.position + found.scale * math.log(share / (1 - share))
        inside = min(max(position, 0.0), len(picture.codec.levels) - 1.0)
        return inside, bool(found.clipped or inside != position)

    def _once(self, picture: Picture) -> Found:
        """A picture is asked for its level, its curve and its clipping in a row: one search serves all three."""
        last = self.__dict__.get("last_")
        if last is None or last[0] is not picture or last[1] is not self.fitted_:
            last = (picture, self.fitted_, self.found(picture))
            self.last_ = last
        return last[2]


def weights_of(config: Config) -> dict[str, str]:
    """Backbone and weights by hash; where they cannot be had, that is said (a run then fails with the reason)."""
    try:
        chosen = choose(config.backbone, config.weights)
    except UserError as error:
        return {"backbone": config.backbone, "weights": f"missing: {error}"}
    return {"backbone": chosen.backbone, "weights": chosen.sha256}
