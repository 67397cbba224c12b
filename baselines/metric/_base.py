"""A full-reference metric as a predictor: the level at which its score reaches one threshold for all pictures.

Metrics are costly, so few levels are measured. The calibrated method measures a coarse set of levels, fits its
threshold to a monotone curve through them, and then measures exactly around the answer; a method with a given threshold
searches at once. Scores are kept on disk, where folds, truths, variants and later runs find them.
"""

from __future__ import annotations

import importlib.metadata
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from typing_extensions import Self

from baselines.interface.predictor import JNDPredictor, MeasurementKey, Meter, Prediction
from baselines.interface.threshold import LogNormalObserver, calibrate, crossing
from baselines.metric._scores import PictureScores, Score, coarse_positions, interpolated, search
from datasets.common.contents import NoContentError
from datasets.common.errors import UserError, user_error_of
from datasets.core.codec import Codec
from datasets.core.picture import Picture

_NOT_OF_SCORES = ("threshold", "levels", "exact")
"""Parameters on which no score depends."""

ALL = "all"
"""As `levels`: measure every level."""

AIC4 = (
    "The threshold of -aic4 is ours: the mean score at 1 JND of JPEG in the example data of JPEG AIC-4 (5 sources), "
    "interpolated from the metric values published there. Other codecs gave other values: those of JPEG XL, AVIF and "
    "JPEG 2000 are used there where they are known, and all else is refused. A threshold of one protocol does not hold "
    "in another."
)
KONJND = (
    "The thresholds of -konjnd and -konjnd-bpg are the mean score at the level at which people of KonJND-1k's JPEG and "
    "BPG half noticed. They are known second-hand: from the repository imazen/zensim, by people who have the set."
)
SEARCHED = (
    "Not every level is measured: 14 of them for calibration, then those around the answer, taking the score to rise "
    "with quality inside a gap; levels='all' measures all."
)


OF_JPEG_AND_BPG = ("jpeg", "bpg")
"""Codecs on which a threshold that was measured on one of them is used."""


@dataclass(frozen=True)
class GivenThreshold:
    """A score at which people are said to begin to notice.

    :param score: on the metric's own scale.
    :param provenance: who says so, and of what; for people.
    :param labels_of: the data set whose labels it comes from; empty where it comes from elsewhere.
    :param parameters: what else it needs.
    :param elsewhere: scores for other codecs, by name, where `score` was measured on JPEG or BPG and holds for these
        alone; None where it holds for any codec.
    """

    score: float
    provenance: str
    labels_of: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    elsewhere: Mapping[str, float] | None = None

    def on(self, codec: Codec) -> float | None:
        """The score for a codec; None where none is known."""
        holds = self.elsewhere is None or codec.name in OF_JPEG_AND_BPG
        return self.score if holds else (self.elsewhere or {}).get(codec.name)


