"""What data sets with simulated observers share: the table of samples, and the options that they refuse."""

from __future__ import annotations

import csv
import io
import re
from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final

import numpy as np

from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import DataError, UserError
from datasets.common.files import read_table, read_text, shown
from datasets.core.codec import Codec
from datasets.core.dataset import Dataset, OpenOptions
from datasets.core.reference import Reference


@final
@dataclass(frozen=True)
class ObserversMetric:
    """The metric that simulated observers see with, as data sets and reports name it.

    :param name: of the predictor, too.
    :param samples: who gave the JNDs, in words that stand in every table.
    """

    name: str
    title: str
    samples: str
    reference: Reference


_CITED_FOR = "the metric that the simulated observers see with"
CVVDP: Final = ObserversMetric(
    "cvvdp",
    "ColorVideoVDP",
    "simulated observers",
    Reference(
        authors=("R. K. Mantiuk", "P. Hanji", "M. Ashraf", "Y. Asano", "A. Chapiro"),
        title="ColorVideoVDP: A visual difference predictor for image, video and display distortions",
        venue="ACM Transactions on Graphics 43(4)",
        year=2024,
        note=_CITED_FOR,
    ),
)
SSIMULACRA2: Final = ObserversMetric(
    "ssimulacra2",
    "SSIMULACRA2",
    "simulated observers with SSIMULACRA2",
    Reference(
        authors=("J. Sneyers",),
        title="SSIMULACRA 2: structural similarity unveiling local and compression related artifacts",
        venue="Cloudinary",
        year=2022,
        url="https://github.com/cloudinary/ssimulacra2",
        note=_CITED_FOR,
    ),
)
PSNR_HVS_M: Final = ObserversMetric(
    "psnr-hvs-m",
    "PSNR-HVS-M",
    "simulated observers with PSNR-HVS-M",
    Reference(
        authors=("N. Ponomarenko", "F. Silvestri", "K. Egiazarian", "M. Carli", "J. Astola", "V. Lukin"),
        title="On between-coefficient contrast masking of DCT basis functions",
        venue="Third International Workshop on Video Processing and Quality Metrics",
        year=2007,
        note=_CITED_FOR,
    ),
)
OBSERVERS_METRICS: Final = (CVVDP, SSIMULACRA2, PSNR_HVS_M)
"""The first is meant where none is named."""

_NAME = re.compile(r"\w[\w.-]{,199}")
"""Of a picture: it names a file, which must not lie elsewhere."""
_JPEG: Final = Jpeg()


@dataclass(frozen=True)
class SimulatedDataset(Dataset, ABC):
    """A set of which there is one a metric and codec: each but ColorVideoVDP's in JPEG has a name of its own, so that
    no table has two kinds of observers, or two codecs.
    """

    metric: ObserversMetric = field(default=CVVDP, kw_only=True)

    @property
    def name(self) -> str:
        parts = [self.card.name]
        if self.metric != CVVDP:
            parts.append(self.metric.name)
        if self.codec != _JPEG:
            parts.append(self.codec.name)
        return "-".join(parts)

    @property
    def title(self) -> str:
        metric = "" if self.metric == CVVDP else f" with {self.metric.title}"
        return f"{self.card.title}{metric}{'' if self.codec == _JPEG else f', {self.codec.title}'}"

    @property
    def samples(self) -> str:
        return self.metric.samples

    @property
    def references(self) -> tuple[Reference, ...]:
        return (self.metric.reference,)


@dataclass(frozen=True)
class SampledPicture:
    """A picture's samples.

    :param source: what folds group by.
    :param jnds: best whole level of the codec at which each observer notices, shape (observers,), int.
    """

    source: str
    jnds: np.ndarray


def columns(codec: Codec) -> tuple[str, str, str, str]:
    """The head of the table of samples."""
    return ("picture", "source", "observer", "jnd_qf" if codec == _JPEG else "jnd_level")


