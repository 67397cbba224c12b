"""Protects the KonJND-1k loaders: files in either direction give the same truth, and every damage is named.

Ratings are made up. JPEG roots hold ladders made of photographs, or genuine ones; BPG roots hold noise (see conftest).
"""

import shutil

import numpy as np
import pytest

from datasets.common.errors import DataError, UserError
from datasets.core.dataset import OpenOptions
from datasets.core.ladder import CompressedLadder
from datasets.core.picture_file import read_picture
from datasets.core.truths import find_truth
from datasets.sets import open_dataset


def open_jpeg(root, **options):
    return open_dataset("konjnd-1k-jpeg", root, OpenOptions(**options))


def open_bpg(root, **options):
    return open_dataset("konjnd-1k-bpg", root, OpenOptions(**options))


def test_both_directions_of_genuine_files_are_one_set(make_konjnd_jpeg, genuine_ladders):
    up, down = (open_jpeg(make_konjnd_jpeg(direction, ladders=genuine_ladders)) for direction in ("up", "down"))
    assert up.notes[0].startswith("Level direction: up, so QF = index, found from the quantisation tables of")
    assert down.notes[0].startswith("Level direction: down, so QF = 101 - index, found from the quantisation tables of")
    for first, second in zip(up.pictures, down.pictures, strict=True):
        assert find_truth("mean").level(first) == find_truth("mean").level(second) == 45
        np.testing.assert_array_equal(first.samples, second.samples)
        for level in (1, 40, 100):
            assert first.ladder.encoded(level) == second.ladder.encoded(level)
    assert up.manifest.sha256 != down.manifest.sha256


def test_levels_are_the_files_and_the_reference_is_the_source(make_konjnd_jpeg, konjnd_ladders):
    root = make_konjnd_jpeg("down", count=1)
    picture = open_jpeg(root).pictures[0]
    official = konjnd_ladders / "jpeg/SRC0013_JPEG_070.jpg"
    assert (picture.name, picture.pixels_per_degree) == ("SRC0013", 24.3)
    assert picture.ladder.encoded(70) == official.read_bytes()
    assert picture.ladder.encoded(70) == (root / "jpeg/SRC0013_JPEG_031.jpg").read_bytes()
    np.testing.assert_array_equal(picture.reference, read_picture(root / "source_image/SRC0013.png"))
    psnr_db = picture.summary().psnr_db
    assert psnr_db[0] < 30 < 55 < psnr_db[-1]


def test_the_anchor_may_be_the_best_level(make_konjnd_jpeg):
    for direction in ("up", "down"):
        picture = open_jpeg(make_konjnd_jpeg(direction, count=1), anchor="best-level").pictures[0]
        assert picture.ladder.mse(100) == 0 < picture.ladder.mse(99)


def test_the_override_is_followed_and_what_the_files_say_is_told(make_konjnd_jpeg):
    root = make_konjnd_jpeg("up")
    agreed = open_jpeg(root, level_direction="up")
    assert "as --level-direction says, and the files agree" in agreed.notes[0]
    against = open_jpeg(root, level_direction="down")
    assert "as --level-direction says, although the files say up" in against.notes[0]
    assert find_truth("mean").level(against.pictures[0]) == 56
    assert agreed.manifest.sha256 != against.manifest.sha256


def test_what_was_found_is_noted(make_konjnd_jpeg):
    notes = open_jpeg(make_konjnd_jpeg("up", qf=40, count=5)).notes
    assert "5 of 504 pictures." in notes
    assert "Their quantisation tables are the standard ones of that QF." in notes
    (about_ratings,) = (note for note in notes if note.startswith("Ratings"))
    assert "which is plausible" in about_ratings and "counted from the other end" in about_ratings


def test_ratings_that_nobody_can_have_given_are_noted(make_konjnd_jpeg):
    notes = open_jpeg(make_konjnd_jpeg("up", qf=97)).notes
    assert any("which is NOT plausible (30 to 43 dB)" in note for note in notes)


