"""Protects the codecs: directions, and that OpenCV may stand in for Pillow (same bytes and pixels at all QF)."""

import io
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage import data

from datasets.common.errors import UserError
from datasets.core.codec import Bpg, Jpeg
from datasets.core.picture_file import decode_rgb_strictly

CODECS = (Jpeg(), Bpg())


def test_levels_run_from_the_worst_to_the_best():
    assert Jpeg().levels.tolist() == list(range(1, 101))
    assert Bpg().levels.tolist() == list(range(51, 0, -1))
    assert [(codec.sign, codec.lowest, codec.highest) for codec in CODECS] == [(1, 1, 100), (-1, 1, 51)]


@pytest.mark.parametrize("codec", CODECS)
def test_positions_count_from_the_worst(codec):
    assert codec.position(codec.worst_level) == 0
    assert codec.position(codec.best_level) == len(codec.levels) - 1
    assert codec.position(codec.levels).tolist() == list(range(len(codec.levels)))


@given(st.sampled_from(CODECS), st.floats(-10, 200))
@settings(deadline=None)
def test_a_position_leads_back_to_its_level(codec, level):
    assert codec.level_at(codec.position(level)) == pytest.approx(level)


def test_codecs_are_equal_by_kind_and_survive_pickling():
    assert Jpeg() == Jpeg() != Bpg()
    assert len({Jpeg(), Jpeg(), Bpg()}) == 2
    assert [pickle.loads(pickle.dumps(codec)) for codec in CODECS] == list(CODECS)


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


def test_bpg_is_only_read_and_never_encoded():
    rgb = data.chelsea()[:16, :16].copy()
    with pytest.raises(UserError, match=r"BPG cannot be encoded.*konjnd-1k-bpg"):
        Bpg().encode(rgb, 20)
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "PNG")
    np.testing.assert_array_equal(Bpg().decode(stream.getvalue()), rgb)
    assert "Pillow" in Bpg().library() and not Bpg.has_file_sizes
