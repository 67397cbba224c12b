"""Protects JPEG: that OpenCV may stand in for Pillow (same bytes and pixels at all QF), and its subsampling."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from datasets.codecs.jpeg import Jpeg
from datasets.core.picture_file import decode_rgb_strictly


@pytest.mark.parametrize("photograph", ["astronaut", "chelsea, odd size"])
def test_opencv_is_bit_exact_to_pillow_at_every_quality(photograph):
    """The licence to use OpenCV: where it fails, encode and decode must go back to Pillow."""
    rgb = data.astronaut() if photograph == "astronaut" else np.ascontiguousarray(data.chelsea()[:97, :131])
    different = []
    for level in Jpeg().levels:
        stream = io.BytesIO()
        Image.fromarray(rgb).save(stream, "JPEG", quality=int(level))
        encoded = Jpeg().encode(rgb, int(level))
        if encoded != stream.getvalue():
            different.append(f"bytes at QF {level}")
        if not np.array_equal(Jpeg().decode(encoded), decode_rgb_strictly(encoded)):
            different.append(f"pixels at QF {level}")
    assert different == []


def test_opencv_decodes_shipped_files_as_pillow_does(genuine_ladders):
    files = sorted((genuine_ladders / "jpeg").glob("*.jpg"))[::37]
    assert len(files) > 10
    for file in files:
        encoded = file.read_bytes()
        np.testing.assert_array_equal(Jpeg().decode(encoded), decode_rgb_strictly(encoded), err_msg=str(file))


def test_jpeg_is_4_2_0_and_its_library_is_named():
    encoded = Jpeg().encode(data.chelsea(), 90)
    with Image.open(io.BytesIO(encoded)) as image:
        assert [component[1:3] for component in image.layer] == [(2, 2), (1, 1), (1, 1)]
    assert "OpenCV" in Jpeg().library() and "jpeg" in Jpeg().library().lower()
