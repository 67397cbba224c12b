"""What a photograph needs: the quality at its JND, and what that saves, by a trained network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np

from baselines.learned.network.extractor import Gaze, Looker
from baselines.learned.network.features import Extractor
from baselines.learned.network.search.strategies import DEFAULT, strategy
from baselines.learned.network.weights import NONE
from datasets.common.errors import DataError, UserError
from datasets.core.codec import Jpeg
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import PIXELS_PER_DEGREE, Picture
from datasets.core.picture_file import PictureFile, read_upright
from sgjnd.checkpoint import Checkpoint

if TYPE_CHECKING:
    from sgjnd.nets.examples import Tokens
    from sgjnd.nets.model import Model

COMPARED_QF = 95
"""The quality whose bytes an answer is compared with: what careful people use today."""
_LONGEST_SIDE_PX = 65500
"""What libjpeg writes at most."""
SEARCHES = ("scan", "grid", "bayes", "full")


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
    :param levels_tried: network passes over the picture.
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
    levels_tried: int
    saved: str = ""


@final
class Answerer:
    """Answers for pictures, by one checkpoint.

    :param checkpoint: trained for JPEG.
    :param search: a name of `SEARCHES`.
    :raises UserError: where the checkpoint does not fit: another codec, or other weights than it was trained on.
    """

    def __init__(self, checkpoint: Checkpoint, *, search: str = DEFAULT, device: str = "auto") -> None:
        if checkpoint.fitted.codec != Jpeg.name:
            raise UserError(f"the checkpoint was trained for {checkpoint.fitted.codec}, and photographs are made JPEG")
        backbone, config = checkpoint.fitted.backbone, checkpoint.config
        carried = config if backbone is None else replace(config, weights=NONE)  # it brings its own
        self.looker = Looker(carried, device=device)
        if backbone is None and self.looker.chosen.sha256 != checkpoint.backbone_sha256:
            raise DataError(
                f"the checkpoint was trained on other backbone weights ({checkpoint.backbone_sha256[:12]}...) than are "
                f"installed ({self.looker.chosen.sha256[:12]}...). Train it again, or give it the weights it knows."
            )
        self._checkpoint = checkpoint
        self._search = strategy(search, evidence=checkpoint.config.evidence)
        self._extractor: Extractor | None = None if backbone is None else self.looker.extractor_of(backbone)

    def answer(self, path: Path, *, sur: float | None) -> tuple[Answer, bytes]:
        """Look at a photograph, the right way up.

        :param sur: share of people who are to see no difference; None takes the truth's own point, the JND.
        :returns: the answer, and the file compressed at its quality.
        :raises DataError: where the file is no picture, damaged, or larger than a JPEG can be.
        """
        picture = photograph(path)
        height, width = picture.reference.shape[:2]
        if max(height, width) > _LONGEST_SIDE_PX:
            raise DataError(f"{path}: is {width}x{height}, and a side of a JPEG has at most {_LONGEST_SIDE_PX} pixels")
        fitted = self._checkpoint.fitted
        count = len(picture.codec.levels)
        gaze = self.gaze(picture)
        found = self._search.find(lambda at: self.model.probabilities(self.tokens(gaze, at)), count, fitted.prior)
        curve = 1 - found.noticeable(count)
        jnd = np.interp(fitted.share, curve, np.arange(count), left=0, right=count - 1)
        wanted = int(np.ceil(jnd - 1e-9)) if sur is None else int(np.searchsorted(curve, sur))
        quality = int(picture.codec.levels[min(wanted, count - 1)])
        encoded = picture.ladder.encoded(quality)
        return (
            Answer(
                image=str(path),
                width=width,
                height=height,
                quality=quality,
                jnd_qf=round(float(np.asarray(picture.codec.level_at(jnd))), 2),
                sur=round(float(curve[quality - 1]), 4),
                bytes=len(encoded),
                bytes_at_95=len(picture.ladder.encoded(COMPARED_QF)),
                levels_tried=len(found.asked),
            ),
            encoded,
        )

    def gaze(self, picture: Picture) -> Gaze:
        """Begin to look at a picture through the checkpoint's backbone."""
        return self.looker.gaze(picture, self._extractor)

    def tokens(self, gaze: Gaze, positions: np.ndarray) -> Tokens:
        """A picture's levels as the heads take them."""
        at = np.asarray(positions) / (len(Jpeg().levels) - 1)
        return self.model.tokens(gaze.reference, gaze.levels(positions), at)

    @property
    def model(self) -> Model:
        """The checkpoint's projections and heads."""
        return self._checkpoint.fitted.model


def photograph(path: Path) -> Picture:
    """A photograph as a picture without samples, compressed on demand.

    Pixels as `datasets.core.imaging.read_picture` gives them (alpha over white, 16 bits as 8, CMYK and grey as RGB, the
    first frame of an animation), turned as its orientation tag says.
    """
    ladder = CompressedLadder(Jpeg(), PictureFile(path, read_upright, "turned upright"))
    return Picture(path.name, path.stem, Jpeg(), PIXELS_PER_DEGREE, ladder_or_none=ladder)
