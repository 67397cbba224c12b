"""Photographs that are broken or mean harm: each is a picture or an error that names it, soon, and nothing runs."""

import io
import os
import re
import stat
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage import data

from datasets.common.commands import run_command
from datasets.common.errors import DataError, UserError
from datasets.common.files import MOST_BYTES
from datasets.core.picture_file import (
    FORMATS,
    MOST_PIXELS,
    MOST_SCANS,
    decode_rgb,
    decode_rgb_strictly,
    read_picture,
    read_upright,
)
from datasets.core.picture_forms import read_markers
from datasets.simulate import main as simulate
from datasets.simulation.folder import find_photos
from sgjnd.predict import find_files
from tests.survival.conftest import cases, ends_within, png, png_chunk, resized_jpeg

PHOTO = np.ascontiguousarray(data.astronaut()[:48, :64])
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other pipes, devices and names")


def packed(picture: np.ndarray | Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(stream, kind, **options)
    return stream.getvalue()


def kinds() -> dict[str, bytes]:
    """A small photograph in every form that people have, by name."""
    image, exif = Image.fromarray(PHOTO), Image.Exif()
    exif[0x0112] = 6
    frames = {"save_all": True, "append_images": [image.rotate(180)]}
    deep = PHOTO[..., 1].astype(np.uint16) * 257
    return {
        "png": packed(image, "PNG", exif=exif),
        "palette": packed(image.quantize(32), "PNG", transparency=0),
        "alpha": packed(image.convert("RGBA"), "PNG"),
        "16 bits": packed(deep, "PNG"),
        "animated png": packed(image, "PNG", **frames),
        "jpeg": packed(image, "JPEG", exif=exif),
        "progressive": packed(image, "JPEG", progressive=True),
        "cmyk": packed(image.convert("CMYK"), "JPEG"),
        "bmp": packed(image, "BMP"),
        "webp": packed(image, "WEBP", exif=exif),
        "animated webp": packed(image, "WEBP", **frames),
        "gif": packed(image.quantize(64), "GIF", save_all=True, append_images=[image.rotate(180).quantize(64)]),
        "tiff": packed(image, "TIFF", compression="tiff_lzw", exif=exif),
        "tiff of numbers": packed(PHOTO[..., 1].astype(np.float32) / 255, "TIFF"),
        "tiff of jpeg": packed(image, "TIFF", compression="jpeg"),
        "ppm": packed(image, "PPM"),
    }


KINDS = kinds()


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    """A test that waits for a pipe or reads a device fails instead of hanging."""
    with ends_within(120):
        yield


def looked_at(path: Path) -> np.ndarray | None:
    """A file as the commands read it; None where it was refused by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, of damaged tags
        try:
            pixels = read_upright(path)
        except DataError as error:
            assert str(path) in str(error)
            return None
    assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
    return pixels


@pytest.mark.parametrize("kind", KINDS)
def test_every_whole_form_is_read(tmp_path, kind):
    """Otherwise the tests below would protect nothing."""
    path = tmp_path / "whole.png"
    path.write_bytes(KINDS[kind])
    pixels = looked_at(path)
    assert pixels is not None and sorted(pixels.shape) == [3, 48, 64]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_anywhere_is_refused_or_whole_enough(tmp_path, kind, survived):
    """A container may end in what nobody needs; a picture of another size than the whole one is never made."""
    whole, path = KINDS[kind], tmp_path / "cut.jpg"
    lengths = np.unique(np.linspace(0, len(whole) - 1, cases(30)).round().astype(int))
    for length in lengths:
        path.write_bytes(whole[:length])
        pixels = looked_at(path)
        assert pixels is None or (length > 40 and sorted(pixels.shape) == [3, 48, 64])
    survived("photographs cut off", len(lengths))


@settings(max_examples=cases(200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(KINDS)),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12),
    st.sampled_from([60, 400, 1 << 20]),
)
def test_flipped_bytes_make_a_picture_or_an_error_that_names_the_file(tmp_path, kind, flips, within):
    damaged = bytearray(KINDS[kind])
    for place, value in flips:
        damaged[int(place * min(len(damaged), within))] = value
    (tmp_path / "flipped.webp").write_bytes(damaged)
    looked_at(tmp_path / "flipped.webp")
    try:
        assert decode_rgb(bytes(damaged)).shape[2] == 3
    except ValueError as error:
        assert str(error)


def test_so_many_were_flipped(survived):
    survived("photographs with flipped bytes", cases(200))


@given(st.binary(max_size=300))
def test_noise_is_no_picture(noise):
    for start in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"BM", b"RIFF....WEBP", b"II*\0", b"GIF89a", b"P6\n"):
        for decode in (decode_rgb, decode_rgb_strictly):
            with pytest.raises(ValueError, match=r"\w"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                decode(start + noise)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 100), st.booleans())
@settings(max_examples=cases(30))
def test_a_jpegs_announced_size_is_the_decoded_one(height, width, quality, progressive):
    """What is refused for its size is refused by this number: it must be the decoder's."""
    encoded = packed(np.zeros((height, width, 3), np.uint8), "JPEG", quality=quality, progressive=progressive)
    for segment in (b"", b"\xff\xff\xfe\x00\x04\xff\xc0"):  # a comment
        markers = read_markers(encoded[:2] + segment + encoded[2:], MOST_SCANS)
        assert (markers.height, markers.width, markers.is_whole) == (height, width, True)


def tiff(width: int, height: int, *more: tuple[int, int]) -> bytes:
    """Of one byte a pixel, uncompressed; further entries by tag."""
    entries = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: height, 279: 4000, **dict(more)}
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(entries.items()))
    return struct.pack("<2sHI", b"II", 42, 4008) + bytes(4000) + struct.pack("<H", len(entries)) + directory + bytes(4)


