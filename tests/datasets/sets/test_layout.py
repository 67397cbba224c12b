"""Protects the finding of files: official names in any case, separators and padding, and nothing that is another."""

import pytest

from datasets.common.errors import DataError
from datasets.sets._layout import Faults, FileKind, find_entry, find_home

LEVEL = FileKind("distorted_image", "ImageJND_SRC{:02d}_{:03d}.jpg", also=("jpeg",))


def found(tmp_path, *names):
    (tmp_path / "distorted_image").mkdir(exist_ok=True)
    for name in names:
        (tmp_path / "distorted_image" / name).touch()
    return list(LEVEL.find(tmp_path, Faults(gather=False)))


@pytest.mark.parametrize(
    "name",
    [
        "ImageJND_SRC07_012.jpg",
        "IMAGEJND_SRC07_012.JPG",
        "imagejnd-src7-12.jpeg",
        "ImageJND SRC 007 0012.jpg",
        "ImageJNDSRC07__012_.jpg",
        "_ImageJND.SRC07.012.jpg",
    ],
)
def test_a_name_is_recognised_by_its_letters_and_numbers(tmp_path, name):
    assert found(tmp_path, name) == [(7, 12)]


@pytest.mark.parametrize(
    "name",
    [
        "ImageJND_SRC07.jpg",
        "ImageJND_SRC07_012.png",
        "ImageJND_SRC07_012 (1).jpg",
        "._ImageJND_SRC07_012.jpg",
        "ImageJND_SRC07012.jpg",
        "xImageJND_SRC07_012.jpg",
        "ImageJND_SRC07_012.jpg.part",
        "Thumbs.db",
    ],
)
def test_another_name_is_not(tmp_path, name):
    assert found(tmp_path, name) == []


def test_files_are_found_one_folder_deeper_and_in_order(tmp_path):
    for source, level in ((10, 2), (2, 10), (2, 9)):
        folder = tmp_path / f"Distorted-Images/SRC{source}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"ImageJND_SRC{source:02d}_{level:03d}.jpg").touch()
    assert list(LEVEL.find(tmp_path, Faults(gather=False))) == [(2, 9), (2, 10), (10, 2)]


def test_two_files_of_the_same_numbers_are_a_fault(tmp_path):
    with pytest.raises(DataError, match=r"is distorted_image/ImageJND_SRC07_012\.jpg a second time, beside"):
        found(tmp_path, "ImageJND_SRC07_012.jpg", "ImageJND_SRC7_12.jpg")


def test_the_home_is_the_root_or_the_one_folder_in_it_that_fits(tmp_path):
    faults = Faults(gather=False)
    assert find_home(tmp_path, ("JND_samples",), faults) == tmp_path
    (tmp_path / "MCL-JCI/jnd_sample").mkdir(parents=True)
    (tmp_path / "other/x").mkdir(parents=True)
    assert find_home(tmp_path, ("JND_samples",), faults) == tmp_path / "MCL-JCI"
    (tmp_path / "copy/JND_samples").mkdir(parents=True)
    with pytest.raises(DataError, match="both MCL-JCI and copy look like the set"):
        find_home(tmp_path, ("JND_samples",), faults)
    (tmp_path / "JND_samples").mkdir()
    assert find_home(tmp_path, ("JND_samples",), faults) == tmp_path


def test_two_folders_of_one_name_are_a_fault(tmp_path):
    (tmp_path / "jpeg").mkdir()
    assert find_entry(tmp_path, "JPEG", Faults(gather=False)) == tmp_path / "jpeg"
    assert find_entry(tmp_path, "bpg", Faults(gather=False)) is None
    (tmp_path / "JPEG").mkdir()
    if len(list(tmp_path.iterdir())) == 2:  # not where file names ignore case
        with pytest.raises(DataError, match="both JPEG and jpeg could be JPEG"):
            find_entry(tmp_path, "JPEG", Faults(gather=False))


def test_gathered_faults_are_kept_in_order():
    faults = Faults(gather=True)
    faults.add("a.txt", "is: empty")
    faults.take(DataError("b.txt: is gone"))
    assert [(fault.file, fault.problem) for fault in faults.gathered] == [("a.txt", "is: empty"), ("b.txt", "is gone")]
