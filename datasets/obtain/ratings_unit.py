"""What unit KonJND-1k's ratings have: file indices, or positions of the slider, which counts from the other end.

SSIMULACRA2 is measured at the mean rating of every picture under both readings. The right one gives the mean and the
spread over pictures that people who have the set published; the wrong one mirrors each picture's level, so that
pictures spread otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import final

import numpy as np

from datasets.common.cache import load_arrays, save_arrays
from datasets.common.commands import progress
from datasets.common.errors import DataError, UserError
from datasets.common.hashing import key_of
from datasets.common.process_pool import ProcessPool
from datasets.common.threads import usable_cores
from datasets.core.picture import Picture
from datasets.sets._konjnd_ratings import both_readings
from datasets.simulation.ssimulacra2 import ssimulacra2

READINGS = ("file indices", "slider positions")
"""How a rating may be meant, in the order of every array here."""

_PORT_DIFFERS = 1.7
"""By so much may the PyPI package's scores differ from the authors' program, with which the anchors were made."""
_SPREAD_DIFFERS = 1.0
"""Two reports of the same spread differ by 0.4; twice that and a little."""


@final
@dataclass(frozen=True)
class Anchor:
    """SSIMULACRA2 at the file whose index is the mean rating: mean and standard deviation over pictures.

    Second-hand, from the repository imazen/zensim by people who have the set; a rerun of theirs gave 62.55 +- 5.03 for
    JPEG.
    """

    mean: float
    spread: float

    def agrees(self, scores: np.ndarray) -> bool:
        """Whether these pictures' scores, shape (n,), may be a part of those that gave the anchor."""
        n = len(scores)
        mean_within = _PORT_DIFFERS + 3 * self.spread / math.sqrt(n)
        spread_within = _SPREAD_DIFFERS + 3 * self.spread / math.sqrt(2 * n)
        of_mean, of_spread = abs(np.mean(scores) - self.mean), abs(np.std(scores) - self.spread)
        return bool(of_mean <= mean_within and of_spread <= spread_within)


ANCHORS: Mapping[str, Anchor] = {"konjnd-1k-jpeg": Anchor(63.10, 4.65), "konjnd-1k-bpg": Anchor(65.38, 5.10)}
"""By data set."""


def require_anchor(name: str) -> Anchor:
    """The anchor of a data set.

    :raises UserError: where it has none.
    """
    if name not in ANCHORS:
        raise UserError(f"--ratings is for {' and '.join(ANCHORS)}: what people of {name} saw was not published")
    return ANCHORS[name]


def measure_both_readings(pictures: Sequence[Picture], *, workers: int | None = None) -> np.ndarray:
    """SSIMULACRA2 at each picture's mean rating under both readings, shape (pictures, 2); NaN where files are damaged.

    What was measured is kept in the cache, so that an interrupted call goes on.

    :param workers: processes; None for as many as there are cores.
    """
    scores = {picture.name: _stored(picture) for picture in pictures}
    missing = [picture for picture in pictures if scores[picture.name] is None]
    if missing:
        with ProcessPool(min(workers or usable_cores(), len(missing))) as pool:
            measured = pool.unordered(_measure, missing)
            for name, values in progress(measured, "SSIMULACRA2 at the ratings", len(missing)):
                scores[name] = np.array(values)
    return np.array([scores[picture.name] for picture in pictures], dtype=float).reshape(-1, 2)


def verdict(anchor: Anchor, scores: np.ndarray) -> list[str]:
    """What the scores of both readings say, in lines for people.

    :param scores: shape (pictures, 2), NaN where a picture could not be measured.
    """
    whole = scores[np.isfinite(scores).all(axis=1)]
    if not len(whole):
        return ["ratings: no picture could be measured"]
    agree = [anchor.agrees(column) for column in whole.T]
    lines = [
        f"ratings read as {reading}: SSIMULACRA2 {mean:.2f} +- {spread:.2f} over {len(whole)} pictures, which "
        f"{'agrees' if agreed else 'does NOT agree'} with {anchor.mean:.2f} +- {anchor.spread:.2f}"
        for reading, mean, spread, agreed in zip(READINGS, whole.mean(0), whole.std(0), agree, strict=True)
    ]
    if sum(agree) == 1:
        lines.append(f"so ratings are {READINGS[agree.index(True)]}")
    else:
        lines.append(f"so this does not tell which they are: {'both agree' if agree[0] else 'neither agrees'}")
    if failed := len(scores) - len(whole):
        lines.append(f"{failed} pictures could not be measured")
    return lines


def _measure(picture: Picture) -> tuple[str, tuple[float, float]]:
    try:
        reference = picture.ladder.reference
        scores = [ssimulacra2(reference, picture.ladder.rgb(level)) for level in both_readings(picture)]
        save_arrays(_key(picture), {"scores": np.array(scores)})
    except DataError:  # which the verification names
        scores = [math.nan, math.nan]
    return picture.name, (scores[0], scores[1])


def _stored(picture: Picture) -> np.ndarray | None:
    try:
        arrays = load_arrays(_key(picture))
    except DataError:
        return None
    return None if arrays is None else arrays["scores"]


def _key(picture: Picture) -> str:
    return key_of(
        {
            "stored": "SSIMULACRA2 at the ratings",
            "version": version("ssimulacra2"),
            "ladder": picture.ladder.whole_fingerprint,
            "levels": both_readings(picture),
        }
    )
