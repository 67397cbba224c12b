"""Protects the JPEG luma tables: against the headers that encoders write, at every quality factor."""

import io

import numpy as np
import pytest
from PIL import Image

from baselines.subband._jpeg_tables import luma_table
from datasets.common.errors import UserError
from datasets.core.codec import Jpeg

BLACK = np.zeros((16, 16, 3), dtype=np.uint8)


def written_table(encoded: bytes) -> np.ndarray:
    """The first table of a file; Pillow gives it row by row."""
    with Image.open(io.BytesIO(encoded)) as image:
        return np.array(image.quantization[0]).reshape(8, 8)


@pytest.mark.parametrize("quality", range(1, 101))
def test_tables_are_those_that_the_codec_writes(quality):
    assert np.array_equal(luma_table(quality), written_table(Jpeg().encode(BLACK, quality)))


def test_steps_fall_with_quality_and_end_at_one():
    tables = np.array([luma_table(quality) for quality in range(1, 101)])
    assert (np.diff(tables, axis=0) <= 0).all()
    assert tables.max() == 255
    assert (tables[-1] == 1).all()


@pytest.mark.parametrize("quality", [1, 14, 50, 90, 100])
def test_shipped_files_of_konjnd_1k_carry_these_tables(quality, genuine_ladders):
    file = genuine_ladders / "jpeg" / f"SRC0013_JPEG_{quality:03d}.jpg"
    assert np.array_equal(luma_table(quality), written_table(file.read_bytes()))


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_there_is_no_table_outside_the_range(quality):
    with pytest.raises(UserError, match=r"1\.\.100"):
        luma_table(quality)


def test_nobody_can_change_a_table_for_all():
    with pytest.raises(ValueError, match="read-only"):
        luma_table(50)[0, 0] = 3
