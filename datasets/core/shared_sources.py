"""Sources that are in two data sets: no method may be trained on one and tested on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from datasets.common.cache import load_arrays, save_arrays
from datasets.common.errors import UserError
from datasets.common.hashing import key_of, sha256_of_pixels
from datasets.core.picture import Picture


def shared_sources(pictures: Iterable[Picture], others: Sequence[Picture]) -> set[str]:
    """The sources of pictures that are among others, too: by name, or because one picture has the same pixels.

    The pixels of references are compared, whatever file they stand in. Pictures without pixels are known by name alone.
    """
    names = {picture.source for picture in others}
    pixels = {_pixels_of(picture) for picture in others} - {""}
    return {picture.source for picture in pictures if picture.source in names or _pixels_of(picture) in pixels}


def _pixels_of(picture: Picture) -> str:
    """The hash of a reference's pixels; empty where there are none, or they cannot be read."""
    if not picture.has_pixels:
        return ""
    try:
        key = key_of({"stored": "pixels", "picture": picture.fingerprint()})
        stored = load_arrays(key)
        if stored is None:
            sha256 = sha256_of_pixels(picture.reference)
            picture.ladder.forget_pixels()
            stored = {"sha256": np.frombuffer(bytes.fromhex(sha256), np.uint8)}
            save_arrays(key, stored)
    except UserError:  # a picture that cannot be read fails in its row
        return ""
    return stored["sha256"].tobytes().hex()
