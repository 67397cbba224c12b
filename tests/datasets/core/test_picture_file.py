"""Protects the reading of pictures: every kind people have, every damage named."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from datasets.common.errors import DataError
from datasets.core.imaging import halved, luma
from datasets.core.picture_file import decode_rgb, decode_rgb_strictly, read_picture, read_upright

PHOTOGRAPH = np.ascontiguousarray(data.astronaut()[:64, :80])


def packed(image: np.ndarray | Image.Image, kind: str, **options) -> bytes:
    stream = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP"])
def test_lossless_kinds_come_back_exactly(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    np.testing.assert_array_equal(decode_rgb_strictly(packed(PHOTOGRAPH, kind, **options)), PHOTOGRAPH)


@pytest.mark.parametrize("decode", [decode_rgb, decode_rgb_strictly])
@pytest.mark.parametrize("kind", ["PNG", "BMP", "JPEG", "WEBP"])
def test_a_picture_that_ends_early_is_refused(decode, kind):
    whole = packed(PHOTOGRAPH, kind)
    for length in [0, 1, 2, 10, 40, 100, len(whole) // 3, len(whole) // 2, len(whole) - 40]:
        with pytest.raises(ValueError, match=r"empty|truncated|decode"):
            decode(whole[:length])


@pytest.mark.parametrize("decode", [decode_rgb, decode_rgb_strictly])
@pytest.mark.parametrize("contents", [b"", b"\0" * 1000, b"<html>not found</html>", b"SRC01 52 30 18\n" * 50])
def test_what_is_no_picture_is_refused(decode, contents):
    with pytest.raises(ValueError, match=r"empty|decode"):
        decode(contents)


@pytest.mark.parametrize("decode", [decode_rgb, decode_rgb_strictly])
def test_a_header_that_announces_an_absurd_size_is_refused(decode):
    """OpenCV raises its own error there, which once passed for a bug of the program instead of a damaged file."""
    damaged = bytearray(packed(PHOTOGRAPH, "JPEG"))
    frame = damaged.find(b"\xff\xc0")
    damaged[frame + 5 : frame + 9] = b"\xff\xdc\xff\xdc"
    with pytest.raises(ValueError, match="decode"):
        decode(bytes(damaged))


def test_grey_and_palette_become_rgb():
    grey = luma(PHOTOGRAPH)
    np.testing.assert_array_equal(decode_rgb_strictly(packed(grey, "PNG")), np.repeat(grey[:, :, None], 3, axis=2))
    palette = Image.fromarray(PHOTOGRAPH).quantize(32)
    np.testing.assert_array_equal(decode_rgb_strictly(packed(palette, "PNG")), np.asarray(palette.convert("RGB")))
    assert decode_rgb(packed(grey, "JPEG")).shape == (64, 80, 3)


def test_alpha_is_laid_over_white():
    alpha = np.zeros((64, 80), dtype=np.uint8)
    alpha[:, 40:] = 255
    found = decode_rgb_strictly(packed(np.dstack([PHOTOGRAPH, alpha]), "PNG"))
    assert found[:, :40].min() == 255
    np.testing.assert_array_equal(found[:, 40:], PHOTOGRAPH[:, 40:])


def test_transparent_palette_and_grey_with_alpha_are_laid_over_white():
    palette = Image.fromarray(PHOTOGRAPH).quantize(32)
    assert decode_rgb_strictly(packed(palette, "PNG", transparency=0)).shape == (64, 80, 3)
    faint = Image.merge("LA", [Image.new("L", (8, 8), 0), Image.new("L", (8, 8), 1)])
    assert decode_rgb_strictly(packed(faint, "PNG")).min() == 254


def test_sixteen_bits_are_scaled_to_eight_even_in_the_dark():
    grey = luma(PHOTOGRAPH)
    deep = packed(grey.astype(np.uint16) * 257, "PNG")
    np.testing.assert_array_equal(decode_rgb_strictly(deep)[..., 1], grey)
    night = packed((grey // 2).astype(np.uint16), "PNG")  # at most 127 of 65535: black
    assert decode_rgb_strictly(night).max() == 0


def test_cmyk_becomes_rgb():
    cmyk = packed(Image.fromarray(PHOTOGRAPH).convert("CMYK"), "JPEG", quality=95)
    found = decode_rgb_strictly(cmyk)
    assert found.shape == PHOTOGRAPH.shape
    assert np.abs(found.astype(float) - PHOTOGRAPH).mean() < 6


def test_orientation_tags_do_not_turn_a_picture():
    image = Image.fromarray(PHOTOGRAPH)
    exif = image.getexif()
    exif[0x0112] = 6
    turned = packed(image, "JPEG", exif=exif.tobytes())
    assert decode_rgb(turned).shape == decode_rgb_strictly(turned).shape == PHOTOGRAPH.shape


def test_reading_a_file_names_it_and_says_what_to_do(tmp_path):
    good, bad, folder = tmp_path / "SRC01.png", tmp_path / "SRC02.png", tmp_path / "SRC03.png"
    good.write_bytes(packed(PHOTOGRAPH, "PNG"))
    bad.write_bytes(good.read_bytes()[:500])
    folder.mkdir()
    np.testing.assert_array_equal(read_picture(good), PHOTOGRAPH)
    with pytest.raises(DataError, match=r"SRC02\.png.*copy it again"):
        read_picture(bad)
    with pytest.raises(DataError, match=r"SRC04\.png: no such picture"):
        read_picture(tmp_path / "SRC04.png")
    with pytest.raises(DataError, match=r"SRC03\.png"):
        read_picture(folder)


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", "jpg"), ("PNG", "png")])
def test_at_half_its_size_a_photograph_looks_the_same(kind, suffix, tmp_path):
    """A JPEG is decoded to it at once, others are made smaller afterwards; odd sides and turned pictures, too."""
    path = tmp_path / f"photo.{suffix}"
    turned = Image.Exif()
    turned[0x0112] = 6
    path.write_bytes(packed(PHOTOGRAPH[:63, :79], kind, exif=turned, **({"quality": 95} if kind == "JPEG" else {})))
    whole, half = read_upright(path), read_upright(path, at_half=True)
    assert whole.shape == (79, 63, 3)
    assert abs(half.shape[0] - 39.5) < 1 and abs(half.shape[1] - 31.5) < 1
    assert np.abs(half[:38, :30].astype(float) - halved(whole)[:38, :30]).mean() < 10


def test_at_half_its_size_damage_is_refused_as_well(tmp_path):
    whole = packed(PHOTOGRAPH, "JPEG")
    (tmp_path / "photo.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cannot be read as a picture"):
        read_upright(tmp_path / "photo.jpg", at_half=True)
