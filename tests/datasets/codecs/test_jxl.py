"""Protects JPEG XL's levels: cjxl's scale, lossy throughout, one thread."""

import numpy as np
import pytest

from datasets.codecs import jxl
from datasets.codecs.jxl import JpegXl, distance_of
from tests.datasets.codecs.pictures import PHOTOGRAPH

imagecodecs = pytest.importorskip("imagecodecs", reason="the extra 'codecs' is not installed")


def test_quality_is_cjxls():
    assert [distance_of(quality) for quality in (100, 90, 30)] == pytest.approx([0.1, 1.0, 6.4])
    assert np.all(np.diff([distance_of(quality) for quality in JpegXl().levels]) < 0)
    for level in (7, 27, 63, 99):
        theirs = imagecodecs.jpegxl_encode(PHOTOGRAPH, level=level, effort=5, lossless=False, numthreads=1)
        assert len(theirs) == len(JpegXl().encode(PHOTOGRAPH, level))


def test_no_level_is_lossless_or_larger_than_lossless():
    best = JpegXl().encode(PHOTOGRAPH, JpegXl().best_level)
    assert not np.array_equal(JpegXl().decode(best), PHOTOGRAPH)
    assert len(best) < len(imagecodecs.jpegxl_encode(PHOTOGRAPH, lossless=True))


def test_every_level_is_encoded_by_one_thread():
    assert jxl._SETTINGS["numthreads"] == 1 and jxl._SETTINGS["lossless"] is False


def test_a_picture_of_another_form_is_refused():
    grey16 = imagecodecs.jpegxl_encode(np.zeros((8, 8), np.uint16))
    with pytest.raises(ValueError, match="expected 8-bit RGB"):
        JpegXl().decode(grey16)


def test_the_library_names_version_and_settings():
    assert all(part in JpegXl().library() for part in ("libjxl ", "imagecodecs ", "effort 5", "numthreads 1"))
