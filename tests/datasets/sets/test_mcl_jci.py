"""Protects the MCL-JCI loader: the published statistics, every layout people have, and an error for every damage."""

import pickle
import shutil

import numpy as np
import pytest

from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import DataError, UserError
from datasets.core.dataset import OpenOptions
from datasets.core.ladder import CompressedLadder, ShippedLadder
from datasets.core.picture_file import decode_rgb, read_picture
from datasets.core.truths import find_truth
from datasets.sets import open_dataset


def open_mcl(root, **options):
    return open_dataset("mcl-jci", root, OpenOptions(**options))


def levels_of(root, truth) -> np.ndarray:
    return np.array([find_truth(truth).level(picture) for picture in open_mcl(root).pictures])


@pytest.mark.parametrize(
    ("truth", "mean", "spread", "range_"),
    [("mean", 28.1, 7.9, (17, 52)), ("median", 26.1, 8.8, (14.5, 50.5)), ("sqf", 39.6, 9.8, (25, 70))],
)
def test_the_real_labels_have_the_known_truths(mcl_jci_labels, truth, mean, spread, range_):
    levels = levels_of(mcl_jci_labels, truth)
    assert len(levels) == 50
    assert levels.mean() == pytest.approx(mean, abs=0.05)
    assert levels.std(ddof=1) == pytest.approx(spread, abs=0.05)
    assert (levels.min(), levels.max()) == pytest.approx(range_, abs=0.5)


def test_the_real_labels_have_nearly_the_known_fitted_truths(mcl_jci_labels):
    """Known: 33.0 and 26.3. The fit here gives 32.90 and 26.24 (32.96 where the level is a whole QF); whose fit the
    known means come from is not known, so a tenth is allowed and no more."""
    for truth, mean in (("sur75", 33.0), ("sur50", 26.3)):
        levels = levels_of(mcl_jci_labels, truth)
        assert levels.mean() == pytest.approx(mean, abs=0.105)
    sur75 = levels_of(mcl_jci_labels, "sur75")
    assert sur75.std(ddof=1) == pytest.approx(9.7, abs=0.05)
    assert (sur75.min(), sur75.max()) == pytest.approx((21, 62), abs=0.5)


def test_the_real_labels_open_without_pictures(mcl_jci_labels):
    dataset = open_mcl(mcl_jci_labels)
    assert [picture.name for picture in dataset.pictures] == [f"SRC{number:02d}" for number in range(1, 51)]
    assert all(picture.samples.shape == (30,) and picture.source == picture.name for picture in dataset.pictures)
    assert not dataset.has_pixels
    assert dataset.notes == ("Labels only: the root holds no pictures.",)


def test_later_jnds_leave_out_the_subjects_who_have_none_and_say_so(mcl_jci_labels, make_mcl_jci):
    made = open_mcl(make_mcl_jci(), jnd=2)
    assert [picture.samples.size for picture in made.pictures] == [24, 24]
    assert made.pictures[0].tabulated == {"sqf": 30.0}
    assert any("12 of 60 subjects' samples have no JND 2" in note for note in made.notes)
    real = open_mcl(mcl_jci_labels, jnd=3)
    assert sum(picture.samples.size for picture in real.pictures) == 1347
    assert "153 of 1500 subjects' samples have no JND 3 and are left out." in real.notes


def test_levels_are_the_shipped_files_against_the_source_picture(make_mcl_jci):
    root = make_mcl_jci()
    dataset = open_mcl(root)
    assert dataset.has_pixels
    assert "2 of 50 sources." in dataset.notes
    ladder = dataset.pictures[1].ladder
    assert isinstance(ladder, ShippedLadder)
    file = root / "distorted_image/ImageJND_SRC02/ImageJND_SRC02_037.jpg"
    assert ladder.encoded(37) == file.read_bytes()
    np.testing.assert_array_equal(ladder.reference, read_picture(root / "source_images/[BMP]/ImageJND_SRC02.bmp"))


def test_the_anchor_may_be_the_best_level(make_mcl_jci):
    root = make_mcl_jci()
    picture = open_mcl(root, anchor="best-level").pictures[0]
    best = (root / "distorted_image/ImageJND_SRC01/ImageJND_SRC01_100.jpg").read_bytes()
    np.testing.assert_array_equal(picture.reference, decode_rgb(best))
    assert picture.ladder.mse(100) == 0 < picture.ladder.mse(99)
    shutil.rmtree(root / "source_images")
    assert open_mcl(root, anchor="best-level").pictures[0].ladder.mse(100) == 0
    with pytest.raises(DataError, match=r"ImageJND_SRC01\.bmp: no such file.*--anchor best-level"):
        open_mcl(root)


