"""Broken and hostile files take no more memory and time than honest ones: measured, a process a file, under a limit."""

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save

from baselines.learned.network.checkpoint import _sha256
from datasets.common.files import MOST_TEXT_BYTES
from sgjnd.networks import shipped
from tests.survival.conftest import cases, png, resized_jpeg

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is told and limited in other ways elsewhere")

MOST_MB, MOST_SECONDS = 500, 60
"""That a file may take which is refused, or small; the seconds are of a wall clock on a busy machine."""
BYTES_A_PIXEL = 24
"""That an honest picture may take while it is decoded."""

SCRIPT = """
import json, os, resource, sys, time, warnings
from pathlib import Path
import cv2, numpy, PIL.Image, torch
from baselines.learned.network.checkpoint import load_predictor
from baselines.learned.network.imagenet_weights import read_tensors
from baselines.interface.registry import registry
from datasets.sets import open_dataset
from datasets.common.errors import UserError
from datasets.core.folds import parse_folds
from datasets.core.picture_file import decode_rgb, read_upright
from datasets.sets.simulated import read_manifest
from datasets.sets._simulated_samples import read_samples
from datasets.obtain.unpack import unpack

warnings.simplefilter("ignore")
PIL.Image.init()
registry()
LOOK = {
    "picture": read_upright,
    "level": lambda path: decode_rgb(path.read_bytes()),
    "folds": lambda path: parse_folds("x", path),
    "samples": lambda path: read_samples(path, ""),
    "manifest": lambda path: read_manifest(path.parent),
    "konjnd": lambda path: open_dataset("konjnd-1k-jpeg", path.parent),
    "mcl": lambda path: open_dataset("mcl-jci", path.parents[1]),
    "predictor": load_predictor,
    "weights": read_tensors,
    "archive": lambda path: unpack(path, path.parent / "root", quiet=True),
}

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

def attempt(kind, path):
    before, start = resident(), time.monotonic()
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + (3 << 30), size + (3 << 30)))
    try:
        LOOK[kind](path)
        told = ""
    except UserError as error:
        told = str(error) if str(path) in str(error) else f"NOT NAMED: {error}"
    except ValueError as error:  # of `decode_rgb`, which knows no file
        told = str(error) if kind == "level" else repr(error)
    except BaseException as error:
        told = f"ESCAPED: {error!r}"
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return [told[:300], (most - before) / 1e6, time.monotonic() - start]

for line in sys.stdin:
    kind, path = json.loads(line)
    child = os.fork()
    if child == 0:
        print(json.dumps([kind, path, *attempt(kind, Path(path))]), flush=True)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        print(json.dumps([kind, path, f"ENDED with {status}", 0.0, 0.0]), flush=True)
"""


def measured(files: list[tuple[str, Path]]) -> list[tuple[str, Path, str, float, float]]:
    """What became of each file, the memory it took in MB, and the seconds."""
    given = "".join(json.dumps([kind, str(path)]) + "\n" for kind, path in files)
    paths = {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=given,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **paths},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(files)
    return [(kind, Path(path), told, megabytes, seconds) for kind, path, told, megabytes, seconds in found]


def jpeg(width: int, height: int) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (64, 64)).save(stream, "JPEG")
    return resized_jpeg(stream.getvalue(), height, width)


def tiff_of_one_tile(side: int) -> bytes:
    """A picture of 64 x 48 pixels in a tile of a huge side, deflated."""
    content = zlib.compress(bytes(side * side), 9)
    content += bytes(len(content) % 2)
    entries = {256: 64, 257: 48, 258: 8, 259: 8, 262: 1, 277: 1, 322: side, 323: side, 324: 8, 325: len(content)}
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(entries.items()))
    head = struct.pack("<2sHI", b"II", 42, 8 + len(content))
    return head + content + struct.pack("<H", len(entries)) + directory + bytes(4)


def checkpoint(method: str = "", **settings: object) -> bytes:
    """The shipped one with other settings, or as of another method with settings."""
    with safe_open(shipped()["jpeg"], framework="pt") as stream:
        tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 (no dict)
        header = json.loads(stream.metadata()["jnd-bench"])
    header["parameters"]["settings"] |= settings
    other = {"method": method, "parameters": {"settings": settings}, "ingredients": {}} if method else {}
    text = json.dumps({**header, **other, "tensors_sha256": _sha256(tensors)})
    return save(tensors, metadata={"jnd-bench": text})


