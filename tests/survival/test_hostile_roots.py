"""Files of the real sets' layouts that are no pictures: named when a set opens, is verified or looked at."""

import os
import shutil
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import DataError
from datasets.core.dataset import OpenOptions
from datasets.obtain.verification import verify_dataset
from datasets.sets import open_dataset
from tests.survival.conftest import ends_within

PHOTO = np.ascontiguousarray(data.coffee()[:48, :64])
SETS = {
    "mcl-jci": ("source_images/ImageJND_SRC01.bmp", "distorted_image/ImageJND_SRC01_050.jpg"),
    "konjnd-1k-jpeg": ("source_image/SRC0001.png", "jpeg/SRC0001_JPEG_050.jpg"),
    "konjnd-1k-bpg": ("source_image/SRC0505.png", "bpg/SRC0505_BPG_025.png"),
}
"""Where each has a source picture and a level that opening does not look at."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other links, pipes and devices")


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    """A test that waits for a pipe or reads a device fails instead of hanging."""
    with ends_within(60):
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A root of each set around one photograph, by the set's name."""
    home = tmp_path_factory.mktemp("whole")
    for name, places in SETS.items():
        for place in places:
            (home / name / place).parent.mkdir(parents=True)
        Image.fromarray(PHOTO).save(home / name / places[0])
        pattern = places[1].replace("_050", "_{:03d}").replace("_025", "_{:03d}")
        for level in range(1, 52) if "bpg" in name else range(1, 101):
            if "bpg" in name:
                decoded = np.clip(PHOTO + np.random.default_rng(level).normal(size=PHOTO.shape) * level / 4, 0, 255)
                Image.fromarray(decoded.astype(np.uint8)).save(home / name / pattern.format(level))
            else:
                (home / name / pattern.format(level)).write_bytes(Jpeg().encode(PHOTO, level))
        kind, first = ("BPG", 505) if "bpg" in name else ("JPEG", 1)
        row = f'SRC{first:04d}.png,{kind},2,30,1,"[29, 31]"'
        (home / name / "subjective_ratings.csv").write_text(
            f"image_id,Compression type,No. of ratings,mean,std,ratings\n{row}\n"
        )
    for folder, text in (("JND_samples/JND_image_01.txt", "40 25\n" * 30), ("SQF_data/Image_1_l_h.txt", "100 40\n")):
        (home / "mcl-jci" / folder).parent.mkdir(exist_ok=True)
        (home / "mcl-jci" / folder).write_text(text)
    return home


@pytest.fixture
def root_of(whole, tmp_path) -> Callable[[str], Path]:
    """A copy of a root, its own files on disk."""
    return lambda name: shutil.copytree(whole / name, tmp_path / name)


def looked_at(name: str, root: Path) -> None:
    """Open a set and look at every level of its pictures."""
    for picture in open_dataset(name, root).pictures:
        assert np.isfinite(picture.summary().mse).all()


def linked_to(target: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(target)


def bomb(path: Path) -> None:
    """As the file was, but announcing 60000 x 60000 pixels."""
    Image.fromarray(PHOTO).save(path)
    content = bytearray(path.read_bytes())
    places = {".jpg": (content.find(b"\xff\xc0") + 5, ">HH"), ".png": (16, ">II"), ".bmp": (18, "<ii")}
    at, form = places[path.suffix]
    struct.pack_into(form, content, at, 60_000, 60_000)
    path.write_bytes(content)


def wrong_extension(path: Path) -> None:
    Image.fromarray(PHOTO).save(path, "GIF" if path.suffix != ".jpg" else "PNG")


SPOILT: dict[str, Callable[[Path], object]] = {
    "0 bytes": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("these are words\n" * 100),
    "noise": lambda path: path.write_bytes(np.random.default_rng(3).bytes(5000)),
    "bomb": bomb,
    "of another size": lambda path: Image.fromarray(PHOTO[:16]).save(path),
    "pipe": os.mkfifo,
    "device without end": linked_to("/dev/zero"),
    "link out of the root to a text": linked_to("/etc/passwd"),
    "link to itself": lambda path: path.symlink_to(path),
    "link to nothing": linked_to("/no/such/file"),
}


@pytest.mark.parametrize("name", SETS)
def test_the_whole_roots_are_read(name, whole):
    """Otherwise the tests below would protect nothing."""
    looked_at(name, whole / name)


@pytest.mark.parametrize("place", [0, 1], ids=["source", "level"])
@pytest.mark.parametrize("name", SETS)
def test_a_file_that_is_no_picture_is_named_by_all_who_meet_it(root_of, name, place, survived):
    """By whoever looks at the pictures, and by `datasets.verify`, quick and thorough, which goes on after it."""
    root = root_of(name)
    path = root / SETS[name][place]
    other = path.with_name("the other is kept")
    path.rename(other)
    for kind, spoil in SPOILT.items():
        if kind == "of another size" and place == 0:
            continue  # then the levels are of another size, and one of them is named
        path.unlink(missing_ok=True)
        spoil(path)
        with pytest.raises(DataError, match=path.name) as told:
            looked_at(name, root)
        assert "root:" not in str(told.value), "nothing of another file is told"
        for quick in (True, False):
            found = verify_dataset(name, root, OpenOptions(), quick=quick).findings
            assert any(path.name in finding.file + finding.problem for finding in found), (kind, quick)
        survived("files of a data set's root that are no pictures")


@pytest.mark.parametrize("name", SETS)
def test_a_level_of_another_format_is_refused_or_read_for_what_it_is(root_of, name):
    """A JPEG level's bytes are counted, so it must be a JPEG; a BPG's decoded files may be in any lossless format."""
    root = root_of(name)
    path = root / SETS[name][1]
    wrong_extension(path)
    if "bpg" in name:
        looked_at(name, root)
    else:
        with pytest.raises(DataError, match=rf"{path.name}.*decoded as JPEG"):
            looked_at(name, root)


@pytest.mark.parametrize("name", SETS)
def test_a_level_cut_off_anywhere_is_named(root_of, name, survived):
    root = root_of(name)
    path = root / SETS[name][1]
    content = path.read_bytes()
    for length in np.linspace(0, len(content) - 60, 8).astype(int):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match=path.name):
            looked_at(name, root)
    survived("levels of a data set cut off", 8)


@pytest.mark.parametrize("name", SETS)
def test_folders_that_are_links_in_a_circle_end(root_of, name):
    root = root_of(name)
    (root / Path(SETS[name][1]).parent / "deeper").symlink_to(root)
    (root / Path(SETS[name][0]).parent / "deeper").symlink_to(root / "deeper")
    looked_at(name, root)
