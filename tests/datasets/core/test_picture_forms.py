"""Protects that a picture of any form is shown as its writer shows it, or refused in one line that names the form."""

import io
import struct
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms
from skimage import data

from datasets.common.errors import DataError
from datasets.core.picture_file import decode_rgb, decode_rgb_strictly, opened, read_upright
from datasets.core.picture_forms import pictures_in, read_markers

RGB = np.ascontiguousarray(data.astronaut()[:64, :80])
GREY = np.ascontiguousarray(RGB[..., 1])
ALPHA = np.tile(np.linspace(0, 255, 80).astype(np.uint8), (64, 1))
PREMULTIPLIED = np.round(RGB * (ALPHA[..., None] / 255)).astype(np.uint8)
WHITE_UNDER = RGB * (ALPHA[..., None] / 255) + 255 - ALPHA[..., None]
PALETTE = Image.fromarray(RGB).quantize(16)
BILEVEL = GREY > 128
OTHER = Image.fromarray(255 - RGB)


def of_grey(values: np.ndarray) -> np.ndarray:
    return np.repeat(values[:, :, None], 3, axis=2)


def pillow(picture: np.ndarray | Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(stream, kind, **options)
    return stream.getvalue()


def tiff(values: np.ndarray, photometric: str, **options: object) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, values, photometric=photometric, **options)
    return stream.getvalue()


def opencv(suffix: str, rgb: np.ndarray, *flags: int) -> bytes:
    order = [2, 1, 0, 3][: rgb.shape[2]] if rgb.ndim == 3 else slice(None)
    done, encoded = cv2.imencode(suffix, np.ascontiguousarray(rgb[..., order] if rgb.ndim == 3 else rgb), list(flags))
    assert done
    return encoded.tobytes()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(depth: int, colour: int, samples: np.ndarray, clear: tuple[int, ...] = ()) -> bytes:
    """Of the depths that no library here writes; `clear` is the transparent colour."""
    bits = np.unpackbits(samples.astype(">u2").reshape(64, -1, 1).view(np.uint8), axis=2)[:, :, 16 - depth :]
    rows = b"".join(b"\0" + np.packbits(row).tobytes() for row in bits.reshape(64, -1))
    trns = chunk(b"tRNS", struct.pack(f">{len(clear)}H", *clear)) if clear else b""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 80, 64, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + trns + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def netpbm(kind: str, values: np.ndarray, white: int) -> bytes:
    scaled = np.round(values / 255 * white).astype(">u2" if white > 255 else np.uint8)
    return f"{kind}\n80 64\n{white}\n".encode() + scaled.tobytes()


def bmp_with_alpha(alpha: np.ndarray) -> bytes:
    return opencv(".bmp", np.dstack([RGB, alpha]))


def lab() -> Image.Image:
    spaces = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    return ImageCms.applyTransform(Image.fromarray(RGB), ImageCms.buildTransform(*spaces, "RGB", "LAB"))