def test_sources_alone_are_compressed_here_and_noted(make_mcl_jci):
    root = make_mcl_jci(pictures="sources")
    dataset = open_mcl(root)
    assert isinstance(dataset.pictures[0].ladder, CompressedLadder)
    assert any("levels are compressed here, with OpenCV" in note for note in dataset.notes)
    with pytest.raises(UserError, match="--anchor best-level needs the set's own levels"):
        open_mcl(root, anchor="best-level")


def rename_upper(root):
    for path in sorted(root.rglob("*"), key=lambda path: -len(path.parts)):
        path.rename(path.with_name(path.name.upper()))


def without_brackets(root):
    for path in (root / "source_images/[BMP]").iterdir():
        path.rename(root / "source_images" / path.name)
    (root / "source_images/[BMP]").rmdir()


def other_separators(root):
    for path in sorted(root.rglob("*"), key=lambda path: -len(path.parts)):
        path.rename(path.with_name(path.name.replace("_", "-").replace("SRC0", "SRC ")))


def with_litter(root):
    (root / "JND_samples/._JND_image_01.txt").write_bytes(b"\x00\x05\x16\x07")
    (root / "SQF_data/readme.txt").write_text("heights")
    (root / "__MACOSX/JND_samples").mkdir(parents=True)


@pytest.mark.parametrize("change", [rename_upper, without_brackets, other_separators, with_litter])
def test_other_names_of_the_same_files_read_the_same(make_mcl_jci, change):
    root = make_mcl_jci()
    before = open_mcl(root)
    change(root)
    after = open_mcl(root)
    assert after.notes == before.notes
    for first, second in zip(before.pictures, after.pictures, strict=True):
        np.testing.assert_array_equal(first.samples, second.samples)
        assert (first.tabulated, first.name) == (second.tabulated, second.name)
        assert sorted(second.ladder.files) == list(range(1, 101))
        assert second.ladder.mse(20) > 0


def test_windows_text_reads_the_same_and_a_folder_more_is_no_harm(make_mcl_jci):
    plain = open_mcl(make_mcl_jci(pictures="none"))
    windows = make_mcl_jci(pictures="none", end="\r\n", mark="\ufeff", home="unpacked/MCL-JCI")
    nested = open_mcl(windows.parent)
    for first, second in zip(plain.pictures, nested.pictures, strict=True):
        np.testing.assert_array_equal(first.samples, second.samples)
        assert first.tabulated == second.tabulated


@pytest.mark.parametrize("line", ["40;25,12", "40\t 25 |12", " [40, 25, 12] "])
def test_whole_numbers_are_read_whatever_stands_between(make_mcl_jci, line):
    root = make_mcl_jci((1,), pictures="none")
    (root / "JND_samples/JND_image_01.txt").write_text(f"{line}\n" * 30)
    (root / "SQF_data/Image_1_l_h.txt").write_text("100 40")
    assert open_mcl(root, jnd=2).pictures[0].samples.tolist() == [25.0] * 30


def test_a_blank_line_among_thirty_is_a_subject_without_jnd(make_mcl_jci):
    root = make_mcl_jci((1,), pictures="none")
    (root / "JND_samples/JND_image_01.txt").write_text("40 25\n" * 12 + "\n" + "40\n" * 17)
    dataset = open_mcl(root)
    assert dataset.pictures[0].samples.shape == (29,)
    assert "1 of 30 subjects' samples have no JND 1 and are left out." in dataset.notes


SAMPLES, SQF = "JND_samples/JND_image_02.txt", "SQF_data/Image_2_l_h.txt"


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (SAMPLES, "40 25\n" * 29, r"JND_image_02\.txt: has 29 lines, expected 30.*truncated.*Copy it again"),
        (SAMPLES, "40 25\n" * 31, r"has 31 lines, expected 30"),
        (SAMPLES, "", r"has 0 lines, expected 30"),
        (SAMPLES, "40 25\n" * 6 + "25 40\n" + "40 25\n" * 23, r"line 7 is '25 40'.*1 to 100 in descending order"),
        (SAMPLES, "40 0\n" * 30, r"line 1 is '40 0'"),
        (SAMPLES, "101 40\n" * 30, r"line 1 is '101 40'"),
        (SAMPLES, "40.5 25\n" * 30, r"line 1 is '40.5 25', expected whole QF"),
        (SAMPLES, "none\n" * 30, r"line 1 is 'none'"),
        (SQF, "40 30 20\n", r"Image_2_l_h\.txt: its first line is '40 30 20', expected the anchor 100"),
        (SQF, "", r"Image_2_l_h\.txt: its first line is missing"),
        (SQF, "100 30 40\n", r"line 1 is '100 30 40'"),
    ],
)
def test_a_damaged_label_file_is_named_with_what_was_expected(make_mcl_jci, file, text, message):
    root = make_mcl_jci(pictures="none")
    (root / file).write_text(text)
    with pytest.raises(DataError, match=message):
        open_mcl(root)


