"""What a photograph needs: the quality at its JND, and what that saves, as a fitted predictor says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from baselines.interface.predictor import JNDPredictor, Prediction
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import DataError
from datasets.core.ladder import Ladder
from datasets.core.picture import PIXELS_PER_DEGREE, Picture
from datasets.core.picture_file import PictureFile, notes_on, read_upright

SHIPPED = Path(__file__).parent / "checkpoints" / "sgjnd-lite-simulated.safetensors"
"""Trained by the project on simulated observers; its header says on what."""
COMPARED_QF = 95
"""The quality whose bytes an answer is compared with: what careful people use today."""


@final
@dataclass(frozen=True)
class Answer:
    """What is said of one photograph.

    :param image: its file.
    :param quality: JPEG quality factor to use, 1..100: the smallest at which at least `sur` people are satisfied.
    :param jnd_qf: the predicted JND under the truth that the network was trained for, in QF.
    :param sur: share of people predicted to see no difference at `quality`.
    :param bytes: of the file at `quality`.
    :param bytes_at_95: of the file at QF 95.
    :param bytes_before: of the photograph's own file.
    :param levels_tried: levels that were compressed for the prediction: network passes over the picture.
    :param notes: on how the photograph was read: that its colours were converted, say.
    :param saved: where the compressed file was written; empty if it was not.
    """

    image: str
    width: int
    height: int
    quality: int
    jnd_qf: float
    sur: float
    bytes: int
    bytes_at_95: int
    bytes_before: int
    levels_tried: int
    notes: tuple[str, ...] = ()
    saved: str = ""


def answer(predictor: JNDPredictor, path: Path, *, sur: float | None) -> tuple[Answer, bytes]:
    """What a photograph needs.

    :param predictor: fitted for JPEG; its predictions have curves.
    :param sur: share of people who are to see no difference; None takes the truth's own point, the JND.
    :returns: the answer, and the file compressed at its quality.
    :raises DataError: where the file is no picture, damaged, or larger than a JPEG can be.
    """
    picture = photograph(path)
    height, width = picture.reference.shape[:2]
    codec = picture.codec
    if max(height, width) > codec.longest_side_px:
        most = f"{codec.longest_side_px} pixels"
        raise DataError(f"{path}: is {width}x{height}, and a side of a {codec.title} has at most {most}")
    prediction = Prediction.of(predictor.predict(picture))
    assert isinstance(picture.ladder, _PhotographLadder) and prediction.sur is not None
    tried = len(picture.ladder.compressed)
    whole = codec.whole_levels
    satisfied = np.interp(codec.position(whole), np.arange(len(prediction.sur)), prediction.sur)
    if sur is None:
        place = int(np.ceil(codec.position(prediction.level) / codec.grain - 1e-9))
    else:
        place = min(int(np.searchsorted(satisfied, sur)), len(whole) - 1)
    quality = int(whole[place])
    encoded = picture.ladder.encoded(quality)
    said = Answer(
        image=str(path),
        width=width,
        height=height,
        quality=quality,
        jnd_qf=round(prediction.level, 2),
        sur=round(float(satisfied[place]), 4),
        bytes=len(encoded),
        bytes_at_95=len(picture.ladder.encoded(COMPARED_QF)),
        bytes_before=path.stat().st_size,
        levels_tried=tried,
        notes=notes_on(path),
    )
    return said, encoded


def photograph(path: Path) -> Picture:
    """A photograph as a picture without samples, compressed on demand.

    Pixels as `read_upright` gives them: sRGB on white, turned as its orientation tag says, the first of several frames.
    """
    ladder = _PhotographLadder(PictureFile(path, read_upright, "turned upright"))
    return Picture(path.name, path.stem, Jpeg(), PIXELS_PER_DEGREE, ladder_or_none=ladder)


@final
class _PhotographLadder(Ladder):
    """A photograph at every JPEG quality; knows which of them were asked for."""

    def __init__(self, read_reference: Callable[[], np.ndarray]) -> None:
        super().__init__(Jpeg(), read_reference)
        self.compressed: set[int] = set()

    def encoded(self, level: int) -> bytes:
        self.compressed.add(level)
        return self.codec.encode(self.reference, level)

    def fingerprint(self) -> str:
        return f"compressed by {self.codec.library()}"

    def _name(self, level: int) -> str:
        return f"the picture at {self.codec.unit} {level}"