def packed_weights() -> bytes:
    """A file as torch writes it, but deflated."""
    import torch

    stream, deflated = io.BytesIO(), io.BytesIO()
    torch.save({"weight": torch.zeros(16 << 20)}, stream)
    with zipfile.ZipFile(stream) as stored, zipfile.ZipFile(deflated, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in stored.namelist():
            packed.writestr(name, stored.read(name))
    return deflated.getvalue()


def archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("a.bmp", bytes(100 << 20))
    return stream.getvalue()


def repeated(text: bytes) -> Callable[[], bytes]:
    """A table as large as one may be, of one line over and over."""
    return lambda: text * (MOST_TEXT_BYTES // len(text))


MOST_ROWS = min(cases(20_000), 250_000)
"""Of the tables that are read to their end before they are refused; more would be too many bytes."""
RATING = b'SRC%d.png,JPEG,3,30.0,1.5,"[29, 30, 31.0]"\n'
HEAD = b"image_id,Compression type,No. of ratings,mean,std,ratings\n"
REFUSED: dict[str, Callable[[], bytes]] = {
    "picture/a picture that is all there.png": lambda: png(20_000, 20_000, zlib.compress(bytes(20_000 * 2_501), 1)),
    "picture/an announced picture.jpg": lambda: jpeg(60_000, 60_000),
    "picture/a tile.tif": lambda: tiff_of_one_tile(14_000),
    "level/an announced level.jpg": lambda: jpeg(30_000, 30_000),
    "folds/mine.csv": lambda: b"source,fold\n" + b"".join(b"%d,1\n" % number for number in range(MOST_ROWS)),
    "folds/one line.csv": repeated(b"9"),
    "folds/quotes.csv": repeated(b'"'),
    "samples/samples.csv": lambda: (
        b"picture,source,observer,jnd_qf\n"
        + b"".join(b"p%d,s,1,50\n" % number for number in range(MOST_ROWS))
        + b"last\n"
    ),
    "manifest/simulated.json": repeated(b"[{"),
    "konjnd/subjective_ratings.csv": lambda: (
        HEAD + b"".join(RATING % number for number in range(1, MOST_ROWS)) + b"last\n"
    ),
    "mcl/JND_samples/JND_image_01.txt": repeated(b"9 8 7\n"),
    "predictor/members.safetensors": lambda: checkpoint(members=1 << 20),
    "predictor/width.safetensors": lambda: checkpoint(width=1 << 16),
    "predictor/header.safetensors": lambda: struct.pack("<Q", 1 << 50) + b"{}",
    "predictor/blocks.safetensors": lambda: checkpoint("pwjnd2020", blocks=30),
    "predictor/channels.safetensors": lambda: checkpoint("pwjnd2020", first_channels=1 << 14),
    "weights/packed.pth": packed_weights,
    "archive/set.zip": archive,
}


HONEST: dict[str, tuple[str, dict[str, object]]] = {
    "L": ("PNG", {"compress_level": 1}),
    "RGBA": ("PNG", {"compress_level": 1}),
    "P": ("PNG", {"compress_level": 1, "transparency": 0}),
    "I;16": ("PNG", {"compress_level": 1}),
    "CMYK": ("JPEG", {}),
    "F": ("TIFF", {}),
}
"""Pillow's modes, and the form that a picture of it is written in."""

SIDE = 1600


def write_honest(path: Path, mode: str) -> None:
    form, options = HONEST[mode]
    plane = np.broadcast_to(np.arange(SIDE) % 200, (SIDE, SIDE))
    deep = {"I;16": np.uint16, "F": np.float32}.get(mode)
    image = Image.fromarray((plane / 255 if mode == "F" else plane).astype(deep or np.uint8))
    (image if deep else image.convert(mode)).save(path, form, **options)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory) -> list[tuple[str, Path, str, float, float]]:
    """What became of each of `REFUSED` and of `HONEST`, in this order."""
    home, files = tmp_path_factory.mktemp("files"), []
    for number, (name, content) in enumerate(REFUSED.items()):
        kind, _, rest = name.partition("/")
        path = home / str(number) / rest
        path.parent.mkdir(parents=True)
        path.write_bytes(content())
        files.append((kind, path))
    for mode, (form, _) in HONEST.items():
        path = home / f"{mode.replace(';', '')}.{form.lower()}"
        write_honest(path, mode)
        files.append(("picture", path))
    return measured(files)


def test_what_is_refused_takes_neither_memory_nor_time(outcomes, survived):
    """As large as a table may be, or tiny and announcing gigabytes: each is refused by its name within the limits."""
    for kind, path, told, megabytes, seconds in outcomes[: len(REFUSED)]:
        where = f"{kind} {path.name}: {told!r}, {megabytes:.0f} MB, {seconds:.1f} s"
        assert told and not told.startswith(("NOT NAMED", "ESCAPED", "ENDED")), where
        assert megabytes < MOST_MB and seconds < MOST_SECONDS, where
    survived("files that announce more than any memory holds", len(REFUSED))


def test_an_honest_picture_takes_so_many_bytes_a_pixel_in_every_form(outcomes):
    """So that `MOST_PIXELS` bounds the memory, whatever the form."""
    for _, path, told, megabytes, _ in outcomes[len(REFUSED) :]:
        assert told == "", path
        assert megabytes * 1e6 < BYTES_A_PIXEL * SIDE**2, (path, megabytes)