def bombs() -> dict[str, bytes]:
    """Small files that announce huge pictures, by name."""
    bmp, gif = bytearray(KINDS["bmp"]), bytearray(KINDS["gif"])
    struct.pack_into("<ii", bmp, 18, 60_000, 60_000)
    struct.pack_into("<HH", gif, 6, 65_535, 65_535)
    lossless = b"\x2f" + struct.pack("<I", 16_383 | 16_383 << 14) + bytes(40)
    webp = b"WEBPVP8L" + struct.pack("<I", len(lossless)) + lossless + b"\0"
    return {
        "png": png(60_000, 60_000, zlib.compress(bytes(10_000))),
        "png of 2^31": png(2**31 - 1, 2**31 - 1, zlib.compress(bytes(10_000))),
        "png that is all there": png(20_000, 20_000, zlib.compress(bytes(20_000 * 2_501), 9)),
        "jpeg": resized_jpeg(KINDS["jpeg"], 60_000, 60_000),
        "bmp": bytes(bmp),
        "gif": bytes(gif),
        "webp": b"RIFF" + struct.pack("<I", len(webp)) + webp,
        "tiff": tiff(60_000, 60_000),
        "tiff of tiles": tiff(64, 48, (322, 60_000), (323, 60_000), (324, 8), (325, 4000)),
        "ppm": b"P6\n60000 60000\n255\n" + bytes(1000),
        "ppm of 10^30": b"P6\n1" + b"0" * 30 + b" 60000\n255\n" + bytes(1000),
        "text in a png": png(1, 1, b"")[:-12] + png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(80 << 20), 9)),
        "icc profile in a png": png(1, 1, b"")[:-12] + png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(80 << 20), 9)),
    }


BOMBS = bombs()


@pytest.mark.parametrize("kind", BOMBS)
def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path, kind, survived):
    path = tmp_path / f"{kind}.png"
    path.write_bytes(BOMBS[kind])
    assert path.stat().st_size < 200_000
    assert looked_at(path) is None
    with pytest.raises(ValueError, match=r"decoded|empty"):
        decode_rgb(BOMBS[kind])
    survived("decompression bombs")


def test_a_jpeg_ladder_is_decoded_up_to_the_limit_and_no_further():
    """OpenCV alone decodes eight times as many pixels as are allowed here."""
    with pytest.raises(ValueError, match=rf"30000x30000 are more than the {MOST_PIXELS // 10**6} million pixels"):
        decode_rgb(resized_jpeg(KINDS["jpeg"], 30_000, 30_000))


