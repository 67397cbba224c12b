"""Protects JPEG: OpenCV may stand in for Pillow (same bytes and pixels at all QF), its subsampling, its tables."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from datasets.codecs.jpeg import Jpeg, luma_table, nearest_quality
from datasets.common.errors import UserError
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


def test_the_quality_of_a_file_is_told_by_its_table():
    assert [nearest_quality(luma_table(quality)) for quality in range(1, 101)] == list(range(1, 101))
    assert abs(nearest_quality(np.clip(luma_table(70) * 1.1, 1, 255)) - 67) <= 1, "ten per cent coarser than 70"
    assert nearest_quality(np.full((8, 8), 65535)) == 1