def tiffs() -> dict[str, tuple[bytes, np.ndarray]]:
    forms: dict[str, tuple[bytes, np.ndarray]] = {}
    for kind, scale in ((np.uint8, 1), (np.uint16, 257)):
        grey, rgb, opaque = (values.astype(kind) * scale for values in (GREY, RGB, np.full_like(GREY, 255)))
        name = np.dtype(kind).name
        for order in "<>":
            forms[f"{name} grey {order}"] = tiff(grey, "minisblack", byteorder=order), of_grey(GREY)
            forms[f"{name} rgb {order}"] = tiff(rgb, "rgb", byteorder=order), RGB
        forms |= {
            f"{name} tiles": (tiff(rgb, "rgb", tile=(32, 32)), RGB),
            f"{name} deflate": (tiff(rgb, "rgb", compression="zlib", predictor=True), RGB),
            f"{name} deflated planes": (
                tiff(np.moveaxis(rgb, 2, 0), "rgb", planarconfig="separate", compression="zlib"),
                RGB,
            ),
            f"{name} pages": (tiff(np.stack([grey, grey[::-1]]), "minisblack"), of_grey(GREY)),
            f"{name} cmyk": (tiff(np.dstack([opaque[..., None] - rgb, opaque * 0]), "separated"), RGB),
            f"{name} lzw": (opencv(".tiff", rgb), RGB),
            f"{name} big tiff": (tiff(rgb, "rgb", bigtiff=True), RGB),
        }
        forms[f"{name} min-is-white"] = tiff(np.iinfo(kind).max - grey, "miniswhite"), of_grey(GREY)
        for extra, colours, shown in (
            ("unassalpha", RGB, WHITE_UNDER),
            ("assocalpha", PREMULTIPLIED, WHITE_UNDER),
            ("unspecified", RGB, RGB),
        ):
            four = np.dstack([colours, ALPHA]).astype(kind) * scale
            forms[f"{name} {extra}"] = tiff(four, "rgb", extrasamples=[extra]), shown
        for extra in ("assocalpha", "unassalpha"):
            forms[f"{name} {extra} of 255"] = tiff(np.dstack([rgb, opaque]), "rgb", extrasamples=[extra]), RGB
    grey_and_alpha = np.dstack([np.round(GREY * (ALPHA / 255)).astype(np.uint8), ALPHA])
    return forms | {
        "uint8 planes": (tiff(np.moveaxis(RGB, 2, 0), "rgb", planarconfig="separate"), RGB),
        "bilevel": (tiff(BILEVEL, "minisblack"), of_grey(255 * BILEVEL)),
        "bilevel min-is-white": (tiff(~BILEVEL, "miniswhite"), of_grey(255 * BILEVEL)),
        "group 4": (pillow(Image.fromarray(BILEVEL), "TIFF", compression="group4"), of_grey(255 * BILEVEL)),
        "palette": (pillow(PALETTE, "TIFF"), np.asarray(PALETTE.convert("RGB"))),
        "premultiplied grey": (
            tiff(grey_and_alpha, "minisblack", extrasamples=["assocalpha"], planarconfig="contig"),
            of_grey(WHITE_UNDER[..., 1]),
        ),
        "float": (tiff((GREY / 255).astype(np.float32), "minisblack"), of_grey(GREY)),
        "float >": (tiff((GREY / 255).astype(np.float32), "minisblack", byteorder=">"), of_grey(GREY)),
        "float min-is-white": (tiff((1 - GREY / 255).astype(np.float32), "miniswhite"), of_grey(GREY)),
    }


