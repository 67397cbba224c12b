"""Sets that people rated: whoever collected JNDs made one, e.g. with `python -m datasets.import_ratings`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np

from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.codecs.vvc import Vvc
from datasets.common.errors import DataError, UserError
from datasets.common.files import parse_json, read_table, read_text, shown
from datasets.core.codec import Codec
from datasets.core.dataset import Dataset, DatasetCard, Manifest, OpenOptions, hashes_of
from datasets.core.folds import Folds, parse_folds
from datasets.core.ladder import CompressedLadder, Ladder
from datasets.core.picture import Picture
from datasets.sets._layout import ladder_of

MANIFEST, SAMPLES, RATERS, FOLDS = "rated.json", "samples.csv", "raters.csv", "folds.csv"
PICTURES, LEVELS, REPORT, SUMMARY = "pictures", "levels", "report", "summary.txt"
"""What such a set's folder holds: settings, everybody's samples, who of the raters is kept, folds; references as
`pictures/NAME.png`, what raters saw as `levels/NAME/LEVEL.jpg` (`.png` where the codec has no files of its own); what
is said of the raters, in `report/summary.txt` and other files."""

BY_SOURCE = "by-source"
PEOPLE = "people, collected by whoever made the set"
SCRIPTS = "simulated observers: scripts, not people"
MOST_AT_AN_END = 0.05
"""Share of samples at an end of the range above which the notes warn: their distribution is cut off there."""

_AGAIN = "Make the set again."
_NAME = re.compile(r"\w[\w.-]{,199}")
_NUMBER = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?")


CODECS: Mapping[str, Codec] = {codec.name: codec for codec in (Jpeg(), Bpg(), Vvc())}
"""Of which people's ratings can be imported: the scales that their files count by are known (`ratings.directions`)."""


@dataclass(frozen=True)
class Sample:
    """One line of the table of samples.

    :param level: the JND, in the codec's levels.
    """

    picture: str
    source: str
    rater: str
    level: float
    censored: bool


@final
@dataclass(frozen=True)
class Rated(Dataset):
    """An opened set.

    :param root: its folder.
    :param automated: whether scripts rated it in place of people, as tests do; its card then says so.
    """

    card = DatasetCard(
        name="rated",
        title="Rated by people",
        samples=PEOPLE,
        terms="Made by whoever collected the ratings, on pictures of theirs, whose terms apply.",
        home="",
        redistributable=False,
        default_folds=BY_SOURCE,
    )

    root: Path = field(kw_only=True)
    automated: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.automated:
            card = dataclasses.replace(type(self).card, title="Rated by scripts", samples=SCRIPTS)
            object.__setattr__(self, "card", card)

    @classmethod
    def open(cls, root: Path | None, options: OpenOptions) -> Dataset:
        if (options.jnd, options.anchor) != (1, "source") or options.level_direction == "down":
            raise UserError("a rated set has the first JND against the source, in levels of its codec, and no other")
        assert root is not None, "the card asks for a root"
        about = read_manifest(root)
        codec = CODECS[about["codec"]]
        samples = read_samples(root / SAMPLES, codec)
        kept = read_kept(root / RATERS)
        if unknown := sorted({sample.rater for sample in samples} - kept.keys()):
            raise DataError(f"{root / RATERS}: knows nothing of the rater {shown(unknown[0])} of {SAMPLES}. {_AGAIN}")
        used = [sample for sample in samples if kept[sample.rater]]
        if not used:
            raise DataError(f"{root / RATERS}: keeps no rater, so the set has no samples")
        of_picture: dict[str, list[Sample]] = {}
        for sample in used:
            of_picture.setdefault(sample.picture, []).append(sample)
        levels_of = {name: _levels(root, name, codec) for name in sorted(of_picture)}
        degrees = float(about["pixels_per_degree"])
        pictures = tuple(
            _picture(root, name, levels, of_picture[name], codec, degrees) for name, levels in levels_of.items()
        )
        references = [path for path in (root / PICTURES / f"{name}.png" for name in levels_of) if path.is_file()]
        parts = hashes_of((root / MANIFEST, root / SAMPLES, root / RATERS, *references), root)
        summary = root / REPORT / SUMMARY
        return cls(
            pictures,
            Manifest(parts),
            _notes(samples, kept, pictures, about),
            tuple(read_text(summary, _AGAIN).splitlines()) if summary.is_file() else (),
            root=root,
            automated=about["automated"],
        )

    def folds(self, name: str) -> Folds:
        if name != BY_SOURCE:
            return Dataset.folds(self, name)
        if not (self.root / FOLDS).is_file():
            raise DataError(f"{self.root / FOLDS}: no such file. Folds need two sources or more")
        return parse_folds(name, self.root / FOLDS)


def read_manifest(root: Path) -> dict[str, Any]:
    """The settings of a set under a root.

    :raises DataError: where there are none, they are damaged, or the set is unfinished.
    """
    path = root / MANIFEST
    if not path.exists():
        raise DataError(f"{path}: no such file. A set has it that 'datasets.rate' or 'datasets.import_ratings' made.")
    try:
        about = dict(parse_json(read_text(path, _AGAIN)))
        if about["finished"] is not True:
            raise DataError(f"{path}: the set was not finished, or the ratings were no JNDs. {_AGAIN}")
        if about.setdefault("automated", False) not in (False, True):
            raise ValueError(f"automated {about['automated']}")
        degrees = float(about["pixels_per_degree"])
        if about["codec"] not in CODECS or not 0 < degrees < float("inf"):
            raise ValueError(f"codec {about['codec']}, pixels_per_degree {degrees}")
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise DataError(f"{path}: is damaged ({shown(error)}). {_AGAIN}") from error
    return about


