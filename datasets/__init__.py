"""Data sets of rated pictures, and what everything else is built on. (Not Hugging Face's package of the same name.)

    from datasets import open_dataset
    dataset = open_dataset("demo")
    dataset.pictures[0].samples                # the subjects' JNDs, in JPEG QF

`core` holds the model (picture, ladder, truth, folds), `codecs` one file a codec, `sets` one file a data set,
`simulation` observers for sets that nobody has rated, `ratings` what judges people's ratings, `obtain` what fetches and
checks a set, `common` what every folder uses. The commands are `get`, `verify`, `check`, `simulate`, `rate`,
`import_ratings` and `plan_study`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets.core.codec import Codec
    from datasets.core.dataset import Dataset, DatasetCard, Manifest, OpenOptions
    from datasets.core.ladder import CompressedLadder, Ladder, ShippedLadder
    from datasets.core.picture import Picture
    from datasets.core.picture_file import PictureFile, read_picture
    from datasets.core.truths import TRUTHS, Truth, find_truth
    from datasets.sets import open_dataset

_MODULES = ("core.codec", "core.dataset", "core.ladder", "core.picture", "core.picture_file", "core.truths", "sets")

__all__ = [
    "TRUTHS",
    "Codec",
    "CompressedLadder",
    "Dataset",
    "DatasetCard",
    "Ladder",
    "Manifest",
    "OpenOptions",
    "Picture",
    "PictureFile",
    "ShippedLadder",
    "Truth",
    "find_truth",
    "open_dataset",
    "read_picture",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module in _MODULES:
            if (value := getattr(importlib.import_module(f"datasets.{module}"), name, None)) is not None:
                return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
