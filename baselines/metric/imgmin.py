"""imgmin, a tool of web developers: bisection for a low JPEG quality whose mean pixel error is small enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.interface.predictor import JNDPredictor, Prediction
from datasets.codecs.jpeg import Jpeg
from datasets.core.codec import Codec
from datasets.core.picture import Picture
from datasets.core.reference import Reference

LOWEST, HIGHEST = 70, 95
"""Qualities between which it looks. It never writes the lowest."""
STEPS = 5
MOST_NEW_COLOURS = 0.11
"""The number of different colours may change by this share."""
_QUANTUM = 257
"""ImageMagick's units a grey level, at its usual 16 bits a channel."""
_DIVISOR = 380.0
"""The tool's own, which brings ImageMagick's error to about 0..255."""


def pixel_error(reference: np.ndarray, level: np.ndarray) -> float:
    """The tool's error: ImageMagick's mean error per pixel, all three channels added up, over a divisor of its own.

    :param reference: uint8 RGB, shape (height, width, 3).
    :param level: the compressed picture, likewise.
    """
    import cv2

    return float(cv2.absdiff(reference, level).sum()) / (reference.size / 3) * _QUANTUM / _DIVISOR


def colours(rgb: np.ndarray) -> int:
    """How many different colours a picture has.

    :param rgb: uint8, shape (height, width, 3).
    """
    red, green, blue = (rgb[..., channel].astype(np.uint32) for channel in range(3))
    there = np.zeros(1 << 24, bool)  # cheaper than sorting two million of them
    there[(red << 16) | (green << 8) | blue] = True
    return int(np.count_nonzero(there))


def search_quality(good_enough: Callable[[int], bool]) -> int:
    """The quality that the tool writes: the lowest tried that is good enough, or 95.

    :param good_enough: of a quality.
    """
    low, high = LOWEST, HIGHEST
    for _ in range(STEPS):
        if high <= low + 1:
            break
        quality = (high + low) // 2
        if good_enough(quality):
            high = quality
        else:
            low = quality
    return high


@final
class Imgmin(JNDPredictor):
    """Runs the search on a picture and takes the quality that the tool would have written. JPEG only."""

    most_error: float = 1.0
    """Of `pixel_error`: the tool's `--error-threshold`, whose default is 1."""

    card = Card(
        name="imgmin",
        title="imgmin (mean pixel error)",
        references=(
            Reference(
                authors=("R. Flynn",),
                title="imgmin",
                venue="software",
                year=2011,
                url="https://github.com/rflynn/imgmin",
            ),
        ),
        deviations=(
            "Its source says what it does; it was not run. Pictures of few colours, which it leaves as they are, are "
            "searched like any other, and so are JPEGs of a quality below 82.",
            "Its own JPEGs halve the chroma planes, as these do; its encoder is ImageMagick's.",
        ),
    )

    def refuses(self, codec: Codec) -> str:
        return "" if isinstance(codec, Jpeg) else "it searches for a JPEG quality. Run it on a JPEG set"

    def measure(self, picture: Picture) -> dict[str, np.ndarray]:
        """The `quality` that it writes.

        :raises UserError: on a codec other than JPEG.
        """
        self.check_codec(picture.codec)
        before = colours(picture.reference)

        def good_enough(quality: int) -> bool:
            level = picture.ladder.rgb(quality)
            new = abs(colours(level) - before) / before
            return pixel_error(picture.reference, level) <= self.most_error and new <= MOST_NEW_COLOURS

        return {"quality": np.array(search_quality(good_enough))}

    def fit(self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Imgmin:
        return self

    def predict(self, picture: Picture) -> Prediction:
        """Clipped at the ends of what it may write: 71 was good enough, or nothing below 95 was."""
        quality = int(self.measurement(picture)["quality"])
        return Prediction(float(quality), clipped=quality in (LOWEST + 1, HIGHEST))
