"""What KonJND-1k's files say about its ratings: do people notice where noticing can be expected?

The table does not tell whether a rating is a file index or the position of the slider, which counts from the other
end. So the PSNR at the mean JND is measured under both readings. It is chosen over the share of ratings at the ends of
the range because the study's own qualification pictures say where it should lie; for the share nothing is known.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from datasets.core.ladder import ShippedLadder
from datasets.core.picture import Picture
from datasets.sets._level_direction import spread

PLAUSIBLE_PSNR_DB = (30.0, 43.0)
"""Where the median of the luma PSNR at the mean JND is believed to lie. The answers that the study accepted for its
five qualification pictures centre on 33 to 38 dB; the range leaves room for other content."""

_MEASURED = 5


def about_ladders(pictures: Sequence[Picture], remark: Callable[[Mapping[int, Path]], str] | None) -> list[str]:
    """Sentences on what a few pictures' files show.

    :param pictures: with samples and shipped ladders; others are passed over.
    :param remark: a sentence on one picture's files, given by level; None has nothing to say.
    :raises DataError: where one of the files looked at is damaged.
    """
    shipped = [picture for picture in pictures if isinstance(picture.ladder_or_none, ShippedLadder)]
    measured = spread([picture for picture in shipped if picture.samples.size], _MEASURED)
    notes = [_about_ratings(measured)] if measured else []
    return notes if remark is None else [*(remark(_three_levels(picture)) for picture in measured[:1]), *notes]


def _three_levels(picture: Picture) -> dict[int, Path]:
    assert isinstance(picture.ladder, ShippedLadder)
    return {level: picture.ladder.files[level] for level in spread(sorted(picture.ladder.files), 3)}


def _about_ratings(pictures: Sequence[Picture]) -> str:
    as_read, turned = (statistics.median(values) for values in zip(*map(_psnr_both_ways, pictures), strict=True))
    low, high = PLAUSIBLE_PSNR_DB
    verdict = "plausible" if low <= as_read <= high else "NOT plausible"
    also = "also plausible, so this cannot decide it" if low <= turned <= high else "not plausible"
    return (
        f"Ratings are taken as file indices: at their mean the PSNR is {as_read:.1f} dB (median of {len(pictures)} "
        f"pictures), which is {verdict} ({low:.0f} to {high:.0f} dB); counted from the other end it would be "
        f"{turned:.1f} dB, {also}."
    )


def _psnr_both_ways(picture: Picture) -> tuple[float, float]:
    codec = picture.codec
    level = round(float(np.mean(picture.samples)))
    found = picture.ladder.psnr_db(level), picture.ladder.psnr_db(codec.lowest + codec.highest - level)
    picture.ladder.forget_pixels()
    return found