def test_a_jpeg_of_thousands_of_scans_is_refused(tmp_path):
    """Each is a pass over the whole picture and takes some bytes: a small file would be decoded for hours."""
    whole = KINDS["progressive"]
    last = whole.rfind(b"\xff\xda")
    (tmp_path / "scans.jpg").write_bytes(whole[:last] + whole[last:-2] * 2000 + whole[-2:])
    with pytest.raises(DataError, match=r"scans\.jpg.*it has more than 500 scans"):
        read_picture(tmp_path / "scans.jpg")
    with pytest.raises(ValueError, match="scans"):
        decode_rgb((tmp_path / "scans.jpg").read_bytes())


def test_a_file_too_large_to_be_read_is_refused_by_its_size(tmp_path):
    path = tmp_path / "huge.png"
    with path.open("wb") as stream:
        stream.truncate(MOST_BYTES + 1)  # a hole on the disk
    with pytest.raises(DataError, match=r"huge\.png: cannot be read as a picture: it has 1,073,741,825 bytes"):
        read_picture(path)


def test_what_is_no_picture_to_us_goes_to_no_other_program(tmp_path, monkeypatch, survived):
    """Pillow gives EPS to Ghostscript. A program of that name that leaves a trace stands in for it."""
    trace, tools = tmp_path / "executed", tmp_path / "tools"
    tools.mkdir()
    for name in ("gs", "gswin32c", "gswin64c"):
        (tools / name).write_text(f"#!/bin/sh\ntouch {trace}\n")
        (tools / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    others = ("EPS", "TGA", "ICO", "PCX", "DDS", "SGI", "PDF", "JPEG2000")
    for kind in others:
        (tmp_path / "other.png").write_bytes(packed(PHOTO, kind))
        with pytest.raises(DataError, match=rf"other\.png.*none of {FORMATS[0]}, {FORMATS[1]}"):
            read_picture(tmp_path / "other.png")
    assert not trace.exists()
    survived("files of other kinds named .png", len(others))


@pytest.mark.parametrize("orientation", [0, 9, -1, 65_535, "six", (1, 2)])
def test_an_orientation_that_is_none_turns_nothing(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = 6
    content = KINDS["jpeg"]
    if isinstance(orientation, int):
        at = content.find(b"\x01\x12\x00\x03") + 8
        content = content[:at] + struct.pack(">H", orientation % 65_536) + content[at + 2 :]
    else:  # of another type and count
        at = content.find(b"\x01\x12\x00\x03") + 2
        content = content[:at] + struct.pack(">HI", 2 if orientation == "six" else 3, 2) + content[at + 6 :]
    (tmp_path / "a.jpg").write_bytes(content)
    pixels = looked_at(tmp_path / "a.jpg")
    assert pixels is not None and pixels.shape in ((48, 64, 3), (64, 48, 3))


def test_numbers_that_are_no_grey_levels_are_refused(tmp_path):
    for value in (np.nan, np.inf):
        deep = PHOTO[..., 1].astype(np.float32)
        deep[3, 4] = value
        (tmp_path / "a.tif").write_bytes(packed(deep, "TIFF"))
        with pytest.raises(DataError, match=r"a\.tif.*not all finite"):
            read_picture(tmp_path / "a.tif")


@posix_only
def test_pipes_and_devices_are_refused_and_not_waited_for(tmp_path, survived):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    (tmp_path / "nothing.png").symlink_to(tmp_path / "not there")
    (tmp_path / "folder.png").mkdir()
    names = ("pipe.png", "zero.png", "loop.png", "nothing.png", "folder.png")
    for name in names:
        with pytest.raises(DataError, match=name):
            read_picture(tmp_path / name)
        with pytest.raises(UserError):
            find_files([str(tmp_path / name)])
    with pytest.raises(UserError, match="holds no photographs"):
        find_photos(tmp_path, recursive=True, apart_from=tmp_path / "out")
    survived("pipes, devices and broken links for photographs", len(names))


HOSTILE_NAMES = [
    "-q.png",
    "new\nline.png",
    "\"quotes\" 'and' `ticks`.png",
    "<img src=x onerror=alert(1)>.png",
    "*?[x].png",
    "x....png",
    "\x1b[2Jescape.png",
    "Gr\u00fc\u00dfe \U0001f431 \u202egnp.png",
    "n" * 251 + ".png",
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Callable[[], dict[str, bytes]]:
    """A folder of small photographs with hostile names and hostile contents, and what stands in and around it."""
    home = tmp_path_factory.mktemp("home")
    photos = home / "photos"
    photos.mkdir()
    names = HOSTILE_NAMES if sys.platform != "win32" else ["-q.png"]
    for name in names:
        (photos / name).write_bytes(KINDS["png"])
    for kind in ("png", "jpeg", "tiff of tiles", "webp"):
        (photos / f"bomb {kind}.png").write_bytes(BOMBS[kind])
    (photos / "empty.png").write_bytes(b"")
    (photos / "text.jpg").write_text("these are words")
    (photos / "cut.webp").write_bytes(KINDS["webp"][:-40])
    (photos / "folder.png").mkdir()
    if sys.platform != "win32":
        os.mkfifo(photos / "pipe.png")
        (photos / "zero.png").symlink_to("/dev/zero")
        (photos / "out.png").symlink_to("/etc/passwd")
        (photos / os.fsdecode(b"not \xff utf-8.png")).write_bytes(KINDS["png"])

    def everything() -> dict[str, bytes]:
        files = (path for path in home.rglob("*") if path.is_file() and not path.is_symlink())
        return {str(path.relative_to(home)): path.read_bytes() for path in files}

    everything.photos = photos  # type: ignore[attr-defined]
    return everything


BAD = 7 + (sys.platform != "win32")
GOOD = len(HOSTILE_NAMES) + 1 if sys.platform != "win32" else 1


def test_predict_answers_the_good_names_the_bad_and_writes_into_its_folder_alone(tree, survived):
    """Run as people run it: names reach a terminal, and what is saved lies in the folder that was named."""
    before = tree()
    photos = tree.photos
    words = [sys.executable, "-m", "sgjnd.predict", "--save", "../saved", "--device", "cpu", "--", "-q.png", "."]
    paths = {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run(
        words, cwd=photos, capture_output=True, text=True, timeout=100, env={**os.environ, **paths}, check=False
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert done.stdout.count("): JPEG quality") == GOOD
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", done.stdout + done.stderr)
    assert f"{BAD} of {BAD + GOOD} pictures could not be used" in done.stderr
    for name in ("bomb png", "bomb jpeg", "bomb webp", "empty", "text", "cut"):
        assert f"left out: {name}" in done.stderr
    assert "root:" not in done.stderr, "nothing of a file that is no picture is told"
    after = tree()
    assert {name: after[name] for name in before} == before
    new = sorted(set(after) - set(before))
    assert all(Path(name).parts[0] == "saved" and len(Path(name).parts) == 2 for name in new)
    survived("hostile names of photographs", GOOD)
    survived("hostile photographs given to predict", BAD)


def test_predict_tells_a_name_that_can_be_none():
    for name in ("n" * 5000, "~nobody-of-this-name/a.png", "\0", "../photos/../../nothing.png", "/dev/zero"):
        with pytest.raises(UserError):
            find_files([name])


def test_simulate_names_every_file_that_it_cannot_use_and_writes_into_its_folder_alone(
    tree, tmp_path, monkeypatch, capsys, survived
):
    """None of the photographs is large enough for it, so that it ends before it looks at any."""
    before = tree()
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert run_command(lambda: simulate([str(tree.photos), "--out", "set", "--crop", "none"])) == 2
    told = capsys.readouterr().err
    for name in ("bomb jpeg.png", "empty.png", "text.jpg", "cut.webp", "-q.png"):
        assert f"\n  {name}: " in told
    assert tree() == before
    assert {path.name for path in tmp_path.iterdir()} == {"set"}
    photos, _ = find_photos(tree.photos, recursive=True, apart_from=tmp_path / "set")
    assert len({photo.source for photo in photos}) == BAD + GOOD
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", photo.source) for photo in photos)
    survived("hostile photographs given to simulate", BAD)
