"""A control for SG-JND: the level regressed on a frozen network's features of the reference alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from baselines.interface.card import Card
from baselines.interface.predictor import JNDPredictor, Prediction
from baselines.learned.network.extractor import FeatureExtractor
from baselines.learned.network.frozen_backbone import weights_of
from baselines.learned.network.settings import FeatureSettings
from datasets.common.errors import UserError
from datasets.core.picture import Picture

_MISFIT = 20.0
"""C of the support vector regression: what a level of error costs against a smooth function."""
_TOLERATED = 2.0
"""Levels that a training error may have for free: about the standard error of a mean over 30 subjects."""
_REACH = 0.3
"""Of the kernel: its gamma times the number of features."""


@final
@dataclass(frozen=True)
class LiteRegressionSettings(FeatureSettings):
    """Settings of `lite-regression`."""

    title = "lite-regression"


@final
class ReferenceRegression(JNDPredictor):
    """Support vector regression on means and spreads of the tokens; nothing is compressed.

    Whatever uses compressed pictures has to be better than this to have learned anything from them.
    """

    settings: dict[str, Any] | None = None
    """Of `FeatureSettings`, by name; those left out have their defaults."""

    device: str = "auto"
    """`auto`, `cpu` or `cuda`."""

    card = Card(
        name="lite-regression",
        title="Regression on EfficientNet-Lite0 features of the reference",
        deviations=("A control of ours for sgjnd-lite: the same features, of the reference only.",),
    )

    def ingredients(self) -> dict[str, str]:
        return weights_of(LiteRegressionSettings.of(self.settings))

    def measure(self, picture: Picture) -> dict[str, np.ndarray]:
        """As `features`, means and spreads of the tokens' channels over the picture, shape (2 channels,)."""
        extractor = FeatureExtractor(LiteRegressionSettings.of(self.settings), device=self.device)
        tokens = extractor.of(picture).reference.tokens.astype(float)
        return {"features": np.concatenate([tokens.mean(axis=(0, 1)), tokens.std(axis=(0, 1))])}

    def fit(self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> ReferenceRegression:
        """Standardise, and fit the regression.

        :raises UserError: where there is nothing to learn from.
        """
        from sklearn.svm import SVR

        if not len(pictures) or not np.isfinite(levels).all():
            raise UserError("lite-regression needs training pictures, each with a true level that is a number")
        features = np.stack([self._features(picture) for picture in pictures])
        self.mean_, self.spread_ = features.mean(axis=0), features.std(axis=0) + 1e-6
        self.regression_ = SVR(C=_MISFIT, epsilon=_TOLERATED, gamma=_REACH / features.shape[1])
        self.regression_.random_state = seed  # unused, but without one numpy's global state is moved
        self.regression_.fit((features - self.mean_) / self.spread_, np.asarray(levels, dtype=float))
        return self

    def predict(self, picture: Picture) -> Prediction:
        features = (self._features(picture) - self.mean_) / self.spread_
        level = float(self.regression_.predict(features[None])[0])
        inside = float(np.clip(level, picture.codec.lowest, picture.codec.highest))
        return Prediction(inside, clipped=inside != level)

    def _features(self, picture: Picture) -> np.ndarray:
        return self.measurement(picture)["features"]
