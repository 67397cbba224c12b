"""KonJND-1k: 1,008 sources of 640x480, half JPEG and half BPG, rated by crowd workers (Lin et al. 2022).

The halves have no source in common; they are two data sets that share a root.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import final

from datasets.core.codec import Bpg, Jpeg
from datasets.core.dataset import Dataset, DatasetCard, OpenOptions
from datasets.core.ladder import CompressedLadder
from datasets.core.picture_file import PictureFile
from datasets.core.reference import Reference
from datasets.sets._konjnd_half import Half, read_half
from datasets.sets._layout import Faults, FileKind, SurveyedDataset
from datasets.sets._level_direction import has_standard_tables, look_at_pixels, look_at_tables

_TERMS = (
    "Made by the Multimedia Signal Processing group of the University of Konstanz, who give it out for research; not "
    "to be redistributed: everyone fetches it from them."
)
_HOME = "http://database.mmsp-kn.de/konjnd-1k-database.html"
_PAPER = Reference(
    authors=("H. Lin", "G. Chen", "M. Jenadeleh", "V. Hosu", "U.-D. Reips", "R. Hamzaoui", "D. Saupe"),
    title="Large-scale crowdsourced subjective assessment of picturewise just noticeable difference",
    venue="IEEE TCSVT",
    year=2022,
)


def _compressed(source: Path) -> CompressedLadder:
    return CompressedLadder(Jpeg(), PictureFile(source))


def _about_tables(levels: Mapping[int, Path]) -> str:
    are = "are" if has_standard_tables(levels, Jpeg()) else "are not"
    return f"Their quantisation tables {are} the standard ones of that QF."


@final
class KonJnd1kJpeg(SurveyedDataset):
    """SRC0001 to SRC0504, JPEG QF 1..100."""

    card = DatasetCard(
        name="konjnd-1k-jpeg",
        title="KonJND-1k, JPEG half",
        samples="crowd workers, about 42 a picture",
        terms=_TERMS,
        home=_HOME,
        redistributable=False,
        references=(_PAPER,),
    )
    half = Half(
        compression="JPEG",
        codec=Jpeg(),
        levels=FileKind("jpeg", "SRC{:04d}_JPEG_{:03d}.jpg", also=("jpeg",)),
        likely_direction="up",
        look=look_at_tables,
        remark=_about_tables,
        compressed=_compressed,
    )

    @classmethod
    def survey(cls, root: Path | None, options: OpenOptions, faults: Faults) -> Dataset:
        """Read the ratings and find the pictures; see `SurveyedDataset.survey`."""
        return cls(*read_half(cls.half, root, options, faults))


@final
class KonJnd1kBpg(SurveyedDataset):
    """SRC0505 to SRC1008, BPG QP 1..51, as decoded files."""

    card = DatasetCard(
        name="konjnd-1k-bpg",
        title="KonJND-1k, BPG half",
        samples="crowd workers, about 42 a picture",
        terms=_TERMS,
        home=_HOME,
        redistributable=False,
        references=(_PAPER,),
    )
    half = Half(
        compression="BPG",
        codec=Bpg(),
        levels=FileKind("bpg", "SRC{:04d}_BPG_{:03d}.png", also=("bmp",)),
        likely_direction="down",
        look=look_at_pixels,
    )

    @classmethod
    def survey(cls, root: Path | None, options: OpenOptions, faults: Faults) -> Dataset:
        """Read the ratings and find the pictures; see `SurveyedDataset.survey`."""
        return cls(*read_half(cls.half, root, options, faults))
