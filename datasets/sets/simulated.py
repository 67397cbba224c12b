"""Sets that `python -m datasets.simulate` made: anyone's photographs, rated by simulated observers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from datasets.codecs import codecs
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import DataError
from datasets.common.files import parse_json, read_text, shown
from datasets.core.codec import Codec
from datasets.core.dataset import Dataset, DatasetCard, Manifest, OpenOptions, hashes_of
from datasets.core.folds import Folds, parse_folds
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture
from datasets.core.picture_file import PictureFile
from datasets.sets._simulated_samples import (
    CVVDP,
    OBSERVERS_METRICS,
    ObserversMetric,
    SimulatedDataset,
    notes_on_samples,
    read_samples,
    refuse_options,
)

MANIFEST, SAMPLES, FOLDS, PICTURES = "simulated.json", "samples.csv", "folds.csv", "pictures"
"""What such a set's folder holds: settings and pictures, samples, folds, and a folder of PNG files."""

BY_SOURCE = "by-source"
_AGAIN = "Run 'python -m datasets.simulate' with the same arguments again."


@final
@dataclass(frozen=True)
class Simulated(SimulatedDataset):
    """An opened set."""

    card = DatasetCard(
        name="simulated",
        title="Simulated observers",
        samples="simulated observers",
        terms="Made by whoever ran datasets.simulate on photographs of theirs, whose terms apply. No person has rated "
        "them: the samples are computed.",
        home="",
        redistributable=False,
        references=(CVVDP.reference,),
        default_folds=BY_SOURCE,
    )

    root: Path = field(kw_only=True)

    @classmethod
    def open(cls, root: Path | None, options: OpenOptions) -> Dataset:
        assert root is not None, "the card asks for a root"
        about = read_manifest(root)
        codec, metric = _codec(root, about), _metric(root, about)
        refuse_options("a simulated set", options, codec)
        if not about["finished"]:
            raise DataError(f"{root / MANIFEST}: the set was not finished. {_AGAIN} It goes on where it stopped.")
        sampled = read_samples(root / SAMPLES, _AGAIN, codec)
        pictures = []
        for name, picture in sampled.items():
            path = root / PICTURES / f"{name}.png"
            if not path.is_file():
                raise DataError(f"{path}: no such file, though {SAMPLES} has samples of it. {_AGAIN}")
            ladder = CompressedLadder(codec, PictureFile(path))
            degrees = float(about["settings"]["pixels_per_degree"])
            jnds = picture.jnds.astype(float)
            pictures.append(Picture(name, picture.source, codec, degrees, jnds, ladder_or_none=ladder))
        parts = hashes_of((root / MANIFEST, root / SAMPLES), root)
        return cls(tuple(pictures), Manifest(parts), _notes(about, codec, metric), metric=metric, root=root)

    def folds(self, name: str) -> Folds:
        if name != BY_SOURCE:
            return Dataset.folds(self, name)
        path = self.root / FOLDS
        if not path.is_file():
            raise DataError(
                f"{path}: no such file. Folds need two photographs or more; {_AGAIN[0].lower()}{_AGAIN[1:]}"
            )
        return parse_folds(name, path)


def read_manifest(root: Path) -> dict[str, Any]:
    """The settings and pictures of a set under a root.

    :raises DataError: where there is no such file, or it is damaged.
    """
    path = root / MANIFEST
    if not path.exists():
        raise DataError(f"{path}: no such file. A set has it that 'python -m datasets.simulate' made.")
    text = read_text(path, "Make the set again, with --restart.")
    try:
        about = dict(parse_json(text))
        _check_manifest(about)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise DataError(f"{path}: is damaged ({error!r}). Make the set again, with --restart.") from error
    return about


def codec_name(about: Mapping[str, Mapping[str, object]]) -> str:
    """Of the codec of a set's levels; sets of JPEG do not name it."""
    return str(about["settings"].get("codec", Jpeg.name))


def metric_name(about: Mapping[str, Mapping[str, object]]) -> str:
    """Of the metric that a set's observers see with; sets with ColorVideoVDP do not name it."""
    return str(about["settings"].get("metric", CVVDP.name))


def _metric(root: Path, about: Mapping[str, Any]) -> ObserversMetric:
    name = metric_name(about)
    for metric in OBSERVERS_METRICS:
        if metric.name == name:
            return metric
    raise DataError(f"{root / MANIFEST}: no metric {shown(name)} is known. A newer version may have made the set.")


def _codec(root: Path, about: Mapping[str, Any]) -> Codec:
    codec = codecs().get(name := codec_name(about))
    if codec is None or not codec.can_encode:
        raise DataError(f"{root / MANIFEST}: no codec {shown(name)} can encode here. Install what brought it.")
    codec.check_available()
    return codec


def _check_manifest(about: Mapping[str, Any]) -> None:
    degrees = float(about["settings"]["pixels_per_degree"])
    if not 0 < degrees < float("inf"):
        raise ValueError(f"pixels_per_degree is {degrees}")
    if not all(isinstance(about["settings"].get(part, ""), str) for part in ("codec", "metric")):
        raise TypeError("codec and metric are names")
    if not isinstance(about["finished"], bool):
        raise TypeError("finished is true or false")
    if not isinstance(about.get("left_out", []), list):
        raise TypeError("left_out is a list")
    if not all(isinstance(about.get(part, {}), dict) for part in ("settings", "made_with", "observed_with")):
        raise TypeError("settings, made_with and observed_with are objects")


def _notes(about: Mapping[str, Any], codec: Codec, metric: ObserversMetric) -> tuple[str, ...]:
    notes = notes_on_samples(codec, metric)
    if about.get("limit"):
        notes.append(f"Made with --limit {about['limit']}: not all photographs were looked at.")
    if left_out := about.get("left_out"):
        photos = "photograph was" if len(left_out) == 1 else "photographs were"
        notes.append(f"{len(left_out)} {photos} left out; {MANIFEST} says which and why.")
    return tuple(notes)
