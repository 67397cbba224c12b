"""The folder of a rated set being made: nothing of anyone's is overwritten, and what is half-made says so."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from datasets.common.errors import UserError
from datasets.common.files import parse_json, write_atomically
from datasets.core.folds import make_folds
from datasets.core.imaging import png
from datasets.core.picture_file import read_upright
from datasets.core.picture_forms import pictures_in
from datasets.ratings.csv_cells import picture_name
from datasets.ratings.judgement import Judgement
from datasets.ratings.summary import raters_csv, samples_csv
from datasets.sets.rated import FOLDS, MANIFEST, PEOPLE, PICTURES, RATERS, REPORT, SAMPLES, sample_columns

MADE_BY = "datasets.import_ratings"
MOST_FOLDS = 5


def begin(root: Path, *, restart: bool) -> None:
    """Make a folder ready for a new set.

    :param restart: throw away what an earlier import made there.
    :raises UserError: where the folder holds anything else, or anything at all without `restart`.
    """
    if root.exists() and not root.is_dir():
        raise UserError(f"--out {root}: is a file. Name a new or empty folder.")
    if root.is_dir() and any(root.iterdir()):
        if not _is_ours(root):
            raise UserError(f"--out {root}: is not empty, and no import made it. Name a new or empty folder.")
        if not restart:
            raise UserError(
                f"--out {root}: holds an earlier import. Name another folder, or throw it away with --restart."
            )
        _clear(root)
    write_manifest(root, {}, finished=False)


def write_manifest(root: Path, about: Mapping[str, object], *, finished: bool) -> None:
    """Write the settings; the first and the last thing that is written."""
    content = {"samples": PEOPLE, "made_by": MADE_BY, "finished": finished, "automated": False, **about}
    write_atomically(root / MANIFEST, json.dumps(content, indent=1) + "\n")


def write_report(root: Path, files: Mapping[str, str]) -> None:
    """Write files of the report."""
    for name, text in files.items():
        write_atomically(root / REPORT / name, text)


def write_tables(root: Path, judgement: Judgement) -> None:
    """Write samples, raters and folds."""
    write_atomically(root / SAMPLES, samples_csv(judgement, sample_columns(judgement.codec)))
    write_atomically(root / RATERS, raters_csv(judgement))
    sources = sorted({judgement.table.source_of[name] for name in judgement.truths})
    if len(sources) > 1:
        make_folds(sources, min(MOST_FOLDS, len(sources)), seed=0, path=root / FOLDS)


def find_pictures(folder: Path, names: Iterable[str], apart_from: Path) -> dict[str, Path]:
    """The photograph of each picture, by the name that a table's name is turned into.

    :param apart_from: a folder that is passed over.
    :raises UserError: where there is no such folder, or a picture has no file or two.
    """
    if not folder.is_dir():
        raise UserError(f"--pictures {folder}: there is no such folder")
    files: dict[str, list[Path]] = {}
    for path in pictures_in(folder, recursive=False, apart_from=apart_from)[0]:
        files.setdefault(picture_name(path.name), []).append(path)
    wanted = list(names)
    if missing := [name for name in wanted if name not in files]:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UserError(
            f"--pictures {folder}: has no picture {missing[0]}{more}. Add what is missing, or leave --pictures out: "
            "then the set has labels only"
        )
    if twice := [name for name in wanted if len(files[name]) > 1]:
        raise UserError(f"--pictures {folder}: {' and '.join(path.name for path in files[twice[0]])}: keep one of them")
    return {name: files[name][0] for name in wanted}


def copy_picture(root: Path, name: str, path: Path) -> None:
    """Write a photograph's pixels, upright, as the reference of a picture.

    :raises DataError: where it cannot be read.
    """
    write_atomically(root / PICTURES / f"{name}.png", png(read_upright(path)))


def _is_ours(root: Path) -> bool:
    try:
        about = parse_json((root / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(about, dict) and about.get("made_by") == MADE_BY


def _clear(root: Path) -> None:
    """Take away what an import makes, its manifest last, so that a kill leaves something to restart."""
    for folder, pattern in ((PICTURES, "*.png"), (REPORT, "*")):
        for made in (root / folder).glob(pattern):
            made.unlink()
        if (root / folder).is_dir() and not any((root / folder).iterdir()):
            (root / folder).rmdir()
    for name in (SAMPLES, RATERS, FOLDS, MANIFEST):
        (root / name).unlink(missing_ok=True)
