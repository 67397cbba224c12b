"""Protects WebP's levels: lossy throughout, and a picture that is too long is refused by name."""

import io

import numpy as np
import pytest
from PIL import Image

from datasets.codecs.webp import WebP
from datasets.common.errors import DataError
from datasets.core.ladder import CompressedLadder
from tests.datasets.codecs.pictures import PHOTOGRAPH

pytestmark = pytest.mark.skipif(bool(WebP().unavailable()), reason=WebP().unavailable())


def test_the_best_level_is_lossy():
    encoded = WebP().encode(PHOTOGRAPH, WebP().best_level)
    assert b"VP8 " in encoded[:32] and not np.array_equal(WebP().decode(encoded), PHOTOGRAPH)
    with Image.open(io.BytesIO(encoded)) as image:
        assert image.format == "WEBP"


def test_a_longer_picture_than_webp_has_is_refused_before_it_is_encoded():
    ladder = CompressedLadder(WebP(), lambda: np.zeros((1, 16_384, 3), np.uint8))
    with pytest.raises(DataError, match=r"16384x1, and WebP takes sides of at most 16,383 pixels"):
        ladder.encoded(40)


def test_the_library_names_version_and_settings():
    assert all(part in WebP().library() for part in ("libwebp ", "Pillow ", "method 4", "lossless False"))
