"""A folder of anyone's photographs: which files they are, what to call them, and their pixels the right way up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.common.errors import UserError
from datasets.core.picture_file import opened, read_picture

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_ORIENTATION_TAG = 0x0112


@dataclass(frozen=True)
class Photo:
    """A photograph in a folder.

    :param source: a name for it of letters, digits, `_` and `-`, unique in the folder whatever the case of letters.
    :param path: the file.
    :param shown: the file as people call it, relative to the folder.
    """

    source: str
    path: Path
    shown: str


def find_photos(folder: Path, *, recursive: bool, apart_from: Path) -> list[Photo]:
    """Every PNG, JPEG and WebP of a folder, sorted by path; hidden files are no photographs.

    :param apart_from: a folder that is not looked into.
    :raises UserError: where there is no such folder, or no photograph in it.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder. Name the folder that holds the photographs.")
    found = [
        path
        for path in sorted(folder.rglob("*") if recursive else folder.iterdir())
        if path.suffix.lower() in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and apart_from.resolve() not in path.resolve().parents
    ]
    if not found:
        deeper = "" if recursive else ", or add --recursive to look into its folders too"
        raise UserError(f"{folder}: holds no photographs ({', '.join(SUFFIXES)}). Name another folder{deeper}.")
    return _named(found, folder)


def read_upright(path: Path) -> np.ndarray:
    """A photograph as its viewer shows it, uint8 RGB, shape (height, width, 3): its orientation tag is applied.

    :raises DataError: where the file is damaged or no picture.
    """
    from PIL import Image, ImageOps

    pixels = read_picture(path)
    orientation = _orientation(path)
    if orientation == 1:
        return pixels
    upright = Image.fromarray(pixels)
    upright.getexif()[_ORIENTATION_TAG] = orientation
    return np.asarray(ImageOps.exif_transpose(upright))


def _orientation(path: Path) -> int:
    """As the tag has it, 1..8; 1 where there is none, as viewers take it where the tag is damaged."""
    try:
        with opened(path) as image:
            found = image.getexif().get(_ORIENTATION_TAG, 1)
            turned = image.format == "TIFF"  # by Pillow, as it reads
    except ValueError:
        return 1
    return found if found in range(1, 9) and not turned else 1


def _named(paths: list[Path], folder: Path) -> list[Photo]:
    taken: set[str] = set()
    photos = []
    for path in paths:
        stem = re.sub(r"[^A-Za-z0-9_]+", "-", path.stem).strip("-") or "photo"
        name, number = stem, 1
        while name.lower() in taken:
            number += 1
            name = f"{stem}_{number}"
        taken.add(name.lower())
        photos.append(Photo(name, path, path.relative_to(folder).as_posix()))
    return photos
