"""From a visibility per level to a level: envelope, one threshold, interpolation, and a log-normal observer.

Rules (and why): compression error is not monotone in the level, so the profile is replaced by its envelope; a
distance that is homogeneous in the error makes the threshold a plain scaling of the published model (Chou & Li's
distortion index), so one number calibrates every family, on the training pictures, by the score that is reported.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, TypeVar, final

import numpy as np

from baselines.interface.predictor import JNDPredictor, Watch
from baselines.interface.threshold import LogNormalObserver, best_threshold, crossing, fit_observer
from datasets.core.ladder import Step
from datasets.core.picture import Picture

Self = TypeVar("Self", bound="VisibilityPredictor")


class VisibilityPredictor(JNDPredictor):
    """A predictor that only says how visible each level's error is; this class does the rest.

    Subclasses implement `visibility`, and override `meter` where levels share work, or `profile` where the whole ladder
    at once is cheaper.

    :param threshold: the visibility at which people begin to notice; None fits it on the training pictures.
    """

    published_threshold: ClassVar[float | None] = None
    """The threshold the method's paper implies; where set, `<name>-as-published` is registered too."""

    def __init__(self, *, threshold: float | None = None) -> None:
        self.threshold = threshold

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

    def meter(self, picture: Picture) -> Callable[[int], float]:
        """`visibility` of one picture's levels, with what they share done once."""
        return partial(self.visibility, picture)

    def profile(self, picture: Picture) -> np.ndarray:
        """The visibility at every level from worst to best, shape (levels,)."""
        meter = self.meter(picture)
        return np.array([meter(int(level)) for level in picture.codec.levels])

    def looks_at_levels(self, picture: Picture) -> bool:
        """Whether it looks at every level's pixels by `meter`, so that they can be shown to it as they pass by.

        To be overridden where `profile` is, if that sometimes goes level by level.
        """
        return type(self).profile is VisibilityPredictor.profile

    def watch(self, picture: Picture) -> Watch | None:
        """Meters each level as it passes by, for a method that looks at them all."""
        return _Metered(self, self.meter(picture), picture) if self.looks_at_levels(picture) else None

    def measure(self, picture: Picture) -> np.ndarray:
        """The monotone envelope of the profile: at each level the largest visibility there or at any better one.

        :raises ValueError: where a visibility is negative or not finite.
        """
        return self.envelope_of(self.profile(picture), picture)

    def envelope_of(self, profile: np.ndarray, picture: Picture) -> np.ndarray:
        """A profile's monotone envelope; see `measure`."""
        profile = np.asarray(profile, dtype=float)
        if profile.shape != picture.codec.levels.shape or not np.isfinite(profile).all() or profile.min() < 0:
            raise ValueError(f"{self.card.name} gave visibilities that are negative, not finite or not one a level")
        return np.maximum.accumulate(profile[::-1])[::-1]

    def envelope(self, picture: Picture) -> np.ndarray:
        """The envelope at every level from worst to best, shape (levels,), as far as it has been measured."""
        return np.asarray(self.measurement(picture))

    def measurement_key(self) -> str:
        """As the base class, but the threshold does not change what is measured."""
        kept = {name: value for name, value in self.get_params().items() if name != "threshold"}
        return f"{type(self).__module__}:{type(self).__qualname__}({sorted(kept.items())!r})"

    def fit(self: Self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Self:
        """Fit the threshold by training MAE (ties: midpoint) and the observer by maximum likelihood.

        Where the threshold is given, nothing is fitted: it says nothing of how people differ, so there is no curve.
        """
        self.observer_: LogNormalObserver | None = None
        if self.threshold is not None:
            self.threshold_ = float(self.threshold)
            return self
        envelopes = np.array([self.envelope(picture) for picture in pictures])
        codec = pictures[0].codec
        self.threshold_ = best_threshold(envelopes, np.asarray(codec.position(np.asarray(levels, dtype=float))))
        positions = [np.asarray(codec.position(picture.samples)) for picture in pictures]
        self.observer_ = fit_observer(envelopes, positions)
        return self

    def predict(self, picture: Picture) -> float:
        """The level where the envelope falls to the threshold, interpolated, clipped to the codec's range."""
        position, _ = crossing(self.envelope(picture), self.threshold_)
        return float(picture.codec.level_at(position))

    def predict_sur(self, picture: Picture) -> np.ndarray | None:
        """The log-normal observer's share of satisfied people; None where nothing was fitted to samples."""
        return None if self.observer_ is None else self.observer_.satisfied(self.envelope(picture))

    def was_clipped(self, picture: Picture) -> bool:
        """Whether the envelope never crosses the threshold."""
        return crossing(self.envelope(picture), self.threshold_)[1]


@final
class _Metered(Watch):
    """A profile that grows as levels pass by."""

    def __init__(self, predictor: VisibilityPredictor, meter: Callable[[int], float], picture: Picture) -> None:
        self._predictor, self._meter, self._picture = predictor, meter, picture
        self._profile: list[float] = []

    def see(self, step: Step) -> None:
        self._profile.append(self._meter(step.level))

    def measurement(self) -> np.ndarray:
        return self._predictor.envelope_of(np.array(self._profile), self._picture)
