"""Protects mozjpeg: that libvips uses it as mozjpeg's own program does, not as a slower libjpeg-turbo."""

import io

import numpy as np
import pytest
from PIL import Image

from datasets.codecs.jpeg import Jpeg
from datasets.codecs.mozjpeg import MozJpeg
from tests.datasets.codecs.pictures import PHOTOGRAPH

pytestmark = pytest.mark.skipif(bool(MozJpeg().unavailable()), reason=MozJpeg().unavailable())


@pytest.mark.parametrize("level", [4, 60, 92, 100])
def test_its_files_are_progressive_jpegs_in_4_2_0(level):
    encoded = MozJpeg().encode(PHOTOGRAPH, level)
    with Image.open(io.BytesIO(encoded)) as image:
        assert image.format == "JPEG" and image.info["progressive"]
        assert [component[1:3] for component in image.layer] == [(2, 2), (1, 1), (1, 1)]
    np.testing.assert_array_equal(MozJpeg().decode(encoded), Jpeg().decode(encoded))


def test_its_pixels_are_its_own_and_its_files_smaller():
    theirs, ours = Jpeg().encode(PHOTOGRAPH, 60), MozJpeg().encode(PHOTOGRAPH, 60)
    assert len(ours) < 0.9 * len(theirs)
    assert not np.array_equal(MozJpeg().decode(ours), Jpeg().decode(theirs))


def test_one_thread_encodes():
    import pyvips

    pyvips.concurrency_set(2)
    MozJpeg().encode(PHOTOGRAPH, 60)
    assert pyvips.concurrency_get() == 1


def test_the_library_names_packages_settings_and_decoder():
    assert all(part in MozJpeg().library() for part in ("pyvips-binary ", "trellis_quant True", "OpenCV "))
