"""What a photograph needs: the level at its JND, and what that saves, as a fitted predictor says."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from baselines.interface.predictor import JNDPredictor, Prediction
from datasets.codecs import codec_named
from datasets.codecs.jpeg import Jpeg, nearest_quality
from datasets.common.errors import DataError
from datasets.core.codec import Codec
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import PIXELS_PER_DEGREE, Picture
from datasets.core.picture_file import PictureFile, notes_on, opened, read_upright

COMPARED_QF = 95
"""The JPEG quality whose bytes an answer is compared with: what careful people use today."""
LEAST_SAVING = 0.05
"""Share of the bytes of a photograph's own file: what saves less is not worth another loss."""


@final
@dataclass(frozen=True)
class Answer:
    """What is said of one photograph in one codec.

    :param image: its file.
    :param codec: the codec's name.
    :param level: to use, in the codec's unit (JPEG, WebP, AVIF, JPEG XL: a quality; JPEG 2000: dB): the worst at which
        at least `sur` people are satisfied.
    :param jnd: the predicted JND under the truth that the network was trained for, in the same unit.
    :param sur: share of people predicted to see no difference at `level`.
    :param bytes: of the file at `level`.
    :param bytes_at_jpeg_95: of a JPEG at quality 95.
    :param bytes_as_jpeg: of a JPEG at its own JND, or for the share of people that was asked for; None where JPEG was
        not asked.
    :param bytes_before: of the photograph's own file.
    :param own_jpeg_quality: of the photograph's own file, by its luma table; None where it is no JPEG.
    :param keep_own: whether the photograph's own file is the better one (see `keeps_own`).
    :param notes: on how the photograph was read: that its colours were converted, say.
    :param saved: where the compressed file was written; empty if it was not.
    """

    image: str
    width: int
    height: int
    codec: str
    level: int
    jnd: float
    sur: float
    bytes: int
    bytes_at_jpeg_95: int
    bytes_as_jpeg: int | None
    bytes_before: int
    own_jpeg_quality: int | None
    keep_own: bool
    notes: tuple[str, ...] = ()
    saved: str = ""


def answer(predictor: JNDPredictor, codec: Codec, path: Path, *, sur: float | None) -> tuple[Answer, bytes]:
    """What a photograph needs.

    :param predictor: fitted for the codec; its predictions have curves.
    :param sur: share of people who are to see no difference; None takes the truth's own point, the JND.
    :returns: the answer, and the file compressed at its level.
    :raises DataError: where the file is no picture, damaged, or larger than the codec's or a JPEG can be.
    """
    own_quality = _check_size_and_tell_quality(path, codec)
    picture = photograph(path, codec)
    height, width = picture.reference.shape[:2]
    prediction = Prediction.of(predictor.predict(picture))
    level, satisfied = level_to_use(prediction, codec, sur)
    encoded = picture.ladder.encoded(level)
    bytes_before = path.stat().st_size
    reply = Answer(
        image=str(path),
        width=width,
        height=height,
        codec=codec.name,
        level=level,
        jnd=round(prediction.level, 2),
        sur=round(satisfied, 4),
        bytes=len(encoded),
        bytes_at_jpeg_95=len(Jpeg().encode(picture.reference, COMPARED_QF)),
        bytes_as_jpeg=len(encoded) if codec == Jpeg() else None,
        bytes_before=bytes_before,
        own_jpeg_quality=own_quality,
        keep_own=keeps_own(codec, level, len(encoded), own_quality, bytes_before),
        notes=notes_on(path),
    )
    return reply, encoded


def level_to_use(prediction: Prediction, codec: Codec, sur: float | None) -> tuple[int, float]:
    """The worst whole level that satisfies enough people, and the share of people whom it satisfies.

    :param prediction: with a curve.
    :param sur: as `answer` takes it.
    """
    assert prediction.sur is not None
    whole = codec.whole_levels
    satisfied = np.interp(codec.position(whole), np.arange(len(prediction.sur)), prediction.sur)
    if sur is None:
        place = int(np.ceil(codec.position(prediction.level) / codec.grain - 1e-9))
    else:
        place = min(int(np.searchsorted(satisfied, sur)), len(whole) - 1)
    return int(whole[place]), float(satisfied[place])


