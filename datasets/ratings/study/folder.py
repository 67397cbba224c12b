"""A study's folder: made once, opened again with the same settings, nothing of anyone's overwritten."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datasets.common.commands import printable, progress
from datasets.common.errors import DataError, UserError
from datasets.common.files import parse_json, read_text, write_atomically
from datasets.core.picture_file import read_upright
from datasets.ratings.study.prepare import LEAST_STEPS, SMALLEST_SIDE, StudyPicture, content_sha256, prepare_picture
from datasets.ratings.study.settings import CODEC, STEPS, StudySettings
from datasets.sets.rated import MANIFEST
from datasets.simulation.folder import find_photos

MADE_BY = "datasets.rate"
_NO_STUDY = "is not a study of this command. Name a new or empty folder, or the study's."


def read_about(root: Path) -> dict[str, Any] | None:
    """What a study's folder says of itself; None where it is new or empty.

    :raises UserError: where it holds something else.
    :raises DataError: where the study's file is damaged.
    """
    if root.exists() and not root.is_dir():
        raise UserError(f"--out {root}: is a file. Name a new or empty folder.")
    path = root / MANIFEST
    if not path.exists():
        if root.is_dir() and any(root.iterdir()):
            raise UserError(f"--out {root}: is not empty, and {_NO_STUDY}")
        return None
    try:
        about = parse_json(read_text(path, "Restore it from a copy."))
    except ValueError as error:
        raise DataError(f"{path}: is damaged ({error}). Restore it from a copy.") from error
    if not isinstance(about, dict) or about.get("made_by") != MADE_BY:
        raise UserError(f"--out {root}: holds a set, but {_NO_STUDY}")
    return about


def write_about(root: Path, about: Mapping[str, Any]) -> None:
    """Write what the folder says of itself."""
    write_atomically(root / MANIFEST, json.dumps(about, indent=1) + "\n")


def check_same(root: Path, settings: StudySettings, about: Mapping[str, Any]) -> None:
    """:raises UserError: where the folder's study has other settings; says which differ."""
    if differences := settings.differences(about.get("study", {})):
        listed = "\n".join(f"  {line}" for line in differences)
        raise UserError(
            f"--out {root}: holds a study with other settings, which stand before its first rater:\n{listed}\n"
            "Repeat them as they were, or name another folder."
        )


def prepare(root: Path, photos: Path, settings: StudySettings, about: dict[str, Any]) -> dict[str, StudyPicture]:
    """Every photograph's picture; what an earlier call has prepared is checked and not made again.

    Once all are prepared, photographs that come to the folder later are not in the study.

    :returns: those that can be rated, by name.
    :raises UserError: where there are no photographs, or none of them can be used.
    :raises DataError: where a prepared picture's files have changed since.
    """
    before = pictures_of(root, about)
    left_out: dict[str, str] = about.setdefault("left_out", {})
    if about.get("prepared"):
        return _usable(photos, before, left_out)
    found, passed_over = find_photos(photos, recursive=False, apart_from=root)
    if passed_over:
        print(printable(f"{photos}: {passed_over}"), file=sys.stderr)
    for photo in progress(found[: settings.limit], "preparing pictures"):
        if photo.source in before or photo.source in left_out:
            continue
        try:
            pixels = read_upright(photo.path)
            if min(pixels.shape[:2]) < SMALLEST_SIDE:
                raise DataError(f"a side has fewer than {SMALLEST_SIDE} pixels")
        except DataError as error:
            left_out[photo.source] = f"{photo.shown}: {error}"
        else:
            picture = prepare_picture(root, photo.shown, photo.source, pixels, settings)
            before[photo.source] = picture
            if picture.flickers_until < LEAST_STEPS:
                left_out[photo.source] = (
                    f"{photo.shown}: it would flash too much from step {picture.flickers_until + 1} on"
                )
            about["pictures"] = {name: _without_name(picture) for name, picture in before.items()}
        write_about(root, about)
    usable = _usable(photos, before, left_out)
    about["prepared"] = True
    write_about(root, about)
    return usable


def _usable(photos: Path, pictures: Mapping[str, StudyPicture], left_out: Mapping[str, str]) -> dict[str, StudyPicture]:
    usable = {name: picture for name, picture in sorted(pictures.items()) if name not in left_out}
    if not usable:
        raise UserError(f"no photograph of {photos} can be used:\n" + "\n".join(map(printable, left_out.values())))
    return usable


def pictures_of(root: Path, about: Mapping[str, Any]) -> dict[str, StudyPicture]:
    """Pictures that are prepared, by name.

    :raises DataError: where what is said of them is damaged, or their files have changed.
    """
    try:
        pictures = {name: StudyPicture.of(name, picture) for name, picture in about.get("pictures", {}).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(f"{root / MANIFEST}: is damaged ({error}). Restore it from a copy.") from error
    for name, picture in pictures.items():
        try:
            changed = content_sha256(root, name) != picture.sha256
        except OSError as error:
            raise DataError(f"{error.filename}: {error.strerror}. Restore it from a copy: raters saw it.") from error
        if changed:
            raise DataError(
                f"{root}: the files of {name} have changed since they were prepared. Restore them from a copy."
            )
    return pictures


def new_about(settings: StudySettings) -> dict[str, Any]:
    """What a new study's folder says of itself."""
    return {
        "samples": "nobody yet",
        "made_by": MADE_BY,
        "finished": False,
        "automated": False,
        "codec": CODEC.name,
        "library": CODEC.library(),
        "study": dataclasses.asdict(settings),
    }


def cut_off(pictures: Mapping[str, StudyPicture]) -> list[str]:
    """What is to be said of pictures that must not flicker at every level, a sentence each."""
    return [
        f"{name} stands still below QF {STEPS + 1 - picture.flickers_until}, where it would flash too much (at worst "
        f"{100 * picture.most_flashing:.0f} % of a field)."
        for name, picture in pictures.items()
        if picture.flickers_until < STEPS
    ]


def _without_name(picture: StudyPicture) -> dict[str, Any]:
    return {name: value for name, value in dataclasses.asdict(picture).items() if name != "name"}