def others() -> dict[str, tuple[bytes, np.ndarray]]:
    forms: dict[str, tuple[bytes, np.ndarray]] = {}
    for depth in (1, 2, 4, 8, 16):
        white = 2**depth - 1
        grey = (GREY.astype(int) * 257) >> (16 - depth)
        shown = of_grey(grey * 255 / white)
        forms[f"png grey {depth}"] = png(depth, 0, grey), shown
        clear = int(grey[30, 30])
        forms[f"png grey {depth} tRNS"] = png(depth, 0, grey, (clear,)), np.where(of_grey(grey) == clear, 255, shown)
    for white in (1, 15, 100, 255, 1000, 4095, 65535):
        for kind, values in (("P5", GREY), ("P6", RGB)):
            shown = np.round(values / 255 * white) / white * 255
            forms[f"netpbm {kind} {white}"] = netpbm(kind, values, white), shown if kind == "P6" else of_grey(shown)
    dark = GREY.astype(np.uint16)  # of 65535: black
    grey_and_alpha = Image.fromarray(np.dstack([GREY, ALPHA]), "LA")
    several = {"save_all": True, "append_images": [OTHER]}
    return forms | {
        "dark pgm": (opencv(".pgm", dark), of_grey(dark * 0)),
        "dark png": (opencv(".png", dark), of_grey(dark * 0)),
        "png rgb 16": (opencv(".png", RGB.astype(np.uint16) * 257), RGB),
        "png rgba 16": (opencv(".png", np.dstack([RGB, ALPHA]).astype(np.uint16) * 257), WHITE_UNDER),
        "png rgba": (pillow(np.dstack([RGB, ALPHA]), "PNG"), WHITE_UNDER),
        "png grey and alpha": (pillow(grey_and_alpha, "PNG"), of_grey(WHITE_UNDER[..., 1])),
        "png palette": (pillow(PALETTE, "PNG", bits=4), np.asarray(PALETTE.convert("RGB"))),
        "png of two": (pillow(Image.fromarray(RGB), "PNG", **several), RGB),
        "pbm": (pillow(Image.fromarray(BILEVEL), "PPM"), of_grey(255 * BILEVEL)),
        "pfm": (pillow((GREY / 255).astype(np.float32), "PPM"), of_grey(GREY)),
        "webp": (pillow(RGB, "WEBP", lossless=True), RGB),
        "webp alpha": (pillow(np.dstack([RGB, ALPHA]), "WEBP", lossless=True, exact=True), WHITE_UNDER),
        "webp of two": (pillow(Image.fromarray(RGB), "WEBP", lossless=True, **several), RGB),
        "gif": (pillow(PALETTE, "GIF"), np.asarray(PALETTE.convert("RGB"))),
        "bmp": (pillow(RGB, "BMP"), RGB),
        "bmp palette": (pillow(PALETTE, "BMP"), np.asarray(PALETTE.convert("RGB"))),
        "bmp alpha": (bmp_with_alpha(ALPHA), WHITE_UNDER),
        "bmp whose alpha means nothing": (bmp_with_alpha(ALPHA * 0), RGB),
    }


def lossy() -> dict[str, tuple[bytes, np.ndarray]]:
    sharp = {"quality": 97, "subsampling": 0}
    return {
        "jpeg": (pillow(RGB, "JPEG", **sharp), RGB),
        "jpeg grey": (pillow(GREY, "JPEG", quality=97), of_grey(GREY)),
        "jpeg rgb": (pillow(RGB, "JPEG", quality=97, keep_rgb=True), RGB),
        "jpeg cmyk": (pillow(Image.fromarray(RGB).convert("CMYK"), "JPEG", quality=97), RGB),
        "jpeg progressive": (pillow(RGB, "JPEG", progressive=True, **sharp), RGB),
        "jpeg restarts": (opencv(".jpg", RGB, cv2.IMWRITE_JPEG_QUALITY, 97, cv2.IMWRITE_JPEG_RST_INTERVAL, 2), RGB),
        "mpo": (pillow(Image.fromarray(RGB), "MPO", save_all=True, append_images=[OTHER], **sharp), RGB),
        "webp": (pillow(RGB, "WEBP", quality=98), RGB),
        "tiff of jpeg": (pillow(RGB, "TIFF", compression="jpeg", quality=97), RGB),
        "tiff ycbcr": (tiff(np.asarray(Image.fromarray(RGB).convert("YCbCr")), "ycbcr"), RGB),
        "tiff lab": (pillow(lab(), "TIFF"), RGB),
    }


EXACT = {f"tiff {name}": form for name, form in tiffs().items()} | others()
LOSSY = lossy()


@pytest.mark.parametrize("form", EXACT)
def test_a_form_is_shown_as_it_is(form):
    encoded, shown = EXACT[form]
    assert np.abs(decode_rgb_strictly(encoded).astype(float) - shown).max() < 1.51, (
        "16 bits may be cut off, and alpha rounded twice"
    )


@pytest.mark.parametrize("form", LOSSY)
def test_a_lossy_form_is_nearly_shown_as_it_is(form):
    encoded, shown = LOSSY[form]
    assert np.abs(decode_rgb_strictly(encoded).astype(float) - shown).mean() < 3


