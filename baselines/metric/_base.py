"""A full-reference metric as a predictor: the level at which its score reaches one threshold for all pictures.

Metrics are costly, so few levels are measured. The calibrated method measures a coarse set of levels, fits its
threshold to a monotone curve through them, and then measures exactly around the answer; a method with a given threshold
searches at once. Scores are kept on disk, where folds, truths, variants and later runs find them.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar, final

import numpy as np

from baselines.interface.predictor import Watch
from baselines.interface.threshold import crossing
from baselines.interface.visibility import VisibilityPredictor
from baselines.metric._scores import Score, scores_of
from baselines.metric._search import coarse_positions, interpolated, search
from datasets.common.errors import UserError
from datasets.core.codec import Codec
from datasets.core.ladder import Step
from datasets.core.picture import Picture

_NOT_OF_SCORES = ("threshold", "levels", "exact")
"""Parameters on which no score depends."""

Self = TypeVar("Self", bound="Metric")

ALL = "all"
"""As `levels`: measure every level."""

AIC4 = (
    "The threshold of -aic4 is ours: the mean score at 1 JND of JPEG in the example data of JPEG AIC-4 (5 sources), "
    "interpolated from the metric values published there. Other codecs gave other values, and a threshold of one "
    "protocol does not hold in another."
)
SEARCHED = (
    "Not every level is measured: 14 of them for calibration, then those around the answer, taking the score to rise "
    "with quality inside a gap; levels='all' measures all."
)


@dataclass(frozen=True)
class GivenThreshold:
    """A score at which people are said to begin to notice.

    :param score: on the metric's own scale.
    :param provenance: who says so, and of what; for people.
    """

    score: float
    provenance: str


class Metric(VisibilityPredictor):
    """A predictor that only scores a level against its reference; this class searches, calibrates and remembers.

    :param threshold: the score, on the metric's own scale, at which people begin to notice; None fits it on the
        training pictures.
    :param levels: how many levels are measured for calibration, 2 or more, spread evenly; or `all`.
    :param exact: whether levels around the answer are measured as well; if not, the curve through the others answers,
        for a given threshold too.
    """

    package: ClassVar[str] = ""
    """The distribution, as pip knows it, that computes the score."""

    install: ClassVar[str] = "pip install -e ."
    """What brings the package, from the checkout's folder."""

    given: ClassVar[Mapping[str, GivenThreshold]] = {}
    """Thresholds that others give; each is registered too, under the card's name and the key: `<name>-<key>`."""

    def __init__(self, *, threshold: float | None = None, levels: int | str = 14, exact: bool = True) -> None:
        super().__init__(threshold=threshold)
        self.levels = levels
        self.exact = exact

    @classmethod
    def variants(cls) -> dict[str, dict[str, float | None]]:
        """The calibrated method, and one for each threshold that is given."""
        found: dict[str, dict[str, float | None]] = {cls.card.name: {}}
        found.update({f"{cls.card.name}-{key}": {"threshold": one.score} for key, one in cls.given.items()})
        return found

    @abstractmethod
    def against(self, reference: np.ndarray, pixels_per_degree: float) -> Score:
        """Hold a reference, uint8 RGB of shape (height, width, 3), and give the score of levels against it."""

    @abstractmethod
    def distance(self, score: float) -> float:
        """The score as a visibility: it grows with noticeable error, and is 0 where the pictures are identical."""

    def ingredients(self) -> dict[str, str]:
        """The package's version.

        :raises UserError: where it is not installed.
        """
        try:
            return {self.package: importlib.metadata.version(self.package)}
        except importlib.metadata.PackageNotFoundError as error:
            raise UserError(
                f"it needs the package {self.package}, which is not installed. "
                f"Install it from the checkout's folder: {self.install}"
            ) from error

    def unavailable(self) -> str:
        """What is missing of its ingredients."""
        try:
            self.ingredients()
        except UserError as error:
            return str(error)
        return ""

    def visibility(self, picture: Picture, level: int) -> float:
        """One level's score as a distance."""
        with self.scores(picture) as score:
            return self.distance(score(round(float(picture.codec.position(level)))))

    def profile(self, picture: Picture) -> np.ndarray:
        """Every level's score as a distance, from worst to best, shape (levels,)."""
        with self.scores(picture) as score:
            return np.array([self.distance(score(position)) for position in range(len(picture.codec.levels))])

    def measure(self, picture: Picture) -> dict[str, np.ndarray]:  # type: ignore[override]
        """Scores of the measured levels: `positions` counted from the worst, int, and `scores`, shape (measured,).

        With a given threshold, those of the search; otherwise (or where not exact) the coarse ones, or all.

        :raises ValueError: where a score is not finite, or its distance negative.
        """
        scoring = _Scoring(self, picture)
        try:
            if self.threshold is not None and self._searches_at_once():
                self._search(picture, scoring.visibility, {}, self.distance(self.threshold))
            else:
                for position in self.coarse(picture.codec):
                    scoring.visibility(position)
            return scoring.measurement()
        finally:
            scoring.end()

    def watch(self, picture: Picture) -> Watch | None:
        """Scores the coarse levels (or all) as they pass by; a given threshold is searched for by `measure`."""
        return None if self._searches_at_once() else _Scoring(self, picture)

    def measurement_key(self) -> str:
        """As the base class; a given threshold decides what is measured where it is searched for at once."""
        key = super().measurement_key()
        return f"{key} at {self.threshold!r}" if self._searches_at_once() else key

    def envelope(self, picture: Picture) -> np.ndarray:
        """The monotone envelope at every level, shape (levels,), interpolated between measured levels."""
        return interpolated(self._measured(picture), len(picture.codec.levels))

    def fit(self: Self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Self:
        """As the base class; what is learned, `threshold_`, is a distance."""
        super().fit(pictures, levels, seed=seed)
        if self.threshold is not None:
            self.threshold_ = self.distance(self.threshold)
        return self

    def predict(self, picture: Picture) -> float:
        """The level where the distance falls to the threshold, clipped to the codec's range."""
        return float(picture.codec.level_at(self._found(picture)[0]))

    def was_clipped(self, picture: Picture) -> bool:
        """Whether the distance lies on one side of the threshold at every level that was measured."""
        return self._found(picture)[1]

    def remark(self, picture: Picture) -> str:
        """How many levels were measured, and whose threshold was given."""
        count = len(picture.codec.levels)
        said = next((f", {one.provenance}" for one in self.given.values() if one.score == self.threshold), "")
        if self.levels == ALL:
            how = f"all {count} levels measured"
        elif self._searches_at_once():
            how = f"searched among {count} levels"
        else:
            then = "then those around the answer" if self.exact else "the others interpolated"
            how = f"{len(self.coarse(picture.codec))} of {count} levels measured, {then}"
        return how if self.threshold is None else f"{how}; threshold {self.threshold:g}{said}"

    def _found(self, picture: Picture) -> tuple[float, bool]:
        threshold, measured = self.threshold_, self._measured(picture)
        if not self.exact:
            return crossing(self.envelope(picture), threshold)
        with self.scores(picture) as score:
            return self._search(picture, lambda position: self.checked(score(position)), measured, threshold)

    def _searches_at_once(self) -> bool:
        return self.threshold is not None and self.exact and self.levels != ALL

    def _search(
        self, picture: Picture, visibility: Callable[[int], float], measured: Mapping[int, float], threshold: float
    ) -> tuple[float, bool]:
        return search(visibility, measured, threshold, self.coarse(picture.codec), len(picture.codec.levels))

    def _measured(self, picture: Picture) -> dict[int, float]:
        found = self.measurement(picture)
        return {int(p): self.distance(float(s)) for p, s in zip(found["positions"], found["scores"], strict=True)}

    def coarse(self, codec: Codec) -> list[int]:
        """The levels that are measured for calibration, counted from the worst.

        :raises UserError: where `levels` is neither a number from 2 nor `all`.
        """
        count = len(codec.levels)
        if self.levels == ALL:
            return list(range(count))
        if not isinstance(self.levels, int) or self.levels < 2:
            raise UserError(f"{self.card.name}: levels is a whole number from 2, or {ALL!r}, not {self.levels!r}")
        return [int(place) for place in coarse_positions(self.levels, count)]

    def checked(self, score: float) -> float:
        """A score as a distance.

        :raises ValueError: where that is negative.
        """
        distance = self.distance(score)
        if distance < 0:
            raise ValueError(f"{self.card.name} gave the score {score:g}, whose distance is negative")
        return distance

    def scores(self, picture: Picture) -> contextlib.AbstractContextManager[Callable[[int], float]]:
        """A function from a position to the score there, measured or found on disk."""
        kept = {name: value for name, value in self.get_params().items() if name not in _NOT_OF_SCORES}
        made_with = {"metric": self.card.name, "parameters": kept, "ingredients": self.ingredients()}
        return scores_of(picture, self.against, made_with)


@final
class _Scoring(Watch):
    """The scores of one picture's levels, as they are asked for or pass by."""

    def __init__(self, metric: Metric, picture: Picture) -> None:
        self._metric, self._codec = metric, picture.codec
        self._wanted = set(metric.coarse(picture.codec))
        self._used: dict[int, float] = {}
        self._open = contextlib.ExitStack()
        self._score = self._open.enter_context(metric.scores(picture))

    def visibility(self, position: int) -> float:
        self._used[position] = self._score(position)
        return self._metric.checked(self._used[position])

    def see(self, step: Step) -> None:
        position = round(float(self._codec.position(step.level)))
        if position in self._wanted:
            self.visibility(position)

    def measurement(self) -> dict[str, np.ndarray]:
        positions = sorted(self._used)
        return {"positions": np.array(positions), "scores": np.array([self._used[place] for place in positions])}

    def end(self) -> None:
        self._open.close()
