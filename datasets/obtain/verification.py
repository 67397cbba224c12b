"""Everything that is wrong with a data set, not only the first thing: labels, then every picture and level."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from datasets.common.commands import progress
from datasets.common.errors import DataError
from datasets.core.dataset import Dataset, OpenOptions
from datasets.core.ladder import Ladder, ShippedLadder
from datasets.core.picture import Picture
from datasets.core.picture_file import opened, stored_colours
from datasets.sets import dataset_classes, open_dataset
from datasets.sets._layout import Fault, Faults, SurveyedDataset


@dataclass(frozen=True)
class PictureCheck:
    """What one picture's files are.

    :param shape: height and width of the reference in pixels; None where it cannot be read.
    """

    shape: tuple[int, int] | None
    levels: int
    findings: tuple[Fault, ...]


@dataclass(frozen=True)
class Verification:
    """What was examined and what is wrong with it."""

    dataset: Dataset | None
    checks: tuple[PictureCheck, ...]
    findings: tuple[Fault, ...] = field(default=())

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.severity == "error" for finding in self.findings)


def verify_dataset(name: str, root: Path | None, options: OpenOptions, *, quick: bool = False) -> Verification:
    """Look at all of a data set.

    :param quick: read the levels' headers and sizes, but decode only the references.
    :raises UserError: where there is no such set or root; what is wrong with its data is returned.
    """
    dataset, findings = _read(name, root, options)
    pictures = dataset.pictures if dataset else ()
    findings += [finding for picture in pictures for finding in _check_labels(picture)]
    names = Counter(picture.name for picture in pictures)
    findings += [Fault(name, "two pictures of this name") for name, count in names.items() if count > 1]
    checks = tuple(_check_pictures([picture for picture in pictures if picture.has_pixels], quick))
    known = {finding.file for finding in findings}
    findings += [finding for check in checks for finding in check.findings if finding.file not in known]
    return Verification(dataset, checks, tuple(findings))


def _read(name: str, root: Path | None, options: OpenOptions) -> tuple[Dataset | None, list[Fault]]:
    try:
        return open_dataset(name, root, options), []
    except DataError as error:
        first = error
    faults, dataset = Faults(gather=True), None
    found_as = dataset_classes()[name]
    if issubclass(found_as, SurveyedDataset):
        try:
            dataset = found_as.survey(root, options, faults)
        except DataError as error:
            faults.take(error)
    if not faults.gathered:
        faults.take(first)
    return dataset, faults.gathered


def _check_labels(picture: Picture) -> Iterator[Fault]:
    codec = picture.codec
    if picture.samples.size == 0:
        yield Fault(picture.name, "no subject's sample")
    levels = {"a sample": picture.samples} | {what: np.array([value]) for what, value in picture.tabulated.items()}
    for what, values in levels.items():
        outside = values[~((values >= codec.lowest) & (values <= codec.highest))]
        if outside.size:
            problem = f"{what} of {outside[0]:g} is outside {codec.unit} {codec.lowest} to {codec.highest}"
            yield Fault(picture.name, f"{problem} ({outside.size} such)")


def _check_pictures(pictures: list[Picture], quick: bool) -> Iterator[PictureCheck]:
    pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1))  # decoders release Python's lock
    try:
        checked = pool.map(lambda picture: _check_picture(picture, quick), pictures)
        yield from progress(checked, "checking pictures", len(pictures))
    finally:
        pool.shutdown(cancel_futures=True)


def _check_picture(picture: Picture, quick: bool) -> PictureCheck:
    ladder, findings = picture.ladder, []
    shape: tuple[int, int] | None = None
    try:
        height, width, _ = ladder.reference.shape
        shape = height, width
        if ladder.reference_file and (colours := stored_colours(ladder.reference_file)):
            problem = (
                f"its reference is not sRGB, see {colours}. Its numbers and its levels' are taken as they are stored"
            )
            findings.append(Fault(picture.name, f"{problem}; convert both where they are not shown so", "warning"))
    except DataError as error:
        findings.append(Fault.of(error))
    sizes: dict[int, int] = {}
    if isinstance(ladder, ShippedLadder) or (shape and not quick):
        for level in map(int, picture.codec.levels):
            if isinstance(ladder, ShippedLadder) and level not in ladder.files:
                continue  # reported already, for the whole picture
            where = _where(picture, level)
            try:
                size, sizes[level] = _measure(ladder, level, quick)
            except (DataError, ValueError, OSError) as error:
                findings.append(Fault(where, f"{error}. Copy it again from the data set."))
                continue
            if shape and size != shape:
                problem = f"is {size[1]}x{size[0]}, but its reference is {shape[1]}x{shape[0]}"
                findings.append(Fault(where, problem))
    ladder.forget_pixels()
    if picture.codec.has_file_sizes:
        findings += _check_growth(picture, sizes)
    return PictureCheck(shape, len(sizes), tuple(findings))


def _measure(ladder: Ladder, level: int, quick: bool) -> tuple[tuple[int, int], int]:
    """Height and width, and the size in bytes, of a level."""
    if quick and isinstance(ladder, ShippedLadder):
        with opened(ladder.files[level]) as image:
            return (image.height, image.width), ladder.files[level].stat().st_size
    encoded = ladder.encoded(level)
    height, width, _ = ladder.codec.decode(encoded).shape
    return (height, width), len(encoded)


def _check_growth(picture: Picture, sizes: dict[int, int]) -> Iterator[Fault]:
    """A better level takes more bytes. Small dips are real, so they are counted; one warning a picture reports them."""
    levels, values = list(sizes), np.array(list(sizes.values()), dtype=float)
    if len(values) > 1 and (steps := np.diff(values) / values[:-1]).min() < 0:
        deepest = int(np.argmin(steps))
        yield Fault(
            picture.name,
            f"the file gets smaller at {np.sum(steps < 0)} of {len(steps)} steps to a better level, most at "
            f"{picture.codec.unit} {levels[deepest + 1]} ({100 * steps[deepest]:.1f} %)",
            "warning",
        )


def _where(picture: Picture, level: int) -> str:
    ladder = picture.ladder
    return str(ladder.files[level]) if isinstance(ladder, ShippedLadder) else f"{picture.name} at {level}"
