"""The store of what every picture is measured for, whatever the predictors: errors, sizes, and what its pixels say."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from datasets.common.cache import is_stored, load_arrays, save_arrays
from datasets.common.code_hash import ladders_sha256
from datasets.common.errors import UserError
from datasets.common.hashing import key_of
from datasets.core.ladder import LadderSummary
from datasets.core.picture import Picture
from protocols.store.picture_facts import PixelFacts

VERSION = 1
"""To be raised where the same pixels are measured otherwise by the code of this folder."""


@dataclass(frozen=True)
class LadderFacts:
    """Error and size of every level, and what the reference's pixels say."""

    summary: LadderSummary
    pixels: PixelFacts


def ladder_key(picture: Picture) -> str:
    """Names everything that `LadderFacts` depend on.

    :raises UserError: where the picture's files cannot be read.
    """
    code = ladders_sha256()
    return key_of({"stored": "ladder", "version": VERSION, "code": code, "picture": picture.fingerprint()})


def has_ladder(picture: Picture) -> bool:
    """Whether a picture's ladder was measured, without reading what is stored."""
    try:
        return is_stored(ladder_key(picture))
    except UserError:  # an error in a file is raised when the picture is measured
        return False


def load_ladder(picture: Picture) -> LadderFacts | None:
    """What is stored of a picture's ladder; None where nothing is, or its files cannot be read."""
    try:
        arrays = load_arrays(ladder_key(picture))
    except UserError:
        return None
    if arrays is None:
        return None
    summary = LadderSummary(arrays["mse"], arrays["size_bytes"], float(arrays["ms"][0]))
    width, height, gradient, colourfulness = arrays["pixels"].tolist()
    return LadderFacts(summary, PixelFacts(int(width), int(height), gradient, colourfulness))


def save_ladder(picture: Picture, facts: LadderFacts) -> None:
    """Store what a pass over the ladder measured."""
    summary, pixels = facts.summary, np.array(dataclasses.astuple(facts.pixels), dtype=float)
    arrays = {"mse": summary.mse, "size_bytes": summary.size_bytes, "ms": np.array([summary.ms]), "pixels": pixels}
    save_arrays(ladder_key(picture), arrays)
