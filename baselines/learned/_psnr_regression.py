"""One number of the reference, regressed to the PSNR at which people begin to notice."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import final

import numpy as np
from typing_extensions import Self

from baselines.interface.predictor import JNDPredictor, Prediction
from baselines.interface.threshold import crossing
from datasets.common.errors import UserError
from datasets.core.imaging import psnr_db
from datasets.core.picture import Picture

_LEAST_FEATURE = 0.01
"""A flat picture's feature would have no logarithm."""
_SAME_FEATURE = 1e-6
"""Logarithms of features that differ by less are the same: a slope through them would be rounding."""
_LEAST_SPREAD_DB = 0.1
"""So that a curve rises even where all subjects agree with the regression."""


class PsnrRegression(JNDPredictor):
    """PSNR at the JND = intercept + slope x log(feature), by least squares on the training pictures.

    The level is where the ladder's luma PSNR crosses the regression's. Subjects lie around it with a Gaussian spread
    in dB, the same for all pictures: that gives the SUR curve.
    """

    @abstractmethod
    def feature(self, picture: Picture) -> float:
        """The one number, positive; of the reference, or of a file made from it."""

    def measure(self, picture: Picture) -> dict[str, np.ndarray]:
        """The `feature`, and the ladder's root mean squared luma error as a monotone `envelope`, shape (levels,).

        :raises ValueError: where the feature is negative or not finite.
        """
        feature = float(self.feature(picture))
        if not np.isfinite(feature) or feature < 0:
            raise ValueError(f"{self.card.name} gave the feature {feature}, which is negative or not finite")
        rmse = np.sqrt(picture.summary().mse)
        return {"feature": np.array(feature), "envelope": np.maximum.accumulate(rmse[::-1])[::-1]}

    @final
    def needs_summary(self, picture: Picture) -> bool:
        return True

    def fit(self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Self:
        """Fit the line, then the subjects' spread around it. Pictures whose level is not finite are left out.

        :raises UserError: where fewer than two pictures are left.
        """
        levels = np.asarray(levels, dtype=float)
        rated = [(picture, level) for picture, level in zip(pictures, levels, strict=True) if np.isfinite(level)]
        if len(rated) < 2:
            raise UserError(
                f"{self.card.name} needs two training pictures with a true level to draw a line through, and there "
                f"are {len(rated)}. Use a larger data set, or fewer folds."
            )
        logs = np.array([self._log(picture) for picture, _ in rated])
        at_jnd = np.array([self._psnr_at(picture, picture.codec.position(level)) for picture, level in rated])
        self.slope_, self.intercept_ = _line(logs, at_jnd)
        self.shift_db_, self.spread_db_ = self._subjects([picture for picture, _ in rated])
        return self

    def predict(self, picture: Picture) -> Prediction:
        """Where the ladder's PSNR crosses the regression's, interpolated in the root mean squared error.

        It is clipped where no level of the ladder is as poor, or none as good, as the regression's PSNR. The curve is
        the share of subjects who need no more than the level's PSNR; None where no training picture had samples.
        """
        envelope, psnr_at_jnd = self.measurement(picture)["envelope"], self.psnr_at_jnd(picture)
        position, clipped = crossing(envelope, 255.0 * 10 ** (-psnr_at_jnd / 20))
        sur = None
        if self.spread_db_ is not None:
            from scipy.special import ndtr

            sur = np.asarray(ndtr((psnr_db(envelope**2) - psnr_at_jnd - self.shift_db_) / self.spread_db_))
        return Prediction.at(picture.codec, position, sur=sur, clipped=clipped)

    def psnr_at_jnd(self, picture: Picture) -> float:
        """The regression's PSNR at the JND, in dB; may lie outside the ladder's."""
        return self.intercept_ + self.slope_ * self._log(picture)

    def _log(self, picture: Picture) -> float:
        return float(np.log(max(float(self.measurement(picture)["feature"]), _LEAST_FEATURE)))

    def _psnr_at(self, picture: Picture, positions: float | np.ndarray) -> np.ndarray:
        envelope = self.measurement(picture)["envelope"]
        return psnr_db(np.interp(positions, np.arange(len(envelope)), envelope) ** 2)

    def _subjects(self, pictures: Sequence[Picture]) -> tuple[float, float | None]:
        """Mean and standard deviation over all subjects, in dB, of the PSNR they need beyond the regression's.

        A subject notices at the JND and no longer one level better, so the PSNR midway between them is taken.
        """
        rated = [picture for picture in pictures if picture.samples.size]
        if not rated:
            return 0.0, None
        beyond = [
            self._psnr_at(picture, np.asarray(picture.codec.position(picture.samples)) + picture.codec.grain / 2)
            - self.psnr_at_jnd(picture)
            for picture in rated
        ]
        every = np.concatenate(beyond)
        return float(every.mean()), max(float(every.std()), _LEAST_SPREAD_DB)


def _line(logs: np.ndarray, psnr: np.ndarray) -> tuple[float, float]:
    """Slope and intercept; level where all features are the same, which says nothing of a slope."""
    if np.ptp(logs) < _SAME_FEATURE:
        return 0.0, float(psnr.mean())
    from sklearn.linear_model import LinearRegression

    line = LinearRegression().fit(logs[:, None], psnr)
    return float(line.coef_[0]), float(line.intercept_)
