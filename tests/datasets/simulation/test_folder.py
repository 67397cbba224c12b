"""Protects what is taken for a photograph, what it is called, and that it stands upright."""

import numpy as np
import pytest
from PIL import Image
from skimage import data

from datasets.common.errors import DataError, UserError
from datasets.core.picture_file import read_upright
from datasets.simulation.folder import find_photos

PHOTO = np.ascontiguousarray(data.coffee()[:60, :90])


@pytest.fixture
def folder(tmp_path):
    home = tmp_path / "photos"
    home.mkdir()
    return home


def save(path, **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(PHOTO).save(path, **more)
    return path


def sources(folder, *, recursive=False):
    photos, _ = find_photos(folder, recursive=recursive, apart_from=folder / "out")
    return [photo.source for photo in photos]


def test_png_jpeg_and_webp_in_any_case_are_photographs_and_nothing_else_is(folder):
    for name in ("a.png", "b.JPG", "c.jpeg", "d.webp", ".hidden.png"):
        save(folder / name, format={"b": "JPEG", "c": "JPEG", "d": "WEBP"}.get(name[0], "PNG"))
    (folder / "notes.txt").write_text("no picture")
    (folder / "folder.png").mkdir()
    assert sources(folder) == ["a", "b", "c", "d"]


def test_folders_inside_are_looked_into_when_asked_for(folder):
    save(folder / "a.png")
    save(folder / "2024/b.png")
    save(folder / ".thumbs/c.png")
    save(folder / "out/d.png")
    assert sources(folder) == ["a"]
    assert sources(folder, recursive=True) == ["b", "a"]


def test_names_are_fit_for_files_and_unique(folder):
    for name in ("Île d'Yeu (1).png", "x.png", "x.jpg", "X.webp", "äö.png", "a,b;c.png"):
        save(folder / name)
    assert sorted(sources(folder)) == ["X", "a-b-c", "le-d-Yeu-1", "photo", "x_2", "x_3"]


def test_no_folder_and_no_photograph_say_what_to_do(folder):
    with pytest.raises(UserError, match="no such folder"):
        sources(folder / "typo")
    save(folder / "deeper/a.png")
    with pytest.raises(UserError, match="--recursive"):
        sources(folder)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_stands_as_its_viewer_shows_it(folder, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(folder / "a.png", exif=exif)
    turned = {1: PHOTO, 3: PHOTO[::-1, ::-1], 6: np.rot90(PHOTO, -1), 8: np.rot90(PHOTO)}
    mirrored = {2: PHOTO[:, ::-1], 4: PHOTO[::-1], 5: PHOTO.swapaxes(0, 1), 7: np.rot90(PHOTO, 2).swapaxes(0, 1)}
    np.testing.assert_array_equal(read_upright(path), {**turned, **mirrored}[orientation])


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_what_xmp_says_turns_nothing(folder, kind):
    """Viewers follow the EXIF tag alone, and programs that turn pixels may leave the XMP as it was."""
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    Image.fromarray(PHOTO).save(folder / "a", kind, xmp=xmp)
    assert b"Orientation" in (folder / "a").read_bytes()
    assert read_upright(folder / "a").shape == PHOTO.shape


def test_a_damaged_file_is_named(folder):
    path = save(folder / "a.png")
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(DataError, match=r"a\.png"):
        read_upright(path)
