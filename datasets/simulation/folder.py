"""The two folders of `datasets.simulate`: photographs that go in, and the set that is made of them."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from datasets.common.errors import UserError
from datasets.common.files import write_atomically
from datasets.core.folds import make_folds
from datasets.core.imaging import Box, png
from datasets.core.picture_forms import pictures_in
from datasets.sets._simulated_samples import SampledPicture, samples_csv
from datasets.sets.simulated import FOLDS, MANIFEST, PICTURES, SAMPLES, codec_name, metric_name, read_manifest
from datasets.simulation.curves import SimulationSettings

CURVES = "curves"
MOST_FOLDS = 5


@dataclass(frozen=True)
class Photo:
    """A photograph in a folder.

    :param source: a name for it of letters, digits, `_` and `-`, unique in the folder whatever the case of letters.
    :param shown: the file as people call it, relative to the folder.
    """

    source: str
    path: Path
    shown: str


@dataclass(frozen=True)
class Cut:
    """A picture that was cut from a photograph.

    :param photo: the photograph's file, relative to its folder.
    """

    name: str
    source: str
    photo: str
    box: Box


@dataclass(frozen=True)
class LeftOut:
    """A photograph that is not in the set, or not all of it.

    :param failed: whether it should have been.
    """

    photo: str
    why: str
    failed: bool = False


@final
@dataclass(frozen=True)
class SimulationFolder:
    """One set being made.

    :param crop: side of the crops in pixels, None for whole photographs.
    :param max_crops: of one photograph.
    """

    root: Path
    settings: SimulationSettings
    crop: int | None
    max_crops: int

    @property
    def curves(self) -> Path:
        """Where finished curves are stored."""
        return self.root / CURVES

    def picture(self, name: str) -> Path:
        """The file of a picture's pixels."""
        return self.root / PICTURES / f"{name}.png"

    def begin(self, *, restart: bool) -> None:
        """Make the folder ready: new, or to go on with the same settings.

        :raises UserError: where other things are in it, or a set with other settings.
        """
        if self.root.exists() and not self.root.is_dir():
            raise UserError(f"--out {self.root}: is a file. Name a new or empty folder.")
        if restart and (self.root / MANIFEST).is_file():
            self._clear()
        if (self.root / MANIFEST).is_file():
            self._check_same(read_manifest(self.root))
        elif self.root.is_dir() and any(self.root.iterdir()):
            raise UserError(
                f"--out {self.root}: is not empty, and what is in it was not made by this command (there is no "
                f"{MANIFEST}). Name a new or empty folder."
            )
        self._write_manifest(finished=False)

    def keep(self, cut: Cut, pixels: np.ndarray) -> None:
        """Write a picture as PNG, unless it is there already."""
        path, encoded = self.picture(cut.name), png(pixels)
        if not path.is_file() or path.read_bytes() != encoded:
            write_atomically(path, encoded)

    def finish(
        self, sampled: Mapping[str, SampledPicture], cuts: Sequence[Cut], left_out: Sequence[LeftOut], limit: int | None
    ) -> None:
        """Write samples and folds, and last that the set is finished."""
        write_atomically(self.root / SAMPLES, samples_csv(sampled, self.settings.codec))
        sources = sorted({picture.source for picture in sampled.values()})
        (self.root / FOLDS).unlink(missing_ok=True)
        if len(sources) > 1:
            make_folds(sources, min(MOST_FOLDS, len(sources)), seed=self.settings.seed, path=self.root / FOLDS)
        self._write_manifest(
            finished=True,
            limit=limit,
            pictures={cut.name: {"photo": cut.photo, **dataclasses.asdict(cut.box)} for cut in cuts},
            left_out=[dataclasses.asdict(entry) for entry in left_out],
        )

    def _manifest(self) -> dict[str, dict[str, object]]:
        settings = {"crop": self.crop, "max_crops": self.max_crops, **self.settings.flags()}
        return {
            "settings": settings,
            "made_with": self.settings.made_with(),
            "observed_with": self.settings.observed_with(),
        }

    def _write_manifest(self, *, finished: bool, **more: object) -> None:
        about = {"samples": self.settings.metric.about.samples, "finished": finished, **self._manifest(), **more}
        write_atomically(self.root / MANIFEST, json.dumps(about, indent=1) + "\n")

    def _check_same(self, before: Mapping[str, Mapping[str, object]]) -> None:
        both = {
            "codec": (codec_name(before), self.settings.codec.name),
            "metric": (metric_name(before), self.settings.metric.about.name),
        }
        differences = {name: f"  --{name}: {was} before, now {now}" for name, (was, now) in both.items() if was != now}
        # where there are such, all else that differs follows from them
        for part, values in () if differences else self._manifest().items():
            for name, now in values.items():
                was = before.get(part, {}).get(name)
                if was != now:
                    flag = "--" + name.replace("_", "-") if part == "settings" else name.replace("_", " ")
                    differences.setdefault(name, f"  {flag}: {was} before, now {now}")
        if differences:
            listed = "\n".join(differences.values())
            raise UserError(
                f"--out {self.root}: holds a set made with other settings:\n{listed}\n"
                "Repeat them, name another folder, or throw the earlier set away with --restart."
            )

    def _clear(self) -> None:
        """Take away what an earlier call made, its manifest last, so that a kill leaves something to restart."""
        for folder, pattern in ((self.root / PICTURES, "*.png"), (self.curves, "*.json")):
            for made in folder.glob(pattern):
                made.unlink()
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        for name in (SAMPLES, FOLDS, MANIFEST):
            (self.root / name).unlink(missing_ok=True)


def find_photos(folder: Path, *, recursive: bool, apart_from: Path) -> tuple[list[Photo], str]:
    """Every picture of a folder, sorted by path, and a line on what is left out.

    :raises UserError: where there is no such folder, or no photograph in it.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder. Name the folder that holds the photographs.")
    paths, left_out = pictures_in(folder, recursive=recursive, apart_from=apart_from)
    if not paths:
        deeper = "" if recursive else ", or add --recursive to look into its folders too"
        raise UserError(f"{folder}: holds no photographs. Name another folder{deeper}. {left_out}".rstrip())
    return _named(paths, folder), left_out


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
