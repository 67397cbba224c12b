"""Forms of picture files: which of a folder's files are pictures, what a JPEG's markers say, which TIFFs are refused.

Only markers of the picture itself count: not those in its segments, which may hold a thumbnail, and none after its end,
where phones append videos and second pictures.
"""

from __future__ import annotations

import contextlib
import glob
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, final

from datasets.common.commands import printable
from datasets.common.errors import UserError
from datasets.common.files import users_path

FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF", "GIF", "PPM")
"""What Pillow may take a picture for. It knows forty more, among them EPS, which it gives to a program to execute."""

SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".ppm", ".pgm", ".pbm")
)
_PNG = b"\x89PNG\r\n\x1a\n"
_BEGINNINGS = (_PNG, b"\xff\xd8\xff", b"GIF8", b"Pf\n", *(b"P%d\n" % number for number in range(1, 7)))
"""Of files in `FORMATS`. A TIFF is known by its name alone: cameras' raw files begin like one."""
_OTHER_FORMATS = {
    b"ftyp": "HEIF or AVIF",
    b"JXL ": "JPEG XL",
    b"jP  ": "JPEG 2000",
    b"PF\n": "PFM in colour",
    b"P7\n": "PAM",
    b"8BP": "PSD",
    b"v/1": "OpenEXR",
    b"#?R": "Radiance HDR",
}
"""By bytes 4 to 7, or by the first three."""
_TIFF_BEGINNINGS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

_KIND, BITS, _COMPRESSION, PHOTOMETRIC, _SAMPLES, _PLANES, _NUMBERS, _RAW = 254, 258, 259, 262, 277, 284, 339, 50706
"""Tags of a TIFF; the last is that of Adobe's raw files."""
_NUMBER_NAMES = {1: "integers", 2: "signed integers", 3: "floating-point numbers", 6: "complex numbers"}
_COLOUR_NAMES = {0: "min-is-white", 1: "grey", 2: "RGB", 3: "palette", 5: "CMYK", 6: "YCbCr", 8: "CIELab", 9: "ICCLab"}

_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
"""Any but restarts (D0 to D7), which stand in a scan's data, as do stuffed zeros. Only a pattern that begins with one
certain byte is searched for at the memory's speed."""

_ALONE = frozenset((0x01, 0xD8))
"""Markers without a length that do not end the picture."""
_END, _SCAN = 0xD9, 0xDA
_FRAMES = frozenset((*range(0xC0, 0xD0), 0xF7)) - {0xC4, 0xC8, 0xCC}
_PROCESSES = {
    **dict.fromkeys((0xC3, 0xCB), "lossless"),
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "hierarchical"),
    **dict.fromkeys((0xC9, 0xCA), "arithmetic-coded"),
    0xF7: "near-lossless (JPEG-LS)",
}


class UnreadFormError(ValueError):
    """A picture that may be whole but is not read; the text says of which form it is, and what to do."""


@final
@dataclass(frozen=True)
class JpegMarkers:
    """What the markers say.

    :param bits: of a sample.
    :param process: how it is coded, where that is neither baseline nor progressive; empty otherwise.
    :param scans: passes over the picture; counted up to `most_scans` and one more.
    :param is_whole: whether its end is there.
    """

    height: int
    width: int
    bits: int
    process: str
    scans: int
    is_whole: bool

    @property
    def form(self) -> str:
        """What people call it, e.g. `12-bit lossless JPEG`."""
        return " ".join((*((f"{self.bits}-bit",) if self.bits != 8 else ()), f"{self.process} JPEG".strip()))


def read_markers(encoded: bytes, most_scans: int) -> JpegMarkers:
    """Go through a JPEG's markers, up to its end or so many scans.

    :raises ValueError: where it has no frame header.
    """
    frame: tuple[int, int, int, str] | None = None
    scans, marker, at = 0, 0, 2
    while marker != _END and scans <= most_scans and (match := _MARKER.search(encoded, at)):
        marker, at = match[1][0], match.end()
        if marker in _FRAMES and frame is None and len(encoded) >= at + 7:
            height, width = (int.from_bytes(encoded[at + i : at + i + 2], "big") for i in (3, 5))
            frame = height, width, encoded[at + 2], _PROCESSES.get(marker, "")
        scans += marker == _SCAN
        if marker not in _ALONE:
            at += int.from_bytes(encoded[at : at + 2], "big")
    if frame is None:
        raise ValueError("the JPEG cannot be decoded: it has no frame header")
    return JpegMarkers(*frame, scans, marker == _END)


def refuse_tiff_form(tags: Any) -> None:
    """Refuse a TIFF that Pillow opens but shows otherwise than it is.

    :param tags: of its first directory, as Pillow has them.
    :raises UnreadFormError: where it is one.
    """
    if _RAW in tags or tags.get(_KIND, 0) & 1:
        raise UnreadFormError(
            "its first picture is a preview, as in cameras' raw files. Export the picture as TIFF or PNG"
        )
    bits, numbers, samples = first_value(tags, BITS), first_value(tags, _NUMBERS), tags.get(_SAMPLES, 1)
    has_raw_planes = bits > 8 and samples > 1 and tags.get(_PLANES) == 2 and tags.get(_COMPRESSION, 1) == 1
    is_of_integers = numbers in (1, 4) and bits <= 16
    is_of_floats = numbers == 3 and bits == 32
    if has_raw_planes or not (is_of_integers or is_of_floats):
        raise _unread_tiff(tags)