@pytest.mark.parametrize(("direction", "says"), [("down", "QP = index"), ("up", "QP = 52 - index")])
def test_the_bpg_half_reads_decoded_files_in_both_directions(make_konjnd_bpg, direction, says):
    root = make_konjnd_bpg(direction)
    dataset = open_bpg(root)
    assert dataset.notes[0].startswith(
        f"Level direction: {direction}, so {says}, found from the PSNR against the source"
    )
    picture = dataset.pictures[0]
    assert (dataset.codec.name, picture.source) == ("bpg", "SRC0505")
    assert sorted(picture.samples) == [28, 30, 31, 33]
    assert np.all(np.diff(picture.summary().mse) < 0), "from worst to best"
    assert np.isnan(picture.summary().size_bytes).all()
    assert open_bpg(root, anchor="best-level").pictures[0].ladder.mse(1) == 0


@pytest.mark.parametrize(
    ("name", "compression", "option", "level"),
    [
        ("konjnd-1k-jpeg", "JPEG", "auto", 45),
        ("konjnd-1k-jpeg", "JPEG", "down", 56),
        ("konjnd-1k-bpg", "BPG", "auto", 45),
        ("konjnd-1k-bpg", "BPG", "up", 7),
    ],
)
def test_labels_alone_open_with_the_likely_or_the_given_direction(
    tmp_path, make_konjnd_table, name, compression, option, level
):
    make_konjnd_table(tmp_path, {"SRC0600": (compression, [44, 46])})
    dataset = open_dataset(name, tmp_path, OpenOptions(level_direction=option))
    assert not dataset.has_pixels
    assert find_truth("mean").level(dataset.pictures[0]) == level
    assert "this could not be checked: the root holds no files" in dataset.notes[0]
    assert "Labels only: the root holds no pictures of this half." in dataset.notes


def test_sources_alone_are_compressed_here_for_jpeg_and_labels_only_for_bpg(make_konjnd_jpeg, make_konjnd_bpg):
    root = make_konjnd_jpeg()
    shutil.rmtree(root / "jpeg")
    dataset = open_jpeg(root)
    assert isinstance(dataset.pictures[0].ladder, CompressedLadder)
    assert any("levels are compressed here, with OpenCV" in note for note in dataset.notes)
    with pytest.raises(UserError, match="--anchor best-level needs the set's own levels"):
        open_jpeg(root, anchor="best-level")
    root = make_konjnd_bpg()
    shutil.rmtree(root / "bpg")
    dataset = open_bpg(root)
    assert not dataset.has_pixels
    assert any("there is no encoder" in note for note in dataset.notes)


def test_the_halves_do_not_see_each_other(tmp_path, make_konjnd_bpg, make_konjnd_table):
    root = make_konjnd_bpg()
    make_konjnd_table(root, {"SRC0001": ("JPEG", [40]), "SRC0505": ("BPG", [30]), "SRC0506": ("BPG", [31])})
    assert [picture.name for picture in open_bpg(root).pictures] == ["SRC0505", "SRC0506"]
    jpeg = open_jpeg(root)
    assert [picture.name for picture in jpeg.pictures] == ["SRC0001"]
    assert not jpeg.has_pixels


def test_other_names_of_the_same_files_read_the_same(make_konjnd_bpg):
    root = make_konjnd_bpg()
    before = [(picture.samples, picture.ladder.mse(30)) for picture in open_bpg(root).pictures]
    for path in sorted(root.rglob("*"), key=lambda path: -len(path.parts)):
        path.rename(path.with_name(path.name.upper()))
    table = root / "SUBJECTIVE_RATINGS.CSV"
    text = table.read_text().replace("Compression type", "compression  TYPE").replace("image_id", " Image ID")
    table.write_bytes(("\ufeff" + text.replace(".png", "").replace("\n", "\r\n")).encode())
    for (samples, error), after in zip(before, open_bpg(root.parent).pictures, strict=True):
        np.testing.assert_array_equal(after.samples, samples)
        assert after.ladder.mse(30) == error


