"""Protects JPEG 2000's levels: decibels that hold, and colours coded together."""

import numpy as np
import pytest

from datasets.codecs import jp2
from datasets.codecs._packages import saved
from datasets.codecs.jp2 import Jpeg2000
from datasets.core.imaging import luma, mse, psnr_db
from tests.datasets.codecs.pictures import PHOTOGRAPH

pytestmark = pytest.mark.skipif(bool(Jpeg2000().unavailable()), reason=Jpeg2000().unavailable())


def test_the_three_colours_are_coded_together():
    apart = saved(PHOTOGRAPH, "JPEG2000", quality_layers=[40], **{**jp2._SETTINGS, "mct": 0})
    assert len(Jpeg2000().encode(PHOTOGRAPH, 40)) < 0.8 * len(apart)


@pytest.mark.parametrize("level", [30, 40, 50])
def test_a_level_is_nearly_the_psnr(level):
    decoded = Jpeg2000().decode(Jpeg2000().encode(PHOTOGRAPH, level))
    assert abs(float(psnr_db(mse(luma(PHOTOGRAPH), luma(decoded)))) - level) < 4
    assert not np.array_equal(decoded, PHOTOGRAPH)


def test_the_library_names_version_and_settings():
    assert all(part in Jpeg2000().library() for part in ("OpenJPEG ", "Pillow ", "mct 1", "irreversible True"))