def test_a_label_file_that_is_no_text_is_named(make_mcl_jci):
    root = make_mcl_jci(pictures="none")
    (root / SAMPLES).write_bytes(b"40 25\xff\xfe\n" * 30)
    with pytest.raises(DataError, match=r"JND_image_02\.txt: is no text in UTF-8"):
        open_mcl(root)


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        (SAMPLES, r"JND_image_02\.txt: no such file, though SQF_data has source 2.*take the same ones out"),
        (SQF, r"Image_2_l_h\.txt: no such file, though JND_samples has source 2"),
        ("source_images/[BMP]/ImageJND_SRC02.bmp", r"ImageJND_SRC02\.bmp: no such file"),
        ("distorted_image/ImageJND_SRC01/ImageJND_SRC01_064.jpg", r"SRC01_064\.jpg: no such file; source 1 lacks 1 of"),
        ("JND_samples", r"JND_image_01\.txt: no such file.*Is --root the folder"),
    ],
)
def test_a_missing_file_is_named(make_mcl_jci, gone, message):
    root = make_mcl_jci()
    shutil.rmtree(root / gone) if (root / gone).is_dir() else (root / gone).unlink()
    with pytest.raises(DataError, match=message):
        open_mcl(root)


def test_files_that_are_too_many_are_named(make_mcl_jci):
    with pytest.raises(DataError, match="has files of a source 51, expected 1 to 50"):
        open_mcl(make_mcl_jci((1, 51), pictures="none"))
    root = make_mcl_jci((1,), pictures="none", home="twice")
    shutil.copy(root / "JND_samples/JND_image_01.txt", root / "JND_samples/jnd_image_1.txt")
    with pytest.raises(DataError, match=r"is JND_samples/JND_image_01\.txt a second time"):
        open_mcl(root)


def test_labels_alone_without_sqf_say_that_the_truth_is_not_there(make_mcl_jci):
    root = make_mcl_jci(pictures="none")
    shutil.rmtree(root / "SQF_data")
    dataset = open_mcl(root)
    assert any("the truth 'sqf' is not available" in note for note in dataset.notes)
    with pytest.raises(UserError, match="gives no 'sqf' truth"):
        find_truth("sqf").level(dataset.pictures[0])


def test_a_direction_that_it_cannot_have_is_refused(make_mcl_jci):
    root = make_mcl_jci(pictures="none")
    assert len(open_mcl(root, level_direction="up").pictures) == 2
    with pytest.raises(UserError, match="file number is the JPEG QF"):
        open_mcl(root, level_direction="down")


def test_a_set_is_known_by_every_byte_but_not_by_its_place(make_mcl_jci, tmp_path):
    root = make_mcl_jci((1,))
    opened = open_mcl(root)
    parts, first = opened.manifest.parts, opened.fingerprint()
    assert parts["JND_samples/JND_image_01.txt"].startswith("sha256:")
    assert parts["source_images/[BMP]/ImageJND_SRC01.bmp"].startswith("sha256:")
    shutil.copytree(root, tmp_path / "elsewhere" / "copy")
    assert open_mcl(tmp_path / "elsewhere").fingerprint() == first
    assert open_mcl(root, anchor="best-level").fingerprint() != first
    for part in ("distorted_image/ImageJND_SRC01/ImageJND_SRC01_005.jpg", "source_images/[BMP]/ImageJND_SRC01.bmp"):
        before = (root / part).read_bytes()
        (root / part).write_bytes(before[:-9] + bytes([before[-9] ^ 1]) + before[-8:])
        assert open_mcl(root).fingerprint() != first
        assert opened.afresh().fingerprint() != first, "opened before the file was changed"
        (root / part).write_bytes(before)
    assert open_mcl(root).fingerprint() == opened.afresh().fingerprint() == first


def test_a_picture_travels_to_another_process(make_mcl_jci):
    picture = open_mcl(make_mcl_jci((1,)), anchor="best-level").pictures[0]
    again = pickle.loads(pickle.dumps(picture))
    np.testing.assert_array_equal(again.reference, picture.reference)
    assert again.ladder.encoded(50) == picture.ladder.encoded(50)
    assert again.codec == Jpeg()
