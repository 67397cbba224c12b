"""Protects that a photograph looks as in a colour-managed viewer, and that sRGB ones keep every byte."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image, ImageCms, PngImagePlugin
from skimage import data

from datasets.core.picture_file import notes_on, read_picture, read_upright

RGB = np.ascontiguousarray(data.coffee()[100:164, 200:280])
SRGB_TO_XYZ = np.array([[0.43607, 0.38506, 0.14308], [0.2225, 0.71688, 0.06062], [0.01393, 0.0971, 0.71417]])
"""With white D50, as profiles have it."""
WIDE = {
    "P3": np.array([[0.51512, 0.29198, 0.1571], [0.2412, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]),
    "ProPhoto": np.array([[0.79767, 0.13519, 0.03135], [0.28804, 0.71187, 0.00009], [0.0, 0.0, 0.82521]]),
}


def profile_of(name: str) -> bytes:
    with Image.open(Path(skimage.__file__).parent / "data" / name) as image:
        return image.info["icc_profile"]


ADOBE_RGB, SRGB = profile_of("rocket.jpg"), profile_of("chelsea.png")


def icc(space: str, pcs: str, **tags: bytes) -> bytes:
    """A profile of version 2."""
    number = lambda value: struct.pack(">i", round(value * 65536))  # noqa: E731
    white = b"".join(map(number, (0.9642, 1.0, 0.8249)))
    name = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"Test\0" + bytes(78)
    everything = {"desc": name, "wtpt": b"XYZ \0\0\0\0" + white, "cprt": b"text\0\0\0\0none\0", **tags}
    table, body = struct.pack(">I", len(everything)), b""
    start = 128 + 4 + 12 * len(everything)
    for tag, content in everything.items():
        table += tag.encode() + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    kind = b"prtr" if space == "CMYK" else b"mntr"
    head = bytes(4) + b"\x02\x40\0\0" + kind + space.encode() + pcs.encode() + bytes(12) + b"acsp" + bytes(28) + white
    return struct.pack(">I", start + len(body)) + head + bytes(128 - 4 - len(head)) + table + body


def curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def matrix_profile(to_xyz: np.ndarray, gamma: float) -> bytes:
    columns = {
        f"{name}XYZ": b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in column))
        for name, column in zip("rgb", to_xyz.T, strict=True)
    }
    return icc("RGB ", "XYZ ", **columns, **{f"{name}TRC": curve(gamma) for name in "rgb"})


def ink_profile() -> bytes:
    """Of inks that make Lab 80 at full, but white where there is none, and black where there is black."""
    corners = [
        (0, 128, 128) if key else (255 if not c + m + y else 204, 128, 128) for c, m, y, key in np.ndindex(*[2] * 4)
    ]
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + struct.pack(">9i", *np.eye(3, dtype=int).ravel() * 65536)
    ramp = bytes(range(256))
    return icc("CMYK", "Lab ", A2B0=table + ramp * 4 + bytes(np.array(corners, np.uint8).ravel()) + ramp * 3)


def linear(rgb: np.ndarray) -> np.ndarray:
    coded = rgb / 255
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def in_wide_space(rgb: np.ndarray, to_xyz: np.ndarray, gamma: float, most: int) -> np.ndarray:
    """The numbers, up to `most`, that look like an sRGB picture under the space's profile."""
    wide = linear(rgb) @ SRGB_TO_XYZ.T @ np.linalg.inv(to_xyz).T
    return np.round(np.clip(wide, 0, 1) ** (1 / gamma) * most)


def difference(path: Path, shown: np.ndarray) -> float:
    return float(np.abs(read_upright(path).astype(float) - shown).mean())


@pytest.mark.parametrize("space", WIDE)
@pytest.mark.parametrize("kind", ["png", "jpg", "tif", "webp"])
def test_a_wide_gamut_looks_as_it_should(tmp_path, space, kind):
    profile = matrix_profile(WIDE[space], 1.8)
    stored = in_wide_space(RGB, WIDE[space], 1.8, 255).astype(np.uint8)
    options = {"jpg": {"quality": 98, "subsampling": 0}, "webp": {"lossless": True}}.get(kind, {})
    path = tmp_path / f"wide.{kind}"
    Image.fromarray(stored).save(path, icc_profile=profile, **options)
    assert difference(path, RGB) < 2.5 < np.abs(read_picture(path).astype(float) - RGB).mean()
    assert notes_on(path) == ("converted to sRGB from its colour profile (Test)",)


def test_sixteen_bits_of_a_wide_gamut_do_too(tmp_path):
    import cv2

    stored = in_wide_space(RGB, WIDE["ProPhoto"], 1.8, 65535).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "deep.png"), np.ascontiguousarray(stored[..., ::-1]))
    content = (tmp_path / "deep.png").read_bytes()
    chunk = io.BytesIO()
    PngImagePlugin.putchunk(chunk, b"iCCP", b"p\0\0" + zlib.compress(matrix_profile(WIDE["ProPhoto"], 1.8)))
    (tmp_path / "deep.png").write_bytes(content[:33] + chunk.getvalue() + content[33:])
    assert difference(tmp_path / "deep.png", RGB) < 2