def refuse_hdr_png(encoded: bytes) -> None:
    """Refuse a PNG of high dynamic range: Pillow passes over the chunk that says so.

    :raises UnreadFormError: where it is one.
    """
    if not encoded.startswith(_PNG):
        return
    at = encoded.find(b"cICP", 0, max(encoded.find(b"IDAT"), 0))
    if at > 0 and encoded[at + 5] in (16, 18):
        raise UnreadFormError("PNG of high dynamic range (PQ or HLG), not supported: convert it to sRGB")


def unidentified(stream: BinaryIO, formats: Sequence[str]) -> ValueError:
    """Why Pillow opens nothing there.

    :param stream: the file's.
    :param formats: that were tried.
    """
    from PIL import TiffImagePlugin

    stream.seek(0)
    head = stream.read(16)
    if head.startswith(_TIFF_BEGINNINGS):
        with contextlib.suppress(Exception):  # damaged
            tags = TiffImagePlugin.ImageFileDirectory_v2(head[: 16 if b"+" in head[:4] else 8])
            stream.seek(tags.next)
            tags.load(stream)
            return _unread_tiff(tags)
    if named := _OTHER_FORMATS.get(head[4:8]) or _OTHER_FORMATS.get(head[:3]):
        return UnreadFormError(f"{named}, none of {', '.join(formats)}: convert it to one of them")
    return ValueError(f"the picture cannot be decoded (none of {', '.join(formats)})")


def pictures_in(folder: Path, *, recursive: bool = False, apart_from: Path | None = None) -> tuple[list[Path], str]:
    """A folder's files in `FORMATS`, sorted, whatever they are called; hidden ones are none.

    :param recursive: whether to look into its folders.
    :param apart_from: a folder in it that is passed over.
    :returns: the files, and a line that counts what is left out and says why; empty where nothing is.
    """
    pictures: list[Path] = []
    left_out: Counter[str] = Counter()
    for path in sorted(folder.rglob("*") if recursive else folder.iterdir()):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            left_out["hidden"] += 1
        elif not path.is_file() and not path.is_dir():
            left_out["pipes, devices or broken links"] += 1
        elif apart_from and apart_from.resolve() in (path.resolve(), *path.resolve().parents):
            continue
        elif path.is_dir():
            left_out["folders"] += not recursive
        elif _is_picture(path):
            pictures.append(path)
        else:
            left_out[path.suffix.lower() or "without suffix"] += 1
    counts = ", ".join(f"{count} {what}" for what, count in sorted(left_out.items()) if count)
    return pictures, counts and f"left out: {counts}; read are {', '.join(FORMATS)}"


def find_files(names: Sequence[str]) -> list[Path]:
    """The pictures that files, folders and globs stand for, in order, each once; of a folder, those that can be read.

    What a folder holds besides is counted on standard error.

    :raises UserError: where a name stands for nothing.
    """
    files: dict[Path, Path] = {}
    for name in names:
        try:
            inside = _files_of(name)
        except (OSError, ValueError) as error:  # e.g. too long a name
            raise UserError(f"{name}: cannot be looked for ({error})") from error
        for path in inside:
            files.setdefault(path.resolve(), path)
    return list(files.values())


def _files_of(name: str) -> list[Path]:
    path = users_path(name)
    if path.is_dir():
        inside, left_out = pictures_in(path)
        if not inside:
            raise UserError(f"{name}: the folder holds no pictures. {left_out}".rstrip())
        if left_out:
            print(printable(f"{name}: {left_out}"), file=sys.stderr)
        return inside
    if path.is_file():
        return [path]
    matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 (pathlib knows no absolute patterns)
    inside = [Path(match) for match in matches if Path(match).is_file()]
    if not inside:
        raise UserError(
            f"{name}: there is no such picture or folder (a pipe or a device is none), and as a pattern it "
            "matches nothing"
        )
    return inside


def first_value(tags: Any, tag: int) -> int:
    """A tag's value, or the first of several; 1 where there is none, as TIFF has it of those used here."""
    value = tags.get(tag, 1)
    return int(value[0] if isinstance(value, tuple) else value)


def _unread_tiff(tags: Any) -> UnreadFormError:
    colours = _COLOUR_NAMES.get(tags.get(PHOTOMETRIC), f"photometric {tags.get(PHOTOMETRIC)}")
    numbers = _NUMBER_NAMES.get(first_value(tags, _NUMBERS), "undefined numbers")
    planes = " in separate planes" if tags.get(_PLANES) == 2 else ""
    form = f"{colours} TIFF of {first_value(tags, BITS)}-bit {numbers}, {tags.get(_SAMPLES, 1)} a pixel{planes}"
    return UnreadFormError(f"{form}, not supported: save it as grey or RGB of 8 or 16 bits")


def _is_picture(path: Path) -> bool:
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
    except OSError:
        return False
    is_bmp = head[:2] == b"BM" and head[6:10] == bytes(4)
    return head.startswith(_BEGINNINGS) or head[:4] + head[8:12] == b"RIFFWEBP" or is_bmp
