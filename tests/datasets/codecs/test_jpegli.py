"""Protects jpegli: its files are everybody's JPEG, 4:2:0 at every level, and decoded as everybody decodes them."""

import io

import numpy as np
import pytest
from PIL import Image

from datasets.codecs.jpeg import Jpeg
from datasets.codecs.jpegli import JpegliCodec
from tests.datasets.codecs.pictures import PHOTOGRAPH

pytest.importorskip("pyjpegli", reason="the extra 'codecs' is not installed")


@pytest.mark.parametrize("level", [1, 50, 90, 100])
def test_its_files_are_jpegs_in_4_2_0(level):
    encoded = JpegliCodec().encode(PHOTOGRAPH, level)
    with Image.open(io.BytesIO(encoded)) as image:
        assert image.format == "JPEG" and [component[1:3] for component in image.layer] == [(2, 2), (1, 1), (1, 1)]
    np.testing.assert_array_equal(JpegliCodec().decode(encoded), Jpeg().decode(encoded))
    assert encoded != Jpeg().encode(PHOTOGRAPH, level)


def test_the_library_names_encoder_and_decoder():
    assert "pyjpegli " in JpegliCodec().library() and "OpenCV " in JpegliCodec().library()