def header_of(process: int, bits: int) -> Callable[[], bytes]:
    """A JPEG whose frame header says another process."""
    whole = bytearray(pillow(RGB, "JPEG"))
    at = whole.find(b"\xff\xc0")
    whole[at + 1], whole[at + 4] = process, bits
    return lambda: bytes(whole)


def numbers(kind: type, colours: str) -> Callable[[], bytes]:
    return lambda: tiff((RGB if colours == "rgb" else GREY).astype(kind) // 2, colours)


def clear(kind: str) -> Callable[[], bytes]:
    return lambda: pillow(np.dstack([RGB, np.zeros_like(GREY)]), kind)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    **{
        f"{kind.__name__} {colours}": (
            numbers(kind, colours),
            rf"{words} TIFF of {bits}-bit {what}, \d a pixel, not supp",
        )
        for colours, words in (("minisblack", "grey"), ("rgb", "RGB"))
        for kind, bits, what in (
            (np.int8, 8, "signed integers"),
            (np.int16, 16, "signed integers"),
            (np.int32, 32, "signed integers"),
            (np.uint32, 32, "integers"),
            (np.float16, 16, "floating-point numbers"),
            (np.float64, 64, "floating-point numbers"),
        )
    },
    "rgb float": (lambda: tiff((RGB / 255).astype(np.float32), "rgb"), "RGB TIFF of 32-bit floating-point"),
    "float to 255": (lambda: tiff(GREY.astype(np.float32), "minisblack"), r"run from 0 to \d+; read are 0 \(black\)"),
    "float below 0": (lambda: tiff(GREY.astype(np.float32) / 255 - 0.1, "minisblack"), r"run from -0\.1 to"),
    "float nan": (lambda: tiff(np.where(BILEVEL, np.nan, 0).astype(np.float32), "minisblack"), "not all finite"),
    "complex": (lambda: tiff(GREY.astype(np.complex64), "minisblack"), "complex numbers"),
    "16-bit planes": (
        lambda: tiff(np.moveaxis(RGB.astype(np.uint16), 2, 0), "rgb", planarconfig="separate"),
        "RGB TIFF of 16-bit integers, 3 a pixel in separate planes, not supported",
    ),
    "16-bit lab": (lambda: tiff(RGB.astype(np.uint16), "cielab"), "CIELab TIFF of 16-bit"),
    "preview": (lambda: tiff(RGB, "rgb", subfiletype=1), "a preview, as in cameras' raw files"),
    "raw": (lambda: tiff(RGB, "rgb", extratags=[(50706, "B", 4, bytes((1, 4, 0, 0)), True)]), "a preview"),
    **{f"clear {kind}": (clear(kind), "every pixel is transparent") for kind in ("PNG", "WEBP", "TIFF")},
    "12-bit": (header_of(0xC1, 12), "12-bit JPEG, not supported: convert it to 8 bits"),
    "12-bit arithmetic": (header_of(0xC9, 12), "12-bit arithmetic-coded JPEG, not supported"),
    "hierarchical": (header_of(0xC5, 8), "hierarchical JPEG, not supported"),
    "jpeg-ls": (header_of(0xF7, 8), r"near-lossless \(JPEG-LS\) JPEG, not supported"),
    "hdr png": (
        lambda: (whole := pillow(RGB, "PNG"))[:33] + chunk(b"cICP", bytes((9, 16, 0, 1))) + whole[33:],
        "PNG of high dynamic range",
    ),
    "jpeg 2000": (lambda: pillow(RGB, "JPEG2000"), "JPEG 2000, none of PNG, JPEG, .*: convert it to one of them"),
    "avif": (lambda: pillow(RGB, "AVIF"), "HEIF or AVIF, none of PNG"),
    "colour pfm": (lambda: opencv(".pfm", (RGB / 255).astype(np.float32)), "PFM in colour, none of"),
}


@pytest.mark.parametrize("form", REFUSED)
def test_what_is_not_read_is_refused_in_a_line_that_names_file_and_form(tmp_path, form):
    content, says = REFUSED[form]
    (tmp_path / "odd.file").write_bytes(content())
    with pytest.raises(DataError, match=rf"odd\.file: cannot be read as a picture: .*{says}") as raised:
        read_upright(tmp_path / "odd.file")
    assert "copy it again" not in str(raised.value) and "\n" not in str(raised.value), "the file is whole"


