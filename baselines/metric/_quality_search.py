"""Tools that compress a JPEG at a few qualities and keep one: bisection until an SSIM reaches a target."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence

import numpy as np
from typing_extensions import Self

from baselines.interface.predictor import JNDPredictor, Prediction
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.core.codec import Codec
from datasets.core.picture import Picture

LOWEST, HIGHEST = 40, 95
"""Qualities between which jpeg-recompress looks, unless told otherwise."""
ATTEMPTS = 6
TARGETS = {"low": 0.999, "medium": 0.9999, "high": 0.99995, "veryhigh": 0.99999}
"""SSIM that jpeg-recompress asks for, by its preset."""

_SIDE = 256
"""Pixels of the shorter side to which the tool's SSIM brings a picture, roughly: by a whole number only."""
_WINDOW = 7


def search_quality(metric: Callable[[int], float], target: float) -> tuple[int, bool]:
    """jpeg-recompress's search: one metric an attempt, the middle of what is left, six times.

    The file of the sixth attempt is kept whatever its metric. Five attempts leave one quality at most, so this is the
    smallest quality that reaches the target or, where the sixth attempt fails, the one below it.

    :param metric: grows with quality; called with 40..95.
    :returns: the quality tried last, which is the one that the tool writes, and whether it reaches the target.
    """
    low, high, quality, reached = LOWEST, HIGHEST, HIGHEST, False
    for _ in range(ATTEMPTS):
        quality = low + int((high - low) / 2)  # rounded towards zero, as C does: it matters once high < low
        reached = bool(metric(quality) >= target)
        if reached:
            high = quality - 1
        else:
            low = quality + 1
    return quality, reached


def shrink(luma: np.ndarray) -> np.ndarray:
    """Averages over squares of round(shorter side / 256) pixels; what the last whole square leaves over is cut off.

    :param luma: uint8, shape (height, width).
    :returns: float, shape (height // squares, width // squares).
    """
    import cv2

    factor = max(1, int(min(luma.shape) / _SIDE + 0.5))
    height, width = (side // factor for side in luma.shape)
    whole = luma[: height * factor, : width * factor].astype(np.float32)  # in uint8 the averages would be rounded
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), dtype=float)


def ssim(first: np.ndarray, second: np.ndarray) -> float:
    """Mean SSIM of two shrunken luma planes: a uniform window, population variances, no border.

    :raises UserError: where a side is shorter than the window.
    """
    from skimage.metrics import structural_similarity

    if min(first.shape) < _WINDOW:
        raise UserError(
            f"a picture of {first.shape[1]}x{first.shape[0]} pixels is too small for an SSIM window of {_WINDOW}x"
            f"{_WINDOW}. Leave it out."
        )
    how = {"win_size": _WINDOW, "data_range": 255.0, "use_sample_covariance": False}
    return float(structural_similarity(first, second, **how))


class QualitySearch(JNDPredictor):
    """Runs the search on a picture and takes the quality that the tool would have written. JPEG only."""

    @property
    @abstractmethod
    def target(self) -> float:
        """SSIM to reach.

        :raises UserError: where a parameter is none of the tool's.
        """

    def refuses(self, codec: Codec) -> str:
        return "" if isinstance(codec, Jpeg) else "it searches for a JPEG quality. Run it on a JPEG set"

    def measure(self, picture: Picture) -> dict[str, np.ndarray]:
        """The `quality` that the search ends with, and whether it `reached` the target.

        :raises UserError: on a codec other than JPEG.
        """
        self.check_codec(picture.codec)
        reference = shrink(picture.reference_luma)
        result = search_quality(lambda quality: ssim(reference, shrink(picture.ladder.luma(quality))), self.target)
        return {"quality": np.array(result[0]), "reached": np.array(result[1])}

    def fit(self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Self:
        return self

    def predict(self, picture: Picture) -> Prediction:
        """The quality that the tool would write, 40..95.

        It is clipped where the search ran into an end of its range: 95 and still too poor, or 40 and good enough.

        :raises UserError: on a codec other than JPEG.
        """
        measurement = self.measurement(picture)
        quality, reached = int(measurement["quality"]), bool(measurement["reached"])
        return Prediction(float(quality), clipped=(quality, reached) in ((HIGHEST, False), (LOWEST, True)))