class MetricPredictor(JNDPredictor):
    """A predictor that only scores a level against its reference; this class searches, calibrates and stores scores."""

    threshold: float | None = None
    """The score, on the metric's own scale, at which people begin to notice; None fits it on the training pictures."""

    levels: int | str = 14
    """How many levels are measured for calibration, 2 or more, spread evenly; or `all`."""

    exact: bool = True
    """Whether levels around the answer are measured as well; if not, the curve through the others answers, for a given
    threshold too."""

    package: ClassVar[str] = ""
    """The distribution, as pip knows it, that computes the score."""

    install: ClassVar[str] = "pip install -e ."
    """What brings the package, from the checkout's folder."""

    given: ClassVar[Mapping[str, GivenThreshold]] = {}
    """Thresholds that others give; each is registered too, under the card's name and the key: `<name>-<key>`."""

    @classmethod
    def variants(cls) -> dict[str, dict[str, Any]]:
        given = {
            f"{cls.card.name}-{key}": {"threshold": given.score, **given.parameters} for key, given in cls.given.items()
        }
        return {cls.card.name: {}, **given}

    @classmethod
    def labels_of(cls, parameters: Mapping[str, Any]) -> str:
        given = cls._given_at(parameters.get("threshold"))
        return given.labels_of if given else ""

    @abstractmethod
    def against(self, reference: np.ndarray, pixels_per_degree: float) -> Score:
        """A function that scores a level's pixels against a reference, uint8 RGB of shape (height, width, 3).

        :raises UserError: for pictures that are too small, or where something that it needs is missing or fails.
        :raises DataError: where a weight file is not what it should be.
        """

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
        return user_error_of(self.ingredients)

    def refuses(self, codec: Codec) -> str:
        given = self._given_at(self.threshold)
        known = given is None or given.on(codec) is not None
        return "" if known or given is None else f"its threshold stands for {given.provenance}"

    def meter(self, picture: Picture) -> Meter | None:
        """The scores of the coarse levels (or all), NaN at the others; None where a given threshold is searched for."""
        if self._searches_at_once():
            return None
        scores, codec, wanted = self._scores(picture), picture.codec, set(self.coarse(picture.codec))

        def score(level: int) -> float:
            position = round(float(codec.position(level)))
            return scores.at(position) if position in wanted else np.nan

        return score

    def from_profile(self, picture: Picture, profile: np.ndarray) -> dict[str, np.ndarray]:
        """As `measure`, of the levels at which the profile is a number."""
        return self._measured_at(self._scores(picture), np.flatnonzero(np.isfinite(profile)).tolist())

    def measure(self, picture: Picture) -> dict[str, np.ndarray]:
        """Scores of the measured levels: `positions` counted from the worst, int, `scores`, shape (measured,), and
        `ms`.

        With a given threshold, those of the search; otherwise (or where not exact) the coarse ones, or all.

        :raises ValueError: where a score is not finite, or its distance negative.
        """
        scores = self._scores(picture)
        if self.threshold is None or not self._searches_at_once():
            return self._measured_at(scores, self.coarse(picture.codec))
        self._search(picture, scores, {}, self._given_distance(picture.codec))
        return self._measured_at(scores, scores.asked)

    def measurement_key(self) -> MeasurementKey:
        """As the base class; a given threshold decides what is measured only where it is searched for at once."""
        without = () if self._searches_at_once() else ("threshold",)
        parameters = {name: value for name, value in self.get_params().items() if name not in without}
        return MeasurementKey(type(self), parameters)

    def envelope(self, picture: Picture) -> np.ndarray:
        """The monotone envelope at every level, shape (levels,), interpolated between measured levels."""
        return interpolated(self._distances(picture), len(picture.codec.levels))

    def fit(self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Self:
        """Fit the threshold, a distance, by training MAE (ties: midpoint) and the observer by maximum likelihood.

        Where the threshold is given, nothing is fitted: it says nothing of how people differ, so there is no curve.
        """
        self.observer_: LogNormalObserver | None = None
        if self.threshold is not None:
            self.threshold_ = self.distance(self.threshold)
        else:
            envelopes = np.array([self.envelope(picture) for picture in pictures])
            self.threshold_, self.observer_ = calibrate(envelopes, pictures, levels)
        return self

    def predict(self, picture: Picture) -> Prediction:
        """The level where the distance falls to the threshold, clipped to the codec's range.

        It is clipped where the distance lies on one side of the threshold at every level that was measured. The curve
        is the log-normal observer's; there is none where nothing was fitted to samples.
        """
        scores = self._scores(picture)
        threshold = self.threshold_ if self.threshold is None else self._given_distance(picture.codec)
        if self.exact:
            position, clipped = self._search(picture, scores, self._distances(picture), threshold)
        else:
            position, clipped = crossing(self.envelope(picture), threshold)
        sur = None if self.observer_ is None else self.observer_.satisfied(self.envelope(picture))
        return Prediction(float(picture.codec.level_at(position)), sur, bool(clipped), scores.reused_ms)

    def remark(self, picture: Picture) -> str:
        count = len(picture.codec.levels)
        given = self._given_at(self.threshold)
        source = f", {given.provenance}" if given else ""
        if self.levels == ALL:
            how = f"all {count} levels measured"
        elif self._searches_at_once():
            how = f"searched among {count} levels"
        else:
            then = "then those around the answer" if self.exact else "the others interpolated"
            how = f"{len(self.coarse(picture.codec))} of {count} levels measured, {then}"
        return how if self.threshold is None else f"{how}; threshold {self.threshold:g}{source}"

    def _given_distance(self, codec: Codec) -> float:
        """The given threshold as a distance.

        :raises UserError: where it does not hold for the codec.
        """
        self.check_codec(codec)
        given = self._given_at(self.threshold)
        score = self.threshold if given is None else given.on(codec)
        assert score is not None
        return self.distance(score)

    @classmethod
    def _given_at(cls, threshold: float | None) -> GivenThreshold | None:
        return next((given for given in cls.given.values() if given.score == threshold), None)

    def _searches_at_once(self) -> bool:
        return self.threshold is not None and self.exact and self.levels != ALL

    def _search(
        self, picture: Picture, scores: PictureScores, measured: Mapping[int, float], threshold: float
    ) -> tuple[float, bool]:
        levels = self.coarse(picture.codec), len(picture.codec.levels)
        return search(lambda position: self.checked(scores.at(position)), measured, threshold, *levels)

    def _measured_at(self, scores: PictureScores, positions: Sequence[int]) -> dict[str, np.ndarray]:
        rising = sorted(positions)
        for position in rising:
            self.checked(scores.at(position))
        return {
            "positions": np.array(rising),
            "scores": np.array([scores.at(position) for position in rising]),
            "ms": np.array(sum(scores.ms(position) for position in rising)),
        }

    def _distances(self, picture: Picture) -> dict[int, float]:
        measured = self.measurement(picture)
        pairs = zip(measured["positions"], measured["scores"], strict=True)
        return {int(position): self.distance(float(score)) for position, score in pairs}

    def coarse(self, codec: Codec) -> list[int]:
        """The levels that are measured for calibration, counted from the worst.

        :raises UserError: where `levels` is neither a number from 2 nor `all`.
        """
        count = len(codec.levels)
        if self.levels == ALL:
            return list(range(count))
        if not isinstance(self.levels, int) or self.levels < 2:
            raise UserError(f"{self.card.name}: levels is a whole number from 2, or {ALL!r}, not {self.levels!r}")
        return [int(position) for position in coarse_positions(self.levels, count)]

    def checked(self, score: float) -> float:
        """A score as a distance.

        :raises ValueError: where that is negative.
        """
        distance = self.distance(score)
        if distance < 0:
            raise ValueError(f"{self.card.name} gave the score {score:g}, whose distance is negative")
        return distance

    def _scores(self, picture: Picture) -> PictureScores:
        parameters = {name: value for name, value in self.get_params().items() if name not in _NOT_OF_SCORES}
        try:
            made_with = {"metric": str(MeasurementKey(type(self), parameters)), "ingredients": self.ingredients()}
        except NoContentError:
            made_with = {"only here": self.made_by()}
        return PictureScores(picture, self.against, made_with)
