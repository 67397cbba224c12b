"""KonJND-1k's `subjective_ratings.csv`: a row a picture, its ratings a JSON list in one cell; and what files say of it.

The table does not tell whether a rating is a file index or the position of the slider, which counts from the other
end. So the PSNR at the mean JND is measured under both readings: the study's own qualification pictures say where it
should lie.
"""

from __future__ import annotations

import contextlib
import csv
import math
import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from datasets.common.errors import DataError
from datasets.common.files import parse_json, shown
from datasets.core.codec import Codec
from datasets.core.ladder import ShippedLadder
from datasets.core.picture import Picture
from datasets.sets._layout import Faults, read_lines
from datasets.sets._level_direction import spread

_Row = Mapping[str, str]
"""By the column's name in lower-case letters alone."""

COLUMNS = ("image_id", "Compression type", "No. of ratings", "mean", "std", "ratings")


def read_ratings(path: Path, compression: str, codec: Codec, faults: Faults) -> dict[int, tuple[float, ...]]:
    """The ratings of one half of the set, as file indices, by source number and in order.

    Column names may differ in case and spaces, `image_id` may lack its `.png`.

    :param compression: `JPEG` or `BPG`, as the column has it.
    :param codec: its levels count the file indices.
    """
    ratings_of: dict[int, tuple[float, ...]] = {}
    for line, row in _rows(path, faults):
        kind = row["compressiontype"].upper()
        numbers = re.fullmatch(r"SRC[\W_]*(\d{1,9})(\.png)?", row["imageid"], re.IGNORECASE)
        if kind not in ("JPEG", "BPG") or numbers is None:
            faults.add(
                path,
                f"line {line} has image_id {shown(row['imageid'])} and Compression type "
                f"{shown(row['compressiontype'])}, expected SRCnnnn.png and JPEG or BPG.",
            )
        elif kind == compression:
            number = int(numbers.group(1))
            if number in ratings_of:
                faults.add(path, f"line {line} rates {row['imageid']} a second time. Keep one of the rows.")
            elif ratings := _ratings(path, f"line {line} ({row['imageid'][:20]})", row, len(codec.levels), faults):
                ratings_of[number] = ratings
    return dict(sorted(ratings_of.items()))


def _rows(path: Path, faults: Faults) -> list[tuple[int, _Row]]:
    try:
        reader = csv.DictReader(read_lines(path))
        rows = [(reader.line_num, row) for row in reader]
    except DataError as error:
        faults.take(error)
        return []
    except csv.Error as error:
        faults.add(path, f"is no readable CSV ({error}). Copy it again from the data set.")
        return []
    names = {_plain(name): name for name in reader.fieldnames or ()}
    missing = [column for column in COLUMNS if column != "std" and _plain(column) not in names]
    if missing:
        faults.add(
            path,
            f"lacks the columns {', '.join(missing)}; expected {', '.join(COLUMNS)}, found "
            f"{shown(reader.fieldnames or None)}. Copy it again from the data set.",
        )
        return []
    return [(line, {plain: (row[name] or "").strip() for plain, name in names.items()}) for line, row in rows]


def _ratings(path: Path, where: str, row: _Row, indices: int, faults: Faults) -> tuple[float, ...]:
    """A row's ratings, checked against its other columns; empty where they are no ratings."""
    try:
        values = parse_json(row["ratings"])
    except ValueError:
        values = None
    if not isinstance(values, list) or not values or not all(type(value) in (int, float) for value in values):
        faults.add(path, f"{where}: ratings are {row['ratings'][:60]!r}, expected a list of numbers such as [45, 52].")
        return ()
    for value in values:
        if not 1 <= value <= indices:  # also refuses NaN
            faults.add(path, f"{where}: the rating {shown(value)} is no file index, expected 1 to {indices}.")
            return ()
    ratings = tuple(map(float, values))
    _check_summary(path, where, row, ratings, faults)
    return ratings


def _check_summary(path: Path, where: str, row: _Row, ratings: tuple[float, ...], faults: Faults) -> None:
    if row["noofratings"] not in (str(len(ratings)), f"{len(ratings)}.0"):
        faults.add(
            path,
            f"{where}: 'No. of ratings' is {shown(row['noofratings'])} but the list has {len(ratings)}. "
            "The row is damaged: copy the file again.",
        )
    # Whether the authors' mean is taken before or after removing outliers is not known; either lies within the list.
    if not min(ratings) - 0.01 <= _number(row["mean"]) <= max(ratings) + 0.01:
        faults.add(
            path,
            f"{where}: 'mean' is {shown(row['mean'])} but the list runs from {min(ratings):g} to "
            f"{max(ratings):g}. The row is damaged: copy the file again.",
        )


def _number(printed: str) -> float:
    try:
        return float(printed)
    except ValueError:
        return math.nan


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


PLAUSIBLE_PSNR_DB = (30.0, 43.0)
"""Where the median of the luma PSNR at the mean JND is believed to lie. The answers that the study accepted for its
five qualification pictures centre on 33 to 38 dB; the range leaves room for other content."""

_MEASURED = 5


def about_ladders(pictures: Sequence[Picture], remark: Callable[[Mapping[int, Path]], str] | None) -> list[str]:
    """Sentences on what a few pictures' files show.

    :param pictures: with samples and shipped ladders; others are passed over.
    :raises DataError: where one of the examined files is damaged.
    """
    shipped = [picture for picture in pictures if isinstance(picture.ladder_or_none, ShippedLadder)]
    measured = spread([picture for picture in shipped if picture.samples.size], _MEASURED)
    notes = [_about_ratings(measured)] if measured else []
    return notes if remark is None else [*(remark(_three_levels(picture)) for picture in measured[:1]), *notes]


def _three_levels(picture: Picture) -> dict[int, Path]:
    assert isinstance(picture.ladder, ShippedLadder)
    return {level: picture.ladder.files[level] for level in spread(sorted(picture.ladder.files), 3)}


def _about_ratings(pictures: Sequence[Picture]) -> str:
    measured: list[tuple[float, float]] = []
    for picture in pictures:
        with contextlib.suppress(DataError):  # it fails where it is measured, and the others go on
            measured.append(_psnr_both_ways(picture))
    if not measured:
        return "Whether ratings are file indices could not be looked at: the files that say it are damaged."
    as_read, turned = (statistics.median(values) for values in zip(*measured, strict=True))
    low, high = PLAUSIBLE_PSNR_DB
    verdict = "plausible" if low <= as_read <= high else "NOT plausible"
    also = "also plausible, so this cannot decide it" if low <= turned <= high else "not plausible"
    return (
        f"Ratings are taken as file indices: at their mean the PSNR is {as_read:.1f} dB (median of {len(measured)} "
        f"pictures), which is {verdict} ({low:.0f} to {high:.0f} dB); counted from the other end it would be "
        f"{turned:.1f} dB, {also}."
    )


def both_readings(picture: Picture) -> tuple[int, int]:
    """The level of a picture's mean rating, read as a file index and as a position of the slider."""
    codec, level = picture.codec, round(float(np.mean(picture.samples)))
    return level, codec.lowest + codec.highest - level


def _psnr_both_ways(picture: Picture) -> tuple[float, float]:
    as_read, turned = both_readings(picture)
    both = picture.ladder.psnr_db(as_read), picture.ladder.psnr_db(turned)
    picture.ladder.forget_pixels()
    return both
