"""What tests of subband models share: pictures that are compressed on demand, and how far apart two profiles are."""

import functools
from pathlib import Path

import numpy as np

from baselines.interface.threshold import crossings
from datasets.codecs.jpeg import Jpeg
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture
from datasets.core.picture_file import read_picture

PHOTOS = Path(__file__).resolve().parents[4] / "shared" / "data" / "photos"
"""Photographs that may stand beside the checkout."""


def compressed(rgb: np.ndarray, pixels_per_degree: float = 24.3) -> Picture:
    """A picture whose JPEG ladder is made on demand."""
    ladder = CompressedLadder(Jpeg(), functools.partial(np.array, rgb))
    return Picture("one", "one", Jpeg(), pixels_per_degree, ladder_or_none=ladder)


def photograph() -> np.ndarray:
    """A small colour photograph, uint8, shape (128, 128, 3)."""
    from skimage import data

    return np.ascontiguousarray(data.coffee()[100:228, 150:278])


@functools.cache
def photographs() -> list[np.ndarray]:
    """Kodak's 1, 8, 15 and 24 (whose error sources differ most of all 24) where they are there; else scikit-image's."""
    if (PHOTOS / "kodak").is_dir():
        return [read_picture(PHOTOS / "kodak" / f"{number}.png") for number in (1, 8, 15, 24)]
    from skimage import data

    return [np.ascontiguousarray(rgb[:256, :256]) for rgb in (data.astronaut(), data.coffee(), data.chelsea())]


def envelope(profile: np.ndarray) -> np.ndarray:
    """At each level the largest visibility there or at any better one."""
    return np.maximum.accumulate(profile[::-1])[::-1]


def levels_apart(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How far two profiles' levels are apart at a hundred thresholds that both reach, in QF, with sign."""
    envelopes = envelope(first), envelope(second)
    low, high = max(falling[-1] for falling in envelopes) * 1.01, min(falling[0] for falling in envelopes) * 0.99
    first_at, second_at = (crossings(falling, np.geomspace(low, high, 100))[0] for falling in envelopes)
    return first_at - second_at
