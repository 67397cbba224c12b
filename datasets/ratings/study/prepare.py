"""Photographs become a study's pictures: cut, compressed at every level, and measured for flashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from datasets.common.files import write_atomically
from datasets.common.hashing import sha256_of_pieces
from datasets.core.imaging import FLASH_LIMIT, crops_of_size, flash_share, png
from datasets.ratings.study.settings import CODEC, STEPS, StudySettings, level_of
from datasets.sets.rated import LEVELS, PICTURES

SMALLEST_SIDE = 64
CLOSEST = 0.75
"""The least share of the aimed pixels per degree at which raters are let in; flashes are measured there, where they
are largest."""

LEAST_STEPS = 20
"""A picture that must not flicker from an earlier step on is left out: nearly all raters would see nothing before."""


@dataclass(frozen=True)
class StudyPicture:
    """A picture that is ready to be rated.

    :param photo: the photograph's file, which raters never learn of.
    :param flickers_until: the last step before the first that flashes too much to alternate by itself.
    :param most_flashing: share of the worst field of 10 degrees that flashes, at the worst step of all.
    :param sha256: of the reference's file and all levels' files in a row.
    """

    name: str
    source: str
    photo: str
    width: int
    height: int
    flickers_until: int
    most_flashing: float
    sha256: str

    @staticmethod
    def of(name: str, about: Mapping[str, Any]) -> StudyPicture:
        """From what `rated.json` has of it.

        :raises ValueError: where that is damaged; `KeyError` and `TypeError` likewise.
        """
        picture = StudyPicture(name, **about)
        if not (0 <= picture.flickers_until <= STEPS and picture.width > 0 and picture.height > 0):
            raise ValueError(f"picture {name}")
        return picture

    def last_step(self, viewing: str) -> int:
        """The last step that is shown."""
        return self.flickers_until if viewing == "flicker" else STEPS


def prepare_picture(root: Path, photo: str, name: str, pixels: np.ndarray, settings: StudySettings) -> StudyPicture:
    """Write a picture's files and measure its flashes; a kill leaves files that the next call writes again.

    :param pixels: of the whole photograph, uint8, shape (height, width, 3).
    """
    (box,) = crops_of_size(pixels.shape[0], pixels.shape[1], settings.crop, most=1)
    rgb = box.cut(pixels)
    reference = png(rgb)
    write_atomically(root / PICTURES / f"{name}.png", reference)
    flashing, files = [], [reference]
    for step in range(1, STEPS + 1):
        encoded = CODEC.encode(rgb, level_of(step))
        write_atomically(level_file(root, name, step), encoded, durable=False)
        flashing.append(flash_share(rgb, CODEC.decode(encoded), CLOSEST * settings.aim_px_per_degree))
        files.append(encoded)
    too_much = [step for step, share in enumerate(flashing) if share >= FLASH_LIMIT]
    until = too_much[0] if too_much else STEPS
    height, width = rgb.shape[:2]
    return StudyPicture(name, name, photo, width, height, until, round(max(flashing), 4), sha256_of_pieces(files))


def level_file(root: Path, name: str, step: int) -> Path:
    """The file that raters see at a step from 1, and predictors afterwards."""
    return root / LEVELS / name / f"{level_of(step)}.jpg"


def content_sha256(root: Path, name: str) -> str:
    """The hash of a prepared picture's files.

    :raises OSError: where one is missing.
    """
    paths = [root / PICTURES / f"{name}.png", *(level_file(root, name, step) for step in range(1, STEPS + 1))]
    return sha256_of_pieces(path.read_bytes() for path in paths)