def keeps_own(codec: Codec, level: int, size_bytes: int, own_quality: int | None, bytes_before: int) -> bool:
    """Whether compressing a photograph again loses quality and saves nothing that is worth it.

    That is so where less than `LEAST_SAVING` is saved, and in JPEG also where its own file is a JPEG of no better
    quality. Of files of other forms only their bytes are known.
    """
    is_no_better = codec == Jpeg() and own_quality is not None and own_quality <= level
    return is_no_better or size_bytes > (1 - LEAST_SAVING) * bytes_before


def compared(answers: Sequence[Answer]) -> list[Answer]:
    """Answers for one photograph in several codecs, the smallest file first, each compared with JPEG's own."""
    as_jpeg = next((reply.bytes for reply in answers if reply.codec == Jpeg.name), None)
    ordered = sorted(answers, key=lambda reply: reply.bytes)
    return [dataclasses.replace(reply, bytes_as_jpeg=as_jpeg) for reply in ordered]


def as_text(reply: Answer, *, sur: float | None = None) -> str:
    """An answer in a line or a few.

    :param sur: the share of people that was asked for.
    """
    codec = codec_named(reply.codec)
    line = (
        f"{reply.image} ({reply.width}x{reply.height}): {named(codec, reply.level)}, at which "
        f"{100 * reply.sur:.0f} % of people see no difference; {reply.bytes:,} bytes"
    )
    others = {f"JPEG quality {COMPARED_QF}": reply.bytes_at_jpeg_95}
    if reply.bytes_as_jpeg is not None and codec != Jpeg():
        others["JPEG at its own JND" if sur is None else "JPEG for as many people"] = reply.bytes_as_jpeg
    shares = [f"{_difference(reply.bytes, size_bytes)} than {name}" for name, size_bytes in others.items()]
    line = f"{line}. {_why_kept(reply)}" if reply.keep_own else ", ".join((line, *shares))
    return "\n  ".join([line, *reply.notes, *([f"wrote {reply.saved}"] if reply.saved else [])])


def _difference(size_bytes: int, other_bytes: int) -> str:
    share = round(100 * (size_bytes / other_bytes - 1))
    return f"{abs(share)} % {'more' if share > 0 else 'fewer'}"


def _why_kept(reply: Answer) -> str:
    saving = reply.bytes_before - reply.bytes
    saves = f"{100 * saving / reply.bytes_before:.1f} %" if saving > 0 else "nothing"
    own, again = "has", ""
    if reply.own_jpeg_quality is not None:
        own, again = f"is a JPEG of about quality {reply.own_jpeg_quality} with", " again"
    return (
        f"The photograph's own file {own} {reply.bytes_before:,} bytes: compressing it{again} loses quality and "
        f"saves {saves}. Keep it"
    )


def named(codec: Codec, level: int) -> str:
    """A level as people say it: `JPEG quality 50`, `JPEG 2000 at 37 dB`."""
    return f"{codec.title} quality {level}" if codec.is_quality else f"{codec.title} at {level} {codec.unit}"


def photograph(path: Path, codec: Codec) -> Picture:
    """A photograph as a picture without samples, compressed on demand.

    Pixels as `read_upright` gives them: sRGB on white, turned as its orientation tag says, the first of several frames.
    """
    ladder = CompressedLadder(codec, PictureFile(path, read_upright, "turned upright"))
    return Picture(path.name, path.stem, codec, PIXELS_PER_DEGREE, ladder_or_none=ladder)


def _check_size_and_tell_quality(path: Path, codec: Codec) -> int | None:
    """What the header of a photograph's file says, before its pixels are decoded; of a damaged one it says nothing.

    :returns: the quality of its own compression, if it is a JPEG.
    :raises DataError: where it is too long for the codec, or for the JPEG that it is compared with.
    """
    width, height = 0, 0
    tables: dict[int, list[int]] = {}
    with contextlib.suppress(OSError, ValueError), opened(path) as image:
        (width, height), tables = image.size, getattr(image, "quantization", {})
    for needed in (codec, Jpeg()):
        if max(width, height) > needed.longest_side_px:
            limit = f"{needed.title} takes at most {needed.longest_side_px} pixels a side"
            raise DataError(f"{path}: is {width}x{height}, and {limit}")
    return nearest_quality(np.reshape(tables[min(tables)], (8, 8))) if tables else None
