"""MCL-JCI: 50 sources, JPEG, 30 subjects, up to seven JNDs a subject (Jin et al. 2016)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import DataError, UserError
from datasets.core.dataset import Dataset, DatasetCard, OpenOptions
from datasets.core.picture import Picture
from datasets.core.reference import Reference
from datasets.sets._layout import (
    Faults,
    FileKind,
    SurveyedDataset,
    find_home,
    ladder_of,
    manifest_of,
    missing_of,
    read_lines,
)

PIXELS_PER_DEGREE = 47.0
"""A 65-inch display of 3840x2160 at 2 m shows 93 pixels a degree; a picture of 1920x1080 scaled to fill it, 47. The
paper does not say which it was; filling the screen is what a television does."""

_PAPER = Reference(
    authors=("L. Jin", "J. Y. Lin", "S. Hu", "H. Wang", "P. Wang", "I. Katsavounidis", "A. Aaron", "C.-C. J. Kuo"),
    title="Statistical study on perceived JPEG image quality via MCL-JCI dataset construction and analysis",
    venue="IS&T Electronic Imaging (IQSP-222)",
    year=2016,
)
SOURCES = 50
SAMPLES = FileKind("JND_samples", "JND_image_{:02d}.txt")
SQF = FileKind("SQF_data", "Image_{:d}_l_h.txt")
SOURCE = FileKind("source_images", "ImageJND_SRC{:02d}.bmp", also=("png",))
LEVEL = FileKind("distorted_image", "ImageJND_SRC{0:02d}_{1:03d}.jpg", also=("jpeg",))


@dataclass(frozen=True)
class _Files:
    """What is under a root, by source number; a kind that is not there is empty."""

    samples: Mapping[int, Path]
    sqf: Mapping[int, Path]
    sources: Mapping[int, Path]
    levels: Mapping[int, Mapping[int, Path]]


@final
class MclJci(SurveyedDataset):
    """The official layout, or its labels alone."""

    card = DatasetCard(
        name="mcl-jci",
        title="MCL-JCI",
        samples="30 subjects",
        terms="Made by the Media Communications Lab of USC, who give it out for research; not to be redistributed: "
        "everyone fetches it from them.",
        home="https://mcl.usc.edu/mcl-jci-dataset/",
        redistributable=False,
        references=(_PAPER,),
        default_truths=("mean", "sqf"),
    )

    @classmethod
    def survey(cls, root: Path | None, options: OpenOptions, faults: Faults) -> Dataset:
        if options.level_direction not in ("auto", "up"):
            raise UserError("--level-direction down: MCL-JCI's file number is the JPEG QF, so its direction is up")
        assert root is not None, "the card asks for a root"
        home = find_home(root, (kind.folder for kind in (SAMPLES, SQF, SOURCE, LEVEL)), faults)
        files = _find(home, faults)
        _check_agreement(home, files, options, faults)
        subjects = {number: read_subjects(path, faults) for number, path in files.samples.items()}
        points = {number: read_sqf(path, faults) for number, path in files.sqf.items()}
        pictures = tuple(
            _picture(number, subjects[number], points.get(number, ()), files, options) for number in files.samples
        )
        hashed = [*files.samples.values(), *files.sqf.values(), *files.sources.values()]
        manifest = manifest_of(home, hashed, anchor=options.anchor)
        return cls(pictures, manifest, tuple(_notes(subjects, files, options)))


def _find(home: Path, faults: Faults) -> _Files:
    levels: dict[int, dict[int, Path]] = {}
    for (source, level), path in LEVEL.find(home, faults).items():
        levels.setdefault(source, {})[level] = path
    samples, sqf, sources = (
        {number: path for (number,), path in kind.find(home, faults).items()} for kind in (SAMPLES, SQF, SOURCE)
    )
    return _Files(samples, sqf, sources, levels)


def _check_agreement(home: Path, files: _Files, options: OpenOptions, faults: Faults) -> None:
    """Every kind that is there must have the same sources, and every ladder all levels."""
    if not files.samples:
        faults.add(
            home / SAMPLES.official(1),
            "no such file. A root of MCL-JCI has the folder JND_samples with a text file a source, and SQF_data, "
            "source_images and distorted_image beside it. Is --root the folder that the zip was unpacked into?",
        )
    if files.levels and not files.sources and options.anchor == "source":
        faults.add(
            home / SOURCE.official(min(files.levels)),
            "no such file, though distorted_image has pictures. Unpack the set again, or compare with the best level: "
            "--anchor best-level.",
        )
    _check_sources(home, files, faults)
    for source, levels in files.levels.items():
        if missing := missing_of(levels, Jpeg().levels):
            lacks = f"source {source} lacks {len(missing)} of its 100 levels"
            faults.add(home / LEVEL.official(source, missing[0]), f"no such file; {lacks}. Unpack the set again.")


def _check_sources(home: Path, files: _Files, faults: Faults) -> None:
    by_kind = {SAMPLES: files.samples, SQF: files.sqf, SOURCE: files.sources, LEVEL: files.levels}
    kinds = {kind: files_of for kind, files_of in by_kind.items() if files_of}
    everywhere = sorted(set().union(*kinds.values()))
    for number in everywhere:
        if not 1 <= number <= SOURCES:
            faults.add(home, f"has files of a source {number}, expected 1 to {SOURCES}. Take them out.")
        there = next(kind.folder for kind, files_of in kinds.items() if number in files_of)
        for kind, files_of in kinds.items():
            if number not in files_of:
                faults.add(
                    home / kind.official(number, 1),
                    f"no such file, though {there} has source {number}. Unpack the set again; to use fewer sources, "
                    "take the same ones out of every folder.",
                )


def _picture(
    number: int, subjects: list[tuple[int, ...]], points: tuple[int, ...], files: _Files, options: OpenOptions
) -> Picture:
    index = options.jnd - 1
    return Picture(
        name=f"SRC{number:02d}",
        source=f"SRC{number:02d}",
        codec=Jpeg(),
        pixels_per_degree=PIXELS_PER_DEGREE,
        samples=np.array([jnds[index] for jnds in subjects if len(jnds) > index], dtype=float),
        tabulated={"sqf": float(points[index])} if len(points) > index else {},
        ladder_or_none=ladder_of(
            Jpeg(), files.levels.get(number, {}), files.sources.get(number), options.anchor, folder=LEVEL.folder
        ),
    )


def _notes(subjects: Mapping[int, list[tuple[int, ...]]], files: _Files, options: OpenOptions) -> list[str]:
    notes = []
    if len(subjects) < SOURCES:
        notes.append(f"{len(subjects)} of {SOURCES} sources.")
    everyone = [jnds for of_source in subjects.values() for jnds in of_source]
    if without := sum(len(jnds) < options.jnd for jnds in everyone):
        notes.append(f"{without} of {len(everyone)} subjects' samples have no JND {options.jnd} and are left out.")
    if not files.sqf:
        notes.append("No SQF_data under the root: the truth 'sqf' is not available.")
    if files.levels:
        against = "the source picture" if options.anchor == "source" else "the QF 100 file"
        notes.append(f"Levels are the set's own JPEG files, compared with {against}.")
    elif files.sources:
        notes.append(f"No distorted_image under the root: levels are compressed here, with {Jpeg().library()}.")
    else:
        notes.append("Labels only: the root holds no pictures.")
    return notes


SUBJECTS = 30
_ANCHOR = 100
_NO_QF = 1000
_NO_QF_IN = re.compile(r"\d\.\d|(?<!\d)-\d|[^\W\d_]|(?![0-9])\d")
"""Fractions, negative numbers, words such as `nan`, digits of other scripts: separators they are not."""
_MOST_DIGITS = 10
"""Of a number that is read: Python refuses to read one of thousands of digits."""


def read_subjects(path: Path, faults: Faults) -> list[tuple[int, ...]]:
    """Each subject's first, second, ... JND in QF, descending; a subject's list may be short or empty.

    The official separators are not known, so the whole numbers of a line are read, whatever stands between them.
    """
    try:
        lines = read_lines(path)
    except DataError as error:
        faults.take(error)
        return []
    filled = [line for line in lines if line.strip()]
    if len(lines) != SUBJECTS:  # otherwise a blank line is a subject who noticed nothing
        lines = filled
    if len(lines) != SUBJECTS:
        what = "truncated or not a sample file" if len(lines) < SUBJECTS else "not a sample file"
        faults.add(path, f"has {len(lines)} lines, expected {SUBJECTS}, a subject each: it is {what}. Copy it again.")
    return [_descending(line, path, number, faults) for number, line in enumerate(lines, start=1)]


def read_sqf(path: Path, faults: Faults) -> tuple[int, ...]:
    """The aggregate first, second, ... JND in QF, descending, from the first line; the heights below go unused."""
    try:
        lines = [line for line in read_lines(path) if line.strip()]
    except DataError as error:
        faults.take(error)
        return ()
    points = _descending(lines[0], path, 1, faults) if lines else ()
    if points[:1] != (_ANCHOR,):
        first = repr(lines[0].strip()[:60]) if lines else "missing"
        faults.add(path, f"its first line is {first}, expected the anchor {_ANCHOR} and the JND points below it.")
    return points[1:]


def _descending(line: str, path: Path, number: int, faults: Faults) -> tuple[int, ...]:
    values = tuple(int(number) if len(number) < _MOST_DIGITS else _NO_QF for number in re.findall(r"[0-9]+", line))
    in_order = all(first >= second for first, second in itertools.pairwise(values))
    in_range = all(1 <= value <= 100 for value in values)
    is_whole = bool(values) and not _NO_QF_IN.search(line)
    if not line.strip() or (is_whole and in_order and in_range):
        return values
    faults.add(path, f"line {number} is {line.strip()[:60]!r}, expected whole QF from 1 to 100 in descending order.")
    return ()