@pytest.mark.parametrize("kind", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("profile", [SRGB, ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()])
def test_an_srgb_profile_changes_no_byte_and_nothing_is_said(tmp_path, kind, profile):
    Image.fromarray(RGB).save(tmp_path / f"with.{kind}", icc_profile=profile)
    Image.fromarray(RGB).save(tmp_path / f"without.{kind}")
    np.testing.assert_array_equal(read_upright(tmp_path / f"with.{kind}"), read_upright(tmp_path / f"without.{kind}"))
    assert notes_on(tmp_path / f"with.{kind}") == ()


def test_transparent_parts_and_palettes_are_converted_before_they_are_laid_over_white(tmp_path):
    alpha = np.zeros(RGB.shape[:2], np.uint8)
    alpha[:, 40:] = 255
    Image.fromarray(np.dstack([RGB, alpha])).save(tmp_path / "alpha.png", icc_profile=ADOBE_RGB)
    Image.fromarray(RGB).save(tmp_path / "plain.png", icc_profile=ADOBE_RGB)
    plain, shown = read_upright(tmp_path / "plain.png"), read_upright(tmp_path / "alpha.png")
    assert shown[:, :40].min() == 255
    np.testing.assert_array_equal(shown[:, 40:], plain[:, 40:])
    palette = Image.fromarray(RGB).quantize(32)
    palette.save(tmp_path / "palette.png", icc_profile=ADOBE_RGB)
    palette.convert("RGB").save(tmp_path / "same.png", icc_profile=ADOBE_RGB)
    np.testing.assert_array_equal(read_upright(tmp_path / "palette.png"), read_upright(tmp_path / "same.png"))


@pytest.mark.parametrize("deep", [False, True])
def test_a_grey_profile_fits_grey_pictures_alone(tmp_path, deep):
    profile = icc("GRAY", "XYZ ", kTRC=curve(1.0))
    ramp = np.tile(np.arange(80), (64, 1)).astype(np.uint16) * 3
    grey = Image.fromarray(ramp * 257 if deep else ramp.astype(np.uint8))
    grey.save(tmp_path / "grey.png", icc_profile=profile)
    light = ramp / 255
    coded = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    shown = read_upright(tmp_path / "grey.png")
    assert np.abs(shown - coded[..., None]).max() < 2 and np.ptp(shown.astype(int), axis=2).max() <= 1
    Image.fromarray(RGB).save(tmp_path / "colour.png", icc_profile=profile)
    np.testing.assert_array_equal(read_upright(tmp_path / "colour.png"), RGB)
    assert "does not fit its colours" in notes_on(tmp_path / "colour.png")[0]


def test_inks_are_converted_by_their_profile_and_doubted_without(tmp_path):
    inks = Image.new("CMYK", (40, 40), (0, 0, 0, 0))
    inks.paste((255, 0, 0, 0), (0, 0, 20, 20))
    inks.paste((0, 0, 0, 255), (20, 20, 40, 40))
    inks.save(tmp_path / "inks.tif", icc_profile=ink_profile())
    shown = read_upright(tmp_path / "inks.tif").astype(int)
    assert shown[5, 35].min() >= 253 and shown[35, 35].max() < 3 and np.abs(shown[5, 5] - 198).max() < 4
    inks.save(tmp_path / "plain.jpg")
    assert notes_on(tmp_path / "plain.jpg") == ("CMYK without a colour profile: its colours are approximate",)


@pytest.mark.parametrize("broken", [b"no profile", SRGB[:200], SRGB[:16] + b"XXXX" + SRGB[20:], bytes(3000)])
def test_a_broken_profile_is_not_applied_and_said(tmp_path, broken):
    Image.fromarray(RGB).save(tmp_path / "a.png", icc_profile=broken)
    np.testing.assert_array_equal(read_upright(tmp_path / "a.png"), RGB)
    assert notes_on(tmp_path / "a.png") == ("its colour profile is damaged and is not applied",)


SRGB_PRIMARIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)


@pytest.mark.parametrize(
    ("chunks", "gamma"),
    [
        ([(b"sRGB", b"\0")], None),
        ([(b"gAMA", struct.pack(">I", 45455))], None),
        ([(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 100_000))], None),
        ([(b"gAMA", struct.pack(">I", 100_000))], 1.0),
        ([(b"gAMA", struct.pack(">I", 55_556))], 0.55556),
        ([(b"gAMA", struct.pack(">I", 45455)), (b"cHRM", struct.pack(">8I", *SRGB_PRIMARIES))], None),
    ],
)
def test_png_chunks_without_a_profile_are_followed_as_by_browsers(tmp_path, chunks, gamma):
    info = PngImagePlugin.PngInfo()
    for chunk in chunks:
        info.add(*chunk)
    stored = RGB if gamma is None else np.round(255 * linear(RGB) ** gamma).astype(np.uint8)
    Image.fromarray(stored).save(tmp_path / "a.png", pnginfo=info)
    assert np.abs(read_upright(tmp_path / "a.png").astype(int) - RGB)[RGB > 80].max() <= (0 if gamma is None else 2)
    said = () if gamma is None else (f"converted to sRGB from its gamma ({gamma:g}, chunk gAMA)",)
    assert notes_on(tmp_path / "a.png") == said


def test_other_primaries_without_a_profile_are_doubted(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add(b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000))
    Image.fromarray(RGB).save(tmp_path / "a.png", pnginfo=info)
    np.testing.assert_array_equal(read_upright(tmp_path / "a.png"), RGB)
    assert notes_on(tmp_path / "a.png") == ("its primaries (chunk cHRM) are not sRGB's and are not applied",)


def test_adobe_rgb_by_exif_alone_is_doubted(tmp_path):
    exif = Image.Exif()
    exif[0x8769] = {0xA001: 2}
    Image.fromarray(RGB).save(tmp_path / "a.png", exif=exif)
    assert "its EXIF says Adobe RGB" in notes_on(tmp_path / "a.png")[0]


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "TIFF", "PNG"])
def test_one_of_several_frames_or_pages_is_said(tmp_path, kind):
    image = Image.fromarray(RGB)
    image.save(tmp_path / "a", kind, save_all=True, append_images=[image.rotate(180)])
    assert notes_on(tmp_path / "a") == ("the first of several pages or frames",)