def samples_csv(pictures: Mapping[str, SampledPicture], codec: Codec = _JPEG) -> str:
    """The table as text, pictures sorted by name, observers numbered from 1."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns(codec))
    for name, sampled in sorted(pictures.items()):
        writer.writerows((name, sampled.source, number, int(jnd)) for number, jnd in enumerate(sampled.jnds, start=1))
    return text.getvalue()


def read_samples(path: Path, what_to_do: str, codec: Codec = _JPEG) -> dict[str, SampledPicture]:
    """Read a table, pictures sorted by name.

    :param what_to_do: ends every error.
    :raises DataError: where the file is missing, or a line is not what it should be; names file and line.
    """
    source_of: dict[str, str] = {}
    jnds_of: dict[str, list[int]] = {}
    head, levels = columns(codec), frozenset(map(str, codec.whole_levels))
    for line, row in read_table(path, read_text(path, what_to_do), head, what_to_do):
        name, source, jnd = row["picture"] or "", row["source"] or "", row[head[-1]]
        if not (_NAME.fullmatch(name) and source):
            wrong = f"picture is {shown(name)} of source {shown(source)}"
            raise DataError(f"{path}, line {line}: {wrong}, expected letters, digits, '_', '-' and '.'. {what_to_do}")
        jnds = jnds_of.setdefault(name, [])
        if source_of.setdefault(name, source) != source or row["observer"] != str(len(jnds) + 1):
            raise DataError(f"{path}, line {line}: source or observer out of order. {what_to_do}")
        if jnd is None or jnd not in levels:
            expected = f"expected {codec.lowest} to {codec.highest}"
            raise DataError(f"{path}, line {line}: {head[-1]} is {shown(jnd)}, {expected}. {what_to_do}")
        jnds.append(int(jnd))
    _check_counts(path, {name: len(jnds) for name, jnds in jnds_of.items()}, what_to_do)
    return {name: SampledPicture(source_of[name], np.array(jnds_of[name])) for name in sorted(jnds_of)}


def describe(pictures: Mapping[str, SampledPicture], codec: Codec = _JPEG, metric: ObserversMetric = CVVDP) -> str:
    """A line for people: how many, and how the samples are spread."""
    jnds = np.array([picture.jnds for picture in pictures.values()], dtype=float)
    means, between = jnds.mean(axis=1), jnds.std(axis=1, ddof=min(1, jnds.shape[1] - 1)).mean()
    return (
        f"{len(jnds)} pictures of {len({picture.source for picture in pictures.values()})} photographs, each with "
        f"{jnds.shape[1]} {metric.samples}. JND in {codec.unit}: mean {means.mean():.1f}, from {means.min():.1f} to "
        f"{means.max():.1f} (sd between pictures {means.std():.1f}, between observers {between:.1f})"
    )


def notes_on_samples(codec: Codec, metric: ObserversMetric = CVVDP) -> list[str]:
    """What a reader of any table must know."""
    notes = [f"The samples come from {metric.samples}, not from people."]
    if codec != _JPEG:
        notes.append(f"No people's levels exist for {codec.title}: nothing here was compared with people.")
    return notes


def refuse_options(what: str, options: OpenOptions, codec: Codec = _JPEG) -> None:
    """Refuse what no set with simulated observers has."""
    if options.jnd != 1:
        raise UserError(f"--jnd {options.jnd}: simulated observers give the first JND only, so {what} has no other")
    if options.anchor != "source":
        raise UserError(f"--anchor {options.anchor}: simulated observers compare with the source picture only")
    better, wrong = ("higher", "down") if codec.sign > 0 else ("lower", "up")
    if options.level_direction == wrong:
        raise UserError(f"--level-direction {wrong}: {what} is compressed here, and a {better} {codec.label} is better")


def _check_counts(path: Path, counts: Mapping[str, int], what_to_do: str) -> None:
    if not counts:
        raise DataError(f"{path}: has no samples. {what_to_do}")
    observers = max(counts.values())
    for name, count in counts.items():
        if count != observers:
            raise DataError(f"{path}: {name} has {count} samples, others have {observers}. {what_to_do}")
