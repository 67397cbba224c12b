"""Named truths: what "the JND of a picture" means.

The choice moves numbers more than methods do (on MCL-JCI `sqf` lies 11.5 QF above `mean` on average), so every
result names its truth and results under different truths never share a table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from datasets.common.errors import UserError, check_name
from datasets.core.gev import sur_level
from datasets.core.picture import Picture


@dataclass(frozen=True)
class Truth:
    """One definition of a picture's JND.

    :param name: as flags, columns and reports say it.
    :param level: the JND of a picture under this truth, in the codec's levels.
    """

    name: str
    meaning: str
    level: Callable[[Picture], float]


def _average(picture: Picture, of: Callable[[np.ndarray], float]) -> float:
    return float(of(_samples(picture)))


def _sur(picture: Picture, share: float) -> float:
    return sur_level(_samples(picture), picture.codec, share)


def _sqf(picture: Picture) -> float:
    if "sqf" not in picture.tabulated:
        raise UserError(
            f"{picture.name}: its data set gives no 'sqf' truth for this JND (only MCL-JCI tabulates it, in SQF_data). "
            "Use --truths mean median sur50 sur75."
        )
    return picture.tabulated["sqf"]


TRUTHS = {
    truth.name: truth
    for truth in (
        Truth("mean", "mean of the observers' JNDs", partial(_average, of=np.mean)),
        Truth("median", "median of the observers' JNDs", partial(_average, of=np.median)),
        Truth("sur50", "level at which 50 % of the observers are satisfied (GEV fit)", partial(_sur, share=0.50)),
        Truth("sur75", "level at which 75 % of the observers are satisfied (GEV fit)", partial(_sur, share=0.75)),
        Truth("sqf", "aggregate staircase point that the data set tabulates (GMM over the subjects)", _sqf),
    )
}


def find_truth(name: str) -> Truth:
    """The truth of a name.

    :raises UserError: where there is none; the text suggests near ones.
    """
    check_name("truth", name, TRUTHS)
    return TRUTHS[name]


def _samples(picture: Picture) -> np.ndarray:
    if picture.samples.size == 0:
        raise UserError(f"{picture.name}: no subject's sample is known for this JND, so it has no truth")
    return picture.samples