ROW = 'SRC0600.png,BPG,3,20.0,0.8,"[19, 20, 21]"'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[19, 20, 21]", "[19, 20", r"line 2 \(SRC0600\.png\): ratings are '\[19, 20', expected a list of numbers"),
        ("[19, 20, 21]", "[]", "expected a list of numbers"),
        ("[19, 20, 21]", '[19, ""20"", 21]', "expected a list of numbers"),
        ("[19, 20, 21]", "[19, true, 21]", "expected a list of numbers"),
        ("[19, 20, 21]", "[19, 20, 52]", "the rating 52 is no file index, expected 1 to 51"),
        ("[19, 20, 21]", "[19, NaN, 21]", "the rating nan is no file index"),
        ("[19, 20, 21]", "[19, 20]", "'No. of ratings' is '3' but the list has 2"),
        ("20.0", "23.5", r"'mean' is '23\.5' but the list runs from 19 to 21"),
        ("20.0", "nan", "'mean' is 'nan'"),
        ("20.0", "", "'mean' is ''"),
        ("BPG", "HEIC", "line 2 has image_id 'SRC0600.png' and Compression type 'HEIC'"),
        ("SRC0600", "I600", "expected SRCnnnn.png and JPEG or BPG"),
        ("BPG", "JPEG", r"subjective_ratings\.csv: has no ratings of BPG"),
        ("ratings\nSRC", "votes\nSRC", "lacks the columns ratings; expected image_id"),
        (ROW, f"{ROW}\n{ROW}", "line 3 rates SRC0600.png a second time"),
        (ROW, "", "has no ratings of BPG"),
    ],
)
def test_a_damaged_row_is_named_with_what_was_expected(tmp_path, old, new, message):
    text = f"image_id,Compression type,No. of ratings,mean,std,ratings\n{ROW}\n"
    assert old in text
    (tmp_path / "subjective_ratings.csv").write_text(text.replace(old, new))
    with pytest.raises(DataError, match=message):
        open_bpg(tmp_path)


@pytest.mark.parametrize("mean", ["20", "20.3", "20.3333333333333357", "19.5"])
def test_a_mean_may_be_printed_with_any_digits_and_leave_outliers_out(tmp_path, mean):
    row = f'SRC0600.png,BPG,3,{mean},0.9,"[19, 20, 22]"'
    (tmp_path / "subjective_ratings.csv").write_text(
        f"image_id,Compression type,No. of ratings,mean,std,ratings\n{row}\n"
    )
    assert open_bpg(tmp_path).pictures[0].samples.tolist() == [19, 20, 22]


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        ("bpg/SRC0506_BPG_007.png", r"SRC0506_BPG_007\.png: no such file; SRC0506 lacks 1 of its 51 levels"),
        ("source_image/SRC0505.png", r"SRC0505\.png: no such file, though subjective_ratings\.csv rates it"),
        ("source_image", r"SRC0505\.png: no such file"),
        ("subjective_ratings.csv", r"subjective_ratings\.csv: no such file.*Is --root the folder"),
    ],
)
def test_a_missing_file_is_named(make_konjnd_bpg, gone, message):
    root = make_konjnd_bpg()
    shutil.rmtree(root / gone) if (root / gone).is_dir() else (root / gone).unlink()
    with pytest.raises(DataError, match=message):
        open_bpg(root)


def test_ratings_and_files_of_different_pictures_are_named(make_konjnd_bpg, make_konjnd_table):
    root = make_konjnd_bpg()
    make_konjnd_table(root, {"SRC0505": ("BPG", [30])})
    with pytest.raises(DataError, match="has no row for SRC0506, though bpg has its files"):
        open_bpg(root)
    make_konjnd_table(root, {name: ("BPG", [30]) for name in ("SRC0505", "SRC0506", "SRC0507")})
    with pytest.raises(DataError, match=r"SRC0507\.png: no such file"):
        open_bpg(root)
    shutil.copy(root / "bpg/SRC0505_BPG_051.png", root / "bpg/SRC0505_BPG_052.png")
    make_konjnd_table(root, {name: ("BPG", [30]) for name in ("SRC0505", "SRC0506")})
    with pytest.raises(DataError, match=r"SRC0505_BPG_052\.png: is of index 52, expected 1 to 51"):
        open_bpg(root)


def test_a_damaged_file_that_is_looked_at_is_named(make_konjnd_bpg):
    root = make_konjnd_bpg()
    file = root / "bpg/SRC0506_BPG_051.png"
    file.write_bytes(file.read_bytes()[:700])
    with pytest.raises(DataError, match=r"SRC0506_BPG_051\.png: cannot be read as a picture"):
        open_bpg(root)


def test_there_is_no_second_jnd(make_konjnd_bpg):
    with pytest.raises(UserError, match="--jnd 2: KonJND-1k's people gave the first JND only"):
        open_bpg(make_konjnd_bpg(), jnd=2)
