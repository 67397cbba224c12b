"""From a visibility per level to a level: envelope, one threshold, interpolation, and a log-normal observer.

Rules (and why): compression error is not monotone in the level, so the profile is replaced by its envelope; a
distance that is homogeneous in the error makes the threshold a plain scaling of the published model (Chou & Li's
distortion index), so one number calibrates every family, on the training pictures, by the score that is reported.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar, final

import numpy as np
from typing_extensions import Self

from baselines.interface.predictor import JNDPredictor, MeasurementKey, Meter, Prediction
from baselines.interface.threshold import LogNormalObserver, calibrate, crossing
from datasets.core.picture import Picture


class VisibilityPredictor(JNDPredictor):
    """A predictor that only says how visible each level's error is; this class does the rest.

    Subclasses implement `visibility`, and override `meter` where levels share work, or `profile` where the whole ladder
    at once is cheaper.
    """

    threshold: float | None = None
    """The visibility at which people begin to notice; None fits it on the training pictures."""

    published_threshold: ClassVar[float | None] = None
    """The threshold the method's paper implies; where set, `<name>-as-published` is registered too."""

    @classmethod
    def variants(cls) -> dict[str, dict[str, float | None]]:
        """The calibrated method and, where its paper implies a threshold, the method as published."""
        name: dict[str, dict[str, float | None]] = {cls.card.name: {}}
        if cls.published_threshold is not None:
            name[f"{cls.card.name}-as-published"] = {"threshold": cls.published_threshold}
        return name

    @abstractmethod
    def visibility(self, picture: Picture, level: int) -> float:
        """A distance between the picture and its level that grows with noticeable error; 0 where identical."""

    def meter(self, picture: Picture) -> Meter | None:
        """`visibility` of one picture's levels, with what they share done once.

        None where `profile` gets all levels at once without their pixels.
        """
        return partial(self.visibility, picture)

    def profile(self, picture: Picture) -> np.ndarray:
        """The visibility at every level from worst to best, shape (levels,); overridden where there is no `meter`."""
        meter = self.meter(picture)
        if meter is None:
            raise NotImplementedError(f"{self.card.name} has neither a meter nor a profile of its own")
        return np.array([meter(int(level)) for level in picture.codec.levels])

    @final
    def from_profile(self, picture: Picture, profile: np.ndarray) -> dict[str, np.ndarray]:
        """The profile's monotone `envelope`: at each level the largest visibility there or at any better one.

        :raises ValueError: where a visibility is negative or not finite.
        """
        profile = np.asarray(profile, dtype=float)
        if profile.shape != picture.codec.levels.shape or not np.isfinite(profile).all() or profile.min() < 0:
            raise ValueError(f"{self.card.name} gave visibilities that are negative, not finite or not one a level")
        return {"envelope": np.maximum.accumulate(profile[::-1])[::-1]}

    @final
    def measure(self, picture: Picture) -> Mapping[str, np.ndarray]:
        return self.from_profile(picture, self.profile(picture))

    @final
    def envelope(self, picture: Picture) -> np.ndarray:
        """The envelope at every level from worst to best, shape (levels,), measured now where it was not before."""
        return self.measurement(picture)["envelope"]

    def measurement_key(self) -> MeasurementKey:
        """As the base class, but the threshold does not change what is measured."""
        parameters = {name: value for name, value in self.get_params().items() if name != "threshold"}
        return MeasurementKey(type(self), parameters)

    def fit(self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Self:
        """Fit the threshold by training MAE (ties: midpoint) and the observer by maximum likelihood.

        Where the threshold is given, nothing is fitted: it says nothing of how people differ, so there is no curve.
        """
        self.observer_: LogNormalObserver | None = None
        if self.threshold is not None:
            self.threshold_ = float(self.threshold)
            return self
        envelopes = np.array([self.envelope(picture) for picture in pictures])
        self.threshold_, self.observer_ = calibrate(envelopes, pictures, levels)
        return self

    def predict(self, picture: Picture) -> Prediction:
        """The level where the envelope falls to the threshold, interpolated, clipped to the codec's range.

        The curve is the log-normal observer's; there is none where nothing was fitted to samples.
        """
        envelope = self.envelope(picture)
        position, clipped = crossing(envelope, self.threshold_)
        sur = None if self.observer_ is None else self.observer_.satisfied(envelope)
        return Prediction.at(picture.codec, position, sur=sur, clipped=clipped)
