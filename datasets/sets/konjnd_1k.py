"""KonJND-1k: 1,008 sources of 640x480, half JPEG and half BPG, rated by crowd workers (Lin et al. 2022).

The halves have no source in common; they are two data sets that share a root.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import final

from datasets.core.codec import Bpg, Jpeg
from datasets.core.ladder import CompressedLadder
from datasets.core.picture_file import PictureFile
from datasets.sets._konjnd_half import Half, KonJnd1kHalf, konjnd_card
from datasets.sets._layout import FileKind
from datasets.sets._level_direction import direction_by_pixels, direction_by_tables, has_standard_tables


def _compressed(source: Path) -> CompressedLadder:
    return CompressedLadder(Jpeg(), PictureFile(source))


def _about_tables(levels: Mapping[int, Path]) -> str:
    are = "are" if has_standard_tables(levels, Jpeg()) else "are not"
    return f"Their quantisation tables {are} the standard ones of that QF."


@final
class KonJnd1kJpeg(KonJnd1kHalf):
    """SRC0001 to SRC0504, JPEG QF 1..100."""

    card = konjnd_card("konjnd-1k-jpeg", "KonJND-1k, JPEG half")
    half = Half(
        compression="JPEG",
        codec=Jpeg(),
        levels=FileKind("jpeg", "SRC{:04d}_JPEG_{:03d}.jpg", also=("jpeg",)),
        likely_direction="up",
        find_direction=direction_by_tables,
        remark=_about_tables,
        compressed=_compressed,
    )


@final
class KonJnd1kBpg(KonJnd1kHalf):
    """SRC0505 to SRC1008, BPG QP 1..51, as decoded files."""

    card = konjnd_card("konjnd-1k-bpg", "KonJND-1k, BPG half")
    half = Half(
        compression="BPG",
        codec=Bpg(),
        levels=FileKind("bpg", "SRC{:04d}_BPG_{:03d}.png", also=("bmp",)),
        likely_direction="down",
        find_direction=direction_by_pixels,
    )
