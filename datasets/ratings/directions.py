"""Which way numbers and answers run: told by the user or a column's name, checked against the answers, never guessed.

`qf`: a JPEG quality factor, higher is better; `qp`: a quantiser, higher is worse; `distortion`: a slider's position
d = 101 - QF, higher is worse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.common.errors import DataError, UserError
from datasets.common.files import shown
from datasets.core.codec import Codec

SCALES = ("qf", "qp", "distortion")

_TELLING = {
    "qf": "jndqf qf quality qualityfactor jpegquality",
    "qp": "jndqp qp",
    "distortion": "distortion distortionlevel slider",
}
"""Names of columns that tell their scale, letters only, in lower case."""

_YES, _NO = ["yes", "y", "1", "true"], ["no", "n", "0", "false"]
"""Of a question that the file does not tell: 'did you see a difference?', mostly."""

_DIFFERENT = ["noticed", "seen", "different", "visible"]
_SAME = ["same", "unseen", "identical", "invisible"]
_CLEAR = 3.0
"""Standard errors by which answers must depend on the level to tell a direction."""


@dataclass(frozen=True)
class Scale:
    """How numbers in a file stand for levels.

    :param name: one of `SCALES`.
    :param said: why.
    """

    name: str
    said: str

    def level(self, number: float, codec: Codec) -> float:
        """The level that a number stands for."""
        return codec.lowest + codec.highest - number if self.name == "distortion" else number


def scale_of(named: str | None, column: str, codec: Codec) -> Scale | None:
    """The scale as the user says it, or as the codec or a column's name tells it; None where nothing does.

    :raises UserError: for a scale that the codec has not, or that the column's name denies.
    """
    own = "qf" if codec.sign > 0 else "qp"
    plain = re.sub(r"[^a-z]", "", column.lower())
    by_name = next((scale for scale, names in _TELLING.items() if plain in names.split()), None)
    if named is not None and named != own and (named != "distortion" or own == "qp"):
        ways = "--scale qf or distortion" if own == "qf" else "--scale qp"
        raise UserError(f"--scale {named}: levels of {codec.name} are {codec.unit}. Give {ways}, or another --codec")
    if named is not None:
        if by_name not in (None, named):
            raise UserError(
                f"--scale {named}, but the column is called {column!r}. Rename the column, or give --scale {by_name}"
            )
        return Scale(named, f"Numbers are {_words(named)}, as --scale says.")
    if own == "qp":
        if by_name not in (None, own):
            raise UserError(f"the column {column!r} holds no {codec.unit}, the unit of {codec.name}. Give QP")
        return Scale(own, f"Numbers are {_words(own)}: {codec.name} has no other scale.")
    if by_name == "qp":
        raise UserError(f"the column {column!r} holds QP, and --codec is {codec.name}. Give --codec bpg")
    return (
        None if by_name is None else Scale(by_name, f"Numbers are {_words(by_name)}: the column is called {column!r}.")
    )


def ask_for_scale(path: Path) -> UserError:
    """The error where nothing tells the scale of JNDs."""
    return UserError(
        f"{path}: nothing tells whether a higher number is better. Say --scale qf (JPEG quality, higher is better) or "
        "--scale distortion (a slider's position, 101 - QF, higher is worse)"
    )


def yes_is_told(yes: str | None, column: str | None, answers: Iterable[str]) -> bool:
    """Whether it is known what 'yes' means: by the user, by the column's name, or because nobody says it.

    :param yes: `noticed` or `same`, as the user says it.
    :param column: where the answers stand; None where they stand in many columns.
    """
    by_name = column is not None and re.sub(r"[^a-z]", "", column.lower()) in _DIFFERENT
    return yes is not None or by_name or not {answer.lower() for answer in answers} & {*_YES, *_NO}


def noticed(path: Path, line: int, answer: str, yes: str | None) -> bool:
    """Whether an answer says that a difference was noticed.

    :param yes: as in `yes_is_told`; None is `noticed`.
    :raises DataError: for a word that is not known.
    """
    plain = answer.lower()
    if plain in _DIFFERENT or plain in _SAME:
        return plain in _DIFFERENT
    if plain in _YES or plain in _NO:
        return (plain in _YES) == (yes != "same")
    raise DataError(
        f"{path}, line {line}: the answer is {shown(answer)}, expected one of {', '.join([*_YES, *_DIFFERENT])} or of "
        f"{', '.join([*_NO, *_SAME])}"
    )


def trend(pictures: Sequence[str], numbers: Sequence[float], shares: Sequence[float]) -> int:
    """Whether shares rise (+1) or fall (-1) with the number shown, within pictures; 0 where that is not clear."""
    _, picture = np.unique(pictures, return_inverse=True)
    x, y = (_centred(np.asarray(values, dtype=float), picture) for values in (numbers, shares))
    across = float((x**2).sum() * (y**2).sum())
    left = len(x) - int(picture.max()) - 2
    if across == 0 or left < 2:
        return 0
    r = float((x * y).sum()) / across**0.5
    return int(np.sign(r)) if abs(r) * (left / max(1 - r**2, 1e-12)) ** 0.5 > _CLEAR else 0


def check_trend(path: Path, scale: Scale | None, rises: int, codec: Codec) -> Scale:
    """The scale of levels at which people answered: noticing must grow with distortion.

    :param rises: as `trend` gives it for the share that noticed, by the number shown.
    :raises UserError: where the answers deny the scale, or do not tell it.
    """
    if scale is None:
        if rises == 0:
            raise ask_for_scale(path)
        name = "distortion" if rises > 0 else "qf"
        more = "more" if rises > 0 else "less"
        return Scale(name, f"Numbers are {_words(name)}: people noticed {more} often at higher ones.")
    if rises and (rises > 0) != (scale.name != "qf"):
        raise UserError(
            f"{path}: numbers are said to be {_words(scale.name)}, but people noticed "
            f"{'more' if rises > 0 else 'less'} often at higher ones. Either the scale is another (--scale), or 'yes' "
            "means that no difference was seen (--yes same)"
        )
    return scale


def _centred(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    means = np.bincount(group, values) / np.bincount(group)
    return np.asarray(values - means[group])


def _words(scale: str) -> str:
    return {
        "qf": "JPEG QF (higher is better)",
        "qp": "QP (higher is worse)",
        "distortion": "positions of a slider (101 - QF, higher is worse)",
    }[scale]
