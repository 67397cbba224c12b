"""Data sets of rated pictures, and what everything else is built on. (Not Hugging Face's package of the same name.)

    from datasets import open_dataset
    dataset = open_dataset("demo")
    dataset.pictures[0].samples                # the subjects' JNDs, in JPEG QF

`core` holds the model (picture, ladder, codec, truth, folds), `sets` one file a data set, `simulation` observers for
sets that nobody has rated, `obtain` what fetches and checks a set, `common` what every folder uses. The commands are
`get`, `verify`, `simulate` and `make_demo`.
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

_MODULES = {
    "TRUTHS": "datasets.core.truths",
    "Codec": "datasets.core.codec",
    "CompressedLadder": "datasets.core.ladder",
    "Dataset": "datasets.core.dataset",
    "DatasetCard": "datasets.core.dataset",
    "Ladder": "datasets.core.ladder",
    "Manifest": "datasets.core.dataset",
    "OpenOptions": "datasets.core.dataset",
    "Picture": "datasets.core.picture",
    "PictureFile": "datasets.core.picture_file",
    "ShippedLadder": "datasets.core.ladder",
    "Truth": "datasets.core.truths",
    "find_truth": "datasets.core.truths",
    "open_dataset": "datasets.sets",
    "read_picture": "datasets.core.picture_file",
}

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
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