SECOND = pillow(OTHER, "JPEG")
TRAILERS = {
    "one byte": b"\0",
    "zeros": bytes(5000),
    "scans": b"\xff\xda" * 2000,
    "ends": b"\xff\xd9" * 2000,
    "a picture": SECOND,
    "a cut picture": SECOND[:-100],
    "a video": np.random.default_rng(0).integers(0, 256, 3_000_000, dtype=np.uint8).tobytes(),
}


def with_thumbnail(encoded: bytes) -> bytes:
    """A segment in front that has starts, scans and ends of its own."""
    inside = b"Exif\0\0" + SECOND + b"\xff\xda" * 600
    return encoded[:2] + b"\xff\xe1" + struct.pack(">H", len(inside) + 2) + inside + encoded[2:]


@pytest.mark.parametrize("trailer", TRAILERS)
@pytest.mark.parametrize("progressive", [False, True])
def test_bytes_after_a_jpegs_end_and_in_its_segments_do_not_matter(trailer, progressive):
    whole = pillow(RGB, "JPEG", progressive=progressive)
    for encoded in (whole + TRAILERS[trailer], with_thumbnail(whole) + TRAILERS[trailer]):
        np.testing.assert_array_equal(decode_rgb(encoded), decode_rgb(whole))
        np.testing.assert_array_equal(decode_rgb_strictly(encoded), decode_rgb_strictly(whole))
        assert read_markers(encoded, 500) == read_markers(whole, 500)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_nor_after_other_pictures_ends(kind):
    whole = pillow(RGB, kind)
    np.testing.assert_array_equal(decode_rgb_strictly(whole + SECOND), decode_rgb_strictly(whole))


@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_a_level_that_ends_early_is_truncated_whatever_its_segments_hold(share):
    whole = with_thumbnail(pillow(RGB, "JPEG", quality=95))
    with pytest.raises(ValueError, match=r"truncated: no end-of-image marker|no frame header"):
        decode_rgb(whole[: int(share * len(whole))])


def test_a_folders_pictures_are_found_by_content_and_the_rest_is_counted(tmp_path):
    jpeg, grey = pillow(RGB, "JPEG"), pillow(GREY, "PPM")
    pictures = {"a.JPG": jpeg, "b.jfif": jpeg, "c.mpo": jpeg, "d": jpeg, "e.pgm": grey, "f.dat": pillow(RGB, "WEBP")}
    pictures |= {"g.tif": pillow(RGB, "TIFF"), "h.xyz": pillow(RGB, "BMP"), "i.png": b"broken"}
    rest = {"notes.txt": b"BM is no bitmap", "clip.mp4": b"\0" * 40, "raw.dng": pillow(RGB, "TIFF"), ".x.png": jpeg}
    for name, content in (pictures | rest).items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "inside.png").mkdir()
    (tmp_path / "inside.png/z.jpg").write_bytes(jpeg)
    (tmp_path / "link.jpg").symlink_to(tmp_path / "nowhere")
    found, left_out = pictures_in(tmp_path)
    assert [path.name for path in found] == sorted(pictures)
    assert "1 .dng, 1 .mp4, 1 .txt, 1 folders, 1 hidden, 1 pipes, devices or broken links; read are PNG" in left_out
    found, left_out = pictures_in(tmp_path, recursive=True, apart_from=tmp_path / "inside.png")
    assert len(found) == len(pictures) and "folders" not in left_out


def test_a_header_alone_tells_of_the_forms_that_are_refused(tmp_path):
    (tmp_path / "a.tif").write_bytes(tiff(GREY.astype(np.int32), "minisblack"))
    with pytest.raises(ValueError, match="signed integers"), opened(tmp_path / "a.tif"):
        pass
