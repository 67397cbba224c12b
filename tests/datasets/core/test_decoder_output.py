"""Protects damage from being taken for a picture: a decoder's complaint is an error, and the terminal stays clean."""

import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data

from datasets.common.errors import DataError
from datasets.core.decoder_output import listened_to
from datasets.core.picture_file import decode_rgb, decode_rgb_strictly, read_picture

PIXELS = np.ascontiguousarray(data.chelsea()[:200, :200])
FORMS = {
    "baseline": {"quality": 60},
    "4:4:4": {"quality": 90, "subsampling": 0},
    "progressive": {"quality": 80, "progressive": True},
    "grey": {"quality": 80, "mode": "L"},
    "restart markers": {"quality": 80, "restart_marker_blocks": 4},
}


def _encoded(form):
    options = dict(FORMS[form])
    stream = io.BytesIO()
    Image.fromarray(PIXELS).convert(options.pop("mode", "RGB")).save(stream, "JPEG", **options)
    return stream.getvalue()


def _damaged(encoded, how, rng):
    """A JPEG with damage in its coded data that leaves its markers whole."""
    start, content = encoded.index(b"\xff\xda") + 20, bytearray(encoded)
    if how == "cut short":  # in the middle, with an end
        return bytes(content[: (start + len(content)) // 2].rstrip(b"\xff")) + b"\xff\xd9"
    for _ in range(8):
        place = int(rng.integers(start, len(content) - 10))
        if how == "zeroed":
            content[place : place + 40] = bytes(min(40, len(content) - 4 - place))
        elif 0xFF not in content[place - 1 : place + 1]:
            content[place] = (content[place] ^ 0x55) % 0xFF
    return bytes(content)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("decode", [decode_rgb, decode_rgb_strictly])
def test_damage_inside_a_jpeg_is_an_error(form, decode, capfd):
    encoded, rng = _encoded(form), np.random.default_rng(3)
    whole = decode(encoded)
    missed = []
    for how in ("flipped", "flipped", "zeroed", "cut short"):
        try:
            pixels = decode(_damaged(encoded, how, rng))
        except ValueError as error:
            assert "damaged" in str(error) or "decoded" in str(error)
        else:
            missed.append((how, not np.array_equal(pixels, whole)))
    assert len(missed) <= 1, "what decodes without a complaint cannot be told from a picture"
    assert decode(encoded).tobytes() == whole.tobytes()
    assert capfd.readouterr().err == ""


def test_the_file_is_named(tmp_path):
    path = tmp_path / "SRC01.jpg"
    path.write_bytes(_damaged(_encoded("baseline"), "cut short", np.random.default_rng(1)))
    with pytest.raises(DataError, match=r"SRC01\.jpg: .*damaged.*(Corrupt|Premature)"):
        read_picture(path)


def test_threads_hear_their_own_decoders_only():
    whole = _encoded("baseline")
    broken = _damaged(whole, "cut short", np.random.default_rng(1))

    def is_damaged(number):
        try:
            decode_rgb(broken if number % 7 == 3 else whole)
        except ValueError:
            return True
        return False

    with ThreadPoolExecutor(8) as pool:
        heard = list(pool.map(is_damaged, range(140)))
    assert heard == [number % 7 == 3 for number in range(140)]


def test_what_others_print_meanwhile_is_not_lost(capfd):
    result, complaint = listened_to(lambda: os.write(2, b"a line of another's\nCorrupt JPEG data: bad Huffman code\n"))
    assert result > 0 and complaint == "Corrupt JPEG data: bad Huffman code"
    assert capfd.readouterr().err == "a line of another's\n"
    with pytest.raises(ZeroDivisionError):
        listened_to(lambda: 1 // 0)
    os.write(2, b"here again\n")
    assert capfd.readouterr().err == "here again\n"


def test_without_standard_error_pictures_are_decoded():
    program = (
        "import os, sys\nos.close(2)\nfrom datasets.core.picture_file import decode_rgb\n"
        "whole, broken = bytes.fromhex(sys.stdin.readline()), bytes.fromhex(sys.stdin.readline())\n"
        "print(decode_rgb(whole).shape)\ntry:\n    decode_rgb(broken)\nexcept ValueError as error:\n    print(error)\n"
    )
    whole = _encoded("baseline")
    given = f"{whole.hex()}\n{_damaged(whole, 'cut short', np.random.default_rng(1)).hex()}\n"
    ended = subprocess.run([sys.executable, "-c", program], input=given, capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("(200, 200, 3)\n") and "damaged" in ended.stdout


def test_sound_levels_are_what_opencv_decodes():
    for quality in (1, 35, 100):
        encoded = cv2.imencode(".jpg", PIXELS, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        expected = cv2.cvtColor(cv2.imdecode(encoded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        np.testing.assert_array_equal(decode_rgb(encoded.tobytes()), expected)