def sample_columns(codec: Codec) -> tuple[str, ...]:
    """The head of the table of samples."""
    return ("picture", "source", "rater", f"jnd_{codec.unit.lower()}", "censored")


def read_samples(path: Path, codec: Codec) -> list[Sample]:
    """Everybody's samples, one a rater and picture, in the file's order.

    :raises DataError: where the file is missing, or a line is not what it should be; names file and line.
    """
    columns = sample_columns(codec)
    samples: list[Sample] = []
    source_of: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for line, row in read_table(path, read_text(path, _AGAIN), columns, _AGAIN):
        picture, source, rater, level, censored = (row[column] or "" for column in columns)
        if not (_NAME.fullmatch(picture) and _NAME.fullmatch(source) and rater):
            wrong = f"picture {shown(picture)}, source {shown(source)}, rater {shown(rater)}"
            raise DataError(f"{path}, line {line}: {wrong}: expected names of letters, digits, '_', '-', '.'. {_AGAIN}")
        if source_of.setdefault(picture, source) != source or (picture, rater) in seen:
            raise DataError(f"{path}, line {line}: {picture} has two sources, or two samples of one rater. {_AGAIN}")
        if not _NUMBER.fullmatch(level) or not codec.lowest <= float(level) <= codec.highest:
            raise DataError(
                f"{path}, line {line}: {columns[3]} is {shown(level)}, expected {codec.lowest} to "
                f"{codec.highest}. {_AGAIN}"
            )
        if censored not in ("0", "1"):
            raise DataError(f"{path}, line {line}: censored is {shown(censored)}, expected 0 or 1. {_AGAIN}")
        seen.add((picture, rater))
        samples.append(Sample(picture, source, rater, float(level), censored == "1"))
    if not samples:
        raise DataError(f"{path}: has no samples. {_AGAIN}")
    return samples


def read_kept(path: Path) -> dict[str, bool]:
    """Whether each rater's samples are used.

    :raises DataError: where the file is missing, or a line is not what it should be; names file and line.
    """
    kept: dict[str, bool] = {}
    for line, row in read_table(path, read_text(path, _AGAIN), ("rater", "kept"), _AGAIN):
        rater, said = row["rater"] or "", row["kept"]
        if not rater or rater in kept or said not in ("yes", "no"):
            raise DataError(f"{path}, line {line}: rater {shown(rater)} missing or twice, or kept is not yes or no")
        kept[rater] = said == "yes"
    return kept


def _levels(root: Path, name: str, codec: Codec) -> dict[int, Path]:
    """What raters saw of a picture, by level; empty where the set has no such files."""
    folder = root / LEVELS / name
    if not folder.is_dir():
        return {}
    files = {level: folder / f"{level}.{'jpg' if codec.has_file_sizes else 'png'}" for level in codec.levels.tolist()}
    for path in files.values():
        if not path.is_file():
            raise DataError(f"{path}: no such file, though {folder} has other levels. {_AGAIN}")
    return files


def _picture(
    root: Path, name: str, levels: Mapping[int, Path], samples: list[Sample], codec: Codec, pixels_per_degree: float
) -> Picture:
    path = root / PICTURES / f"{name}.png"
    ladder: Ladder | None = None
    if (root / PICTURES).is_dir():
        if not path.is_file():
            raise DataError(f"{path}: no such file, though {SAMPLES} has samples of it. {_AGAIN}")
        ladder = ladder_of(codec, levels, path, "source", folder=LEVELS, can_compress=codec.can_encode)
    jnds = np.array([sample.level for sample in samples])
    return Picture(name, samples[0].source, codec, pixels_per_degree, jnds, ladder_or_none=ladder)


def _notes(
    samples: list[Sample], kept: Mapping[str, bool], pictures: tuple[Picture, ...], about: Mapping[str, Any]
) -> tuple[str, ...]:
    used = [sample for sample in samples if kept[sample.rater]]
    codec, each = pictures[0].codec, [picture.samples.size for picture in pictures]
    a_picture = f"{each[0]}" if len(set(each)) == 1 else f"{min(each)} to {max(each)}"
    who = "scripts" if about["automated"] else "people"
    notes = [
        f"{len(used)} samples of {sum(kept.values())} {who}, {a_picture} a picture.",
        f"{len(kept) - sum(kept.values())} of {len(kept)} {who} were excluded; {RATERS} says which and why.",
    ]
    if unrated := len({sample.picture for sample in samples}) - len(pictures):
        notes.append(f"{unrated} pictures have no sample left and are not in the set.")
    at_ends = [np.mean([sample.level == end for sample in used]) for end in (codec.worst_level, codec.best_level)]
    censored = sum(sample.censored for sample in used)
    warning = f" That is much: the JNDs of these {who} are cut off there." if max(at_ends) > MOST_AT_AN_END else ""
    notes.append(
        f"{100 * at_ends[0]:.1f} % of the samples are {codec.unit} {codec.worst_level}, {100 * at_ends[1]:.1f} % "
        f"{codec.unit} {codec.best_level}; {censored} say that nothing was noticed at any level.{warning}"
    )
    if not about.get("geometry_known"):
        notes.append("The viewing geometry is not known; 24.3 pixels per degree are assumed, as in KonJND-1k.")
    ladder = pictures[0].ladder_or_none
    if ladder is None:
        notes.append("Labels only: the set holds no levels of its pictures.")
    elif isinstance(ladder, CompressedLadder):
        notes.append(f"Levels are compressed here, with {codec.library()}; raters may have seen another encoder's.")
    return tuple(notes)
