"""KonJND-1k: 1,008 sources of 640x480, half JPEG and half BPG, rated by crowd workers (Lin et al. 2022).

The halves have no source in common; they are two data sets that share a root.
Ratings are taken as file indices; what the files say of that is noted (see `_konjnd_ratings`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

import numpy as np

from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import DataError, UserError
from datasets.core.codec import Codec
from datasets.core.dataset import Dataset, DatasetCard, OpenOptions
from datasets.core.picture import PIXELS_PER_DEGREE, Picture
from datasets.core.reference import Reference
from datasets.sets._konjnd_ratings import about_ladders, read_ratings
from datasets.sets._layout import (
    Faults,
    FileKind,
    SurveyedDataset,
    find_entry,
    find_home,
    ladder_of,
    manifest_of,
    missing_of,
)
from datasets.sets._level_direction import (
    FoundDirection,
    IndexedFiles,
    direction_by_pixels,
    direction_by_tables,
    has_standard_tables,
    level_of_index,
    rule,
    spread,
)

_PAPER = Reference(
    authors=("H. Lin", "G. Chen", "M. Jenadeleh", "V. Hosu", "U.-D. Reips", "R. Hamzaoui", "D. Saupe"),
    title="Large-scale crowdsourced subjective assessment of picturewise just noticeable difference",
    venue="IEEE TCSVT",
    year=2022,
)
PICTURES = 504
RATINGS = "subjective_ratings.csv"
SOURCE = FileKind("source_image", "SRC{:04d}.png", also=("bmp",))
_MOST_EXAMINED = 3


@final
@dataclass(frozen=True)
class Half:
    """What distinguishes the halves.

    :param compression: as the ratings' table has it.
    :param levels: its files; the second number is the file index.
    :param likely_direction: the level direction where there are no files to see it from.
    :param remark: a sentence about one picture's files, given by level; None has nothing to say.
    :param can_compress: whether there is an encoder for levels that are not there.
    """

    compression: str
    codec: Codec
    levels: FileKind
    likely_direction: str
    find_direction: Callable[[Sequence[IndexedFiles]], FoundDirection]
    remark: Callable[[Mapping[int, Path]], str] | None = None
    can_compress: bool = True


@dataclass(frozen=True)
class _Files:
    """What a root has of one half, by source number.

    :param indices: per source, file index to file; empty where the half has no files here.
    """

    home: Path
    table: Path | None
    ratings: Mapping[int, tuple[float, ...]]
    sources: Mapping[int, Path]
    indices: Mapping[int, Mapping[int, Path]]


class KonJnd1kHalf(SurveyedDataset):
    """One half; a subclass says what distinguishes it."""

    half: ClassVar[Half]

    @classmethod
    @final
    def survey(cls, root: Path | None, options: OpenOptions, faults: Faults) -> Dataset:
        if options.jnd != 1:
            raise UserError(f"--jnd {options.jnd}: KonJND-1k's people gave the first JND only. Use --jnd 1.")
        assert root is not None, "the card asks for a root"
        half, files = cls.half, _find(cls.half, root, faults)
        _check_sources(half, files, options, faults)
        _check_indices(half, files, faults)
        direction, notes = _direction(half, files, options, faults)
        pictures = tuple(_picture(number, half, files, direction, options) for number in files.ratings)
        notes += _notes(half, files, pictures, options, faults)
        hashed = [*([files.table] if files.table else []), *files.sources.values()]
        read_as = {"anchor": options.anchor, "level_direction": direction}
        return cls(pictures, manifest_of(files.home, hashed, **read_as), tuple(notes))


def konjnd_card(name: str, title: str) -> DatasetCard:
    """What the cards of both halves say."""
    return DatasetCard(
        name=name,
        title=title,
        samples="crowd workers, about 42 a picture",
        terms="Made by the Multimedia Signal Processing group of the University of Konstanz, who give it out for "
        "research; not to be redistributed: everyone fetches it from them.",
        home="http://database.mmsp-kn.de/konjnd-1k-database.html",
        redistributable=False,
        references=(_PAPER,),
    )


def _find(half: Half, root: Path, faults: Faults) -> _Files:
    home = find_home(root, (RATINGS, SOURCE.folder, half.levels.folder), faults)
    table = find_entry(home, RATINGS, faults)
    ratings: dict[int, tuple[float, ...]] = {}
    if table is None:
        faults.add(
            home / RATINGS,
            "no such file. A root of KonJND-1k has this table of ratings, and the folders source_image, jpeg and bpg "
            "beside it. Is --root the folder that the zip was unpacked into?",
        )
    else:
        ratings = read_ratings(table, half.compression, half.codec, faults)
        if not ratings:
            faults.add(table, f"has no ratings of {half.compression}. Copy it again from the data set.")
    indices: dict[int, dict[int, Path]] = {}
    for (source, index), path in half.levels.find(home, faults).items():
        indices.setdefault(source, {})[index] = path
    sources = {number: path for (number,), path in SOURCE.find(home, faults).items() if number in ratings}
    return _Files(home, table, ratings, sources, indices)


def _check_sources(half: Half, files: _Files, options: OpenOptions, faults: Faults) -> None:
    needs_sources = bool(files.sources) or (bool(files.indices) and options.anchor == "source")
    for number in missing_of(files.sources, files.ratings) if needs_sources else []:
        faults.add(
            files.home / SOURCE.official(number),
            f"no such file, though {RATINGS} rates it. Unpack the set again; to use fewer pictures, take the same ones "
            f"out of {RATINGS} and {half.levels.folder}.",
        )


def _check_indices(half: Half, files: _Files, faults: Faults) -> None:
    if not files.indices:
        return
    for number in missing_of(files.ratings, files.indices):
        faults.add(
            files.home / RATINGS,
            f"has no row for {_name(number)}, though {half.levels.folder} has its files. Copy the table again; to use "
            f"fewer pictures, take the same ones out of both.",
        )
    expected = len(half.codec.levels)
    for number in sorted({*files.ratings, *files.indices}):
        indices = files.indices.get(number, {})
        if missing := missing_of(indices, range(1, expected + 1)):
            faults.add(
                files.home / half.levels.official(number, missing[0]),
                f"no such file; {_name(number)} lacks {len(missing)} of its {expected} levels. Unpack the set again.",
            )
        if extra := missing_of(range(1, expected + 1), indices):
            faults.add(indices[extra[0]], f"is of index {extra[0]}, expected 1 to {expected}. Take it out.")


def _direction(half: Half, files: _Files, options: OpenOptions, faults: Faults) -> tuple[str, list[str]]:
    """The level direction, and what to say about it."""
    asked = None if options.level_direction == "auto" else options.level_direction
    pictures = [
        IndexedFiles(_name(number), files.indices[number], files.sources.get(number))
        for number in spread([number for number, files in files.indices.items() if len(files) > 1], _MOST_EXAMINED)
    ]
    seen, doubt = None, "the root holds no files to see it from"
    if pictures:
        try:
            seen = half.find_direction(pictures)
        except DataError as error:
            doubt = str(error)
            if asked is None:
                faults.take(error)
    direction = asked or (seen.direction if seen else half.likely_direction)
    means = f"Level direction: {direction}, so {rule(half.codec, direction)}"
    if seen is None:
        source = "as --level-direction says" if asked else "as is likely"
        return direction, [f"{means}, {source}; this could not be checked: {doubt}."]
    if asked is None:
        return direction, [f"{means}, found from the {seen.evidence}; --level-direction overrides it."]
    verdict = "and the files agree" if seen.direction == asked else f"although the files say {seen.direction}"
    return direction, [f"{means}, as --level-direction says, {verdict} (from the {seen.evidence})."]


def _picture(number: int, half: Half, files: _Files, direction: str, options: OpenOptions) -> Picture:
    codec = half.codec
    source, indices = files.sources.get(number), files.indices.get(number, {})
    levels = {level_of_index(index, codec, direction): path for index, path in indices.items()}
    ladder = ladder_of(codec, levels, source, options.anchor, folder=half.levels.folder, can_compress=half.can_compress)
    samples = [level_of_index(rating, codec, direction) for rating in files.ratings[number]]
    return Picture(
        name=_name(number),
        source=_name(number),
        codec=codec,
        pixels_per_degree=PIXELS_PER_DEGREE,
        samples=np.array(samples, dtype=float),
        ladder_or_none=ladder,
    )


def _notes(half: Half, files: _Files, pictures: Sequence[Picture], options: OpenOptions, faults: Faults) -> list[str]:
    notes = [] if len(pictures) == PICTURES else [f"{len(pictures)} of {PICTURES} pictures."]
    folder = half.levels.folder
    if files.indices:
        against = "source picture" if options.anchor == "source" else "best level"
        notes.append(f"Levels are the set's own files, compared with the {against}.")
        try:
            notes += about_ladders(pictures, half.remark)
        except DataError as error:
            faults.take(error)
    elif files.sources and half.can_compress:
        notes.append(f"No {folder} under the root: levels are compressed here, with {half.codec.library()}.")
    elif files.sources:
        notes.append(f"Labels only: without the folder {folder} there are no levels, as there is no encoder.")
    else:
        notes.append("Labels only: the root holds no pictures of this half.")
    return notes


def _name(number: int) -> str:
    return f"SRC{number:04d}"


def _about_tables(levels: Mapping[int, Path]) -> str:
    are = "are" if has_standard_tables(levels, Jpeg()) else "are not"
    return f"Their quantisation tables {are} the standard ones of that QF."


@final
class KonJnd1kJpeg(KonJnd1kHalf):
    """SRC0001 to SRC0504, JPEG QF 1..100."""

    card = konjnd_card("konjnd-1k-jpeg", "KonJND-1k, JPEG half")
    half = Half(
        compression="JPEG",
        codec=Jpeg(),
        levels=FileKind("jpeg", "SRC{:04d}_JPEG_{:03d}.jpg", also=("jpeg",)),
        likely_direction="up",
        find_direction=direction_by_tables,
        remark=_about_tables,
    )


@final
class KonJnd1kBpg(KonJnd1kHalf):
    """SRC0505 to SRC1008, BPG QP 1..51, as decoded files."""

    card = konjnd_card("konjnd-1k-bpg", "KonJND-1k, BPG half")
    half = Half(
        compression="BPG",
        codec=Bpg(),
        levels=FileKind("bpg", "SRC{:04d}_BPG_{:03d}.png", also=("bmp",)),
        likely_direction="down",
        find_direction=direction_by_pixels,
        can_compress=False,
    )
