"""Protects the opening of data sets by name, what their cards must say, and the hash of what they are built from."""

import hashlib
import random
import subprocess
import sys

import pytest

from datasets import sets
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.core.dataset import DatasetCard, Manifest, OpenOptions, hashes_of
from datasets.core.picture import Picture
from datasets.core.truths import TRUTHS
from datasets.sets import dataset_classes, open_dataset

PLUGIN = """
from datasets.codecs.jpeg import Jpeg
from datasets.core.dataset import Dataset, DatasetCard, Manifest
from datasets.core.picture import Picture

CARD = DatasetCard("mine", "Mine", "me", "none", "", redistributable=True, needs_root=False)

class Unfinished(Dataset):
    pass

class Mine(Dataset):
    card = CARD

    @classmethod
    def open(cls, root, options):
        return cls((Picture("a", "a", Jpeg(), 24.3),), Manifest({"root": str(root)}), (f"JND {options.jnd}",))
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Writes a module that stands beside the data sets for one test."""
    monkeypatch.setattr(sets, "__path__", [*sets.__path__, str(tmp_path)])
    written: list[str] = []

    def write(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        written.append(name)

    yield write
    for name in written:
        sys.modules.pop(f"datasets.sets.{name}", None)
        vars(sets).pop(name, None)


def test_every_card_says_what_a_reader_has_to_know():
    for name, dataset in dataset_classes().items():
        card = dataset.card
        assert card.name == name and card.title and card.samples and card.terms
        assert card.home.startswith(("http://", "https://")) or not card.home
        assert set(card.default_truths) <= set(TRUTHS)


def test_a_new_data_set_is_one_file(plugin):
    plugin("mine_in_a_file", PLUGIN)
    opened = open_dataset("mine", options=OpenOptions(jnd=2))
    assert (opened.name, opened.title) == ("mine", "Mine")
    assert opened.notes == ("JND 2",) and opened.codec == Jpeg() and not opened.has_pixels
    assert "Unfinished" not in {dataset.__name__ for dataset in dataset_classes().values()}


def test_a_module_that_imports_a_data_set_does_not_count_it_twice(plugin):
    plugin("mine_in_a_file", PLUGIN)
    plugin("mine_again", "from datasets.sets.mine_in_a_file import Mine\n")
    assert dataset_classes()["mine"].__module__ == "datasets.sets.mine_in_a_file"


def test_two_data_sets_of_one_name_are_refused(plugin):
    plugin("mine_in_a_file", PLUGIN)
    plugin("mine_copied", PLUGIN)
    with pytest.raises(UserError, match=r"mine_\w+:Mine and datasets\.sets\.mine_\w+:Mine are both named 'mine'"):
        dataset_classes()


def test_a_broken_file_is_not_passed_over_in_silence(plugin):
    plugin("broken_set", "import a_package_that_nobody_has\n")
    with pytest.raises(ModuleNotFoundError, match="a_package_that_nobody_has"):
        dataset_classes()


def test_an_unknown_name_suggests_near_ones():
    with pytest.raises(UserError, match=r"no data set 'mcl_jci'\. Did you mean 'mcl-jci'\?"):
        open_dataset("mcl_jci")


def test_an_unknown_codec_and_one_that_a_set_has_not_are_refused(plugin):
    plugin("mine_in_a_file", PLUGIN)
    with pytest.raises(UserError, match=r"no codec 'wepb'\. Did you mean 'webp'\?.* Known: avif, "):
        open_dataset("mine", options=OpenOptions(codec="wepb"))
    with pytest.raises(UserError, match=r"--codec webp: the levels of data set 'mine' are JPEG \(jpeg\) and no other"):
        open_dataset("mine", options=OpenOptions(codec="webp"))
    assert open_dataset("mine", options=OpenOptions(codec="jpeg")).codec == Jpeg()


def test_a_missing_root_says_where_the_set_is_given_out():
    with pytest.raises(UserError, match=r"'mcl-jci' needs --root DIR.*python -m datasets\.get mcl-jci"):
        open_dataset("mcl-jci")


def test_a_root_that_is_no_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    for root in (tmp_path / "file", tmp_path / "nowhere", str(tmp_path / "nowhere")):
        with pytest.raises(UserError, match=r"--root .*(file|nowhere): there is no such folder"):
            open_dataset("mcl-jci", root)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"jnd": 4}, "--jnd is 1, 2 or 3, not 4"),
        ({"jnd": 0}, "--jnd is 1, 2 or 3, not 0"),
        ({"anchor": "best"}, "no anchor 'best'. Did you mean 'best-level'"),
        ({"level_direction": "upwards"}, "no level direction 'upwards'"),
    ],
)
def test_options_that_do_not_exist_are_refused(options, complaint):
    with pytest.raises(UserError, match=complaint):
        OpenOptions(**options)


def test_a_card_is_short_to_write():
    card = DatasetCard("a", "A", "me", "none", "", redistributable=False)
    assert card.needs_root and card.default_truths == ("mean",) and card.default_folds == "kfold5-v1"


def test_pixels_are_there_only_if_every_picture_has_them(plugin):
    plugin("mine_in_a_file", PLUGIN)
    kind = dataset_classes()["mine"]
    assert not kind((Picture("a", "a", Jpeg(), 24.3),), Manifest({})).has_pixels


def test_a_manifests_hash_does_not_depend_on_order():
    parts = {f"labels/{number}.txt": f"bytes:{number}" for number in range(20)}
    shuffled = list(parts.items())
    random.Random(1).shuffle(shuffled)
    assert Manifest(dict(shuffled)).sha256 == Manifest(parts).sha256


@pytest.mark.parametrize(
    "other", [{"a": "bytes:1"}, {"a": "bytes:1", "b": "bytes:3"}, {"a": "bytes:2", "b": "bytes:1"}, {"ab": "bytes:12"}]
)
def test_a_manifests_hash_depends_on_every_part(other):
    assert Manifest(other).sha256 != Manifest({"a": "bytes:1", "b": "bytes:2"}).sha256


def test_files_are_named_from_the_root_with_slashes_and_known_by_bytes_or_size(tmp_path):
    path = tmp_path / "jpeg" / "SRC0001_JPEG_001.jpg"
    path.parent.mkdir()
    path.write_bytes(b"12345")
    digest = hashlib.sha256(b"12345").hexdigest()
    assert hashes_of([path], tmp_path) == {"jpeg/SRC0001_JPEG_001.jpg": f"sha256:{digest}"}


def test_the_face_gives_what_it_names_and_imports_nothing_heavy():
    code = (
        "import sys, datasets; assert 'numpy' not in sys.modules; "
        "assert all(getattr(datasets, name) for name in datasets.__all__); "
        "print(sorted({'torch', 'cv2', 'scipy', 'pandas', 'skimage'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
