"""Protects the verify command: it passes sound sets, goes on after a fault, and its exit status says what it found."""

import csv
import shutil

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.verify import main


def verify(capsys, *flags) -> tuple[int, str]:
    status = main([str(flag) for flag in flags])
    return status, capsys.readouterr().out


def table(path) -> dict[str, tuple[str, str]]:
    """Last part of the file name to severity and problem."""
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return {row["file"].rsplit("/", 1)[-1]: (row["severity"], row["problem"]) for row in rows}


def test_a_sound_set_passes_with_its_counts(make_mcl_jci, capsys):
    status, out = verify(capsys, "mcl-jci", "--root", make_mcl_jci())
    assert status == 0
    assert "with pixels  2" in out
    assert "levels       200 decoded" in out
    assert "sizes        64x48 (2)" in out
    assert "samples      60, 30 a picture" in out
    assert "note: 2 of 50 sources." in out
    assert "0 errors" in out


def test_levels_that_are_compressed_here_are_looked_at_too(make_mcl_jci, capsys):
    root = make_mcl_jci(pictures="sources")
    status, out = verify(capsys, "mcl-jci", "--root", root)
    assert status == 0 and "levels       200 compressed here" in out
    (root / "source_images/[BMP]/ImageJND_SRC02.bmp").write_bytes(b"BM")
    status, out = verify(capsys, "mcl-jci", "--root", root)
    assert status == 1
    assert "ImageJND_SRC02.bmp: cannot be read as a picture" in out
    assert "WRONG: 1 errors" in out and "levels       100 compressed here" in out


def test_labels_alone_pass(make_mcl_jci, capsys):
    status, out = verify(capsys, "mcl-jci", "--root", make_mcl_jci(pictures="none"))
    assert status == 0
    assert "pictures     2\n  with pixels  0" in out
    assert "QF 26 to 40" in out


def test_genuine_ladders_pass_in_both_directions(make_konjnd_jpeg, genuine_ladders, capsys):
    for direction in ("up", "down"):
        status, out = verify(capsys, "konjnd-1k-jpeg", "--root", make_konjnd_jpeg(direction, ladders=genuine_ladders))
        assert status == 0
        assert "levels       300 decoded" in out
        assert f"note: Level direction: {direction}" in out
        assert "nothing is wrong" in out


def damage(root) -> None:
    """Ten kinds of damage at once."""
    (root / "JND_samples/JND_image_01.txt").write_text("40 25\n" * 29 + "25 40\n")
    (root / "JND_samples/JND_image_02.txt").write_text("40 25\n" * 11)
    (root / "SQF_data/Image_3_l_h.txt").unlink()
    Image.fromarray(np.zeros((10, 10, 3), np.uint8)).save(root / "source_images/[BMP]/ImageJND_SRC04.bmp")
    source = root / "source_images/[BMP]/ImageJND_SRC05.bmp"
    source.write_bytes(source.read_bytes()[:999])
    folder = root / "distorted_image/ImageJND_SRC01"
    whole = (folder / "ImageJND_SRC01_050.jpg").read_bytes()
    (folder / "ImageJND_SRC01_050.jpg").write_bytes(whole[:-40])
    (folder / "ImageJND_SRC01_051.jpg").write_bytes(b"")
    (folder / "ImageJND_SRC01_052.jpg").write_bytes(b"not a picture")
    (folder / "ImageJND_SRC01_053.jpg").unlink()
    small = Jpeg().encode(np.zeros((8, 16, 3), np.uint8), 54)
    (folder / "ImageJND_SRC01_054.jpg").write_bytes(small)


def test_everything_that_is_wrong_is_told_at_once(make_mcl_jci, tmp_path, capsys):
    root = make_mcl_jci(range(1, 6))
    damage(root)
    status, out = verify(capsys, "mcl-jci", "--root", root, "--csv", tmp_path / "wrong.csv")
    assert status == 1
    found = table(tmp_path / "wrong.csv")
    expected = {
        "JND_image_01.txt": "line 30 is '25 40'",
        "JND_image_02.txt": "has 11 lines, expected 30",
        "Image_3_l_h.txt": "no such file, though JND_samples has source 3",
        "ImageJND_SRC05.bmp": "cannot be read as a picture",
        "ImageJND_SRC01_050.jpg": "the JPEG is truncated",
        "ImageJND_SRC01_051.jpg": "the file is empty",
        "ImageJND_SRC01_052.jpg": "not a picture",
        "ImageJND_SRC01_053.jpg": "source 1 lacks 1 of its 100 levels",
        "ImageJND_SRC01_054.jpg": "is 16x8, but its reference is 64x48",
        "ImageJND_SRC04_100.jpg": "is 64x48, but its reference is 10x10",
    }
    for file, problem in expected.items():
        assert found[file][0] == "error" and problem in found[file][1], file
    assert found["SRC01"][0] == "warning" and "the file gets smaller at" in found["SRC01"][1]
    assert "JND_image_01.txt" in out and "more; --csv FILE writes all of them" in out
    assert "WRONG: 109 errors" in out
    assert "levels       496 decoded" in out, "the sound ones were looked at too"


def test_quick_reads_headers_only(make_mcl_jci, tmp_path, capsys):
    root = make_mcl_jci(range(1, 6))
    damage(root)
    status, _ = verify(capsys, "mcl-jci", "--root", root, "--quick", "--csv", tmp_path / "wrong.csv")
    found = table(tmp_path / "wrong.csv")
    assert status == 1
    assert {"ImageJND_SRC01_051.jpg", "ImageJND_SRC01_052.jpg", "ImageJND_SRC01_054.jpg"} <= set(found)
    assert "ImageJND_SRC01_050.jpg" not in found, "a truncated JPEG has a whole header"


def test_sizes_that_do_not_grow_are_a_warning(make_mcl_jci, capsys):
    root = make_mcl_jci((1,))
    folder = root / "distorted_image/ImageJND_SRC01"
    shutil.copy(folder / "ImageJND_SRC01_090.jpg", folder / "ImageJND_SRC01_010.jpg")
    status, out = verify(capsys, "mcl-jci", "--root", root)
    assert status == 0
    assert "warning  SRC01: the file gets smaller at" in out and "most at QF 11 (-" in out
    assert "ok: 0 errors, 1 warnings" in out


def test_references_that_are_not_srgb_are_a_warning(make_mcl_jci, capsys):
    """They are compared as they are stored, so that no number moves; but they are shown otherwise."""
    root = make_mcl_jci((1, 2))
    for number, gamma in ((1, 100_000), (2, 45_455)):
        bmp = root / f"source_images/[BMP]/ImageJND_SRC0{number}.bmp"
        info = PngImagePlugin.PngInfo()
        info.add(b"gAMA", gamma.to_bytes(4, "big"))
        Image.open(bmp).save(bmp.with_suffix(".png"), pnginfo=info)
        bmp.with_suffix(".png").replace(bmp)
    status, out = verify(capsys, "mcl-jci", "--root", root)
    assert status == 0 and out.count("is not sRGB") == 1
    assert "warning  SRC01: its reference is not sRGB, see its gamma (1, chunk gAMA)" in out


def test_decoded_files_are_not_expected_to_grow(make_konjnd_bpg, capsys):
    root = make_konjnd_bpg()
    file = root / "bpg/SRC0506_BPG_030.png"
    file.write_bytes(file.read_bytes()[:-40])
    (root / "bpg/SRC0505_BPG_001.png").write_bytes(b"")
    status, out = verify(capsys, "konjnd-1k-bpg", "--root", root)
    assert status == 1
    assert "SRC0506_BPG_030.png: the picture cannot be decoded" in out
    assert "SRC0505_BPG_001.png: " in out
    assert "WRONG: 2 errors, 0 warnings" in out


def test_a_table_that_disagrees_with_itself_is_told_row_by_row(make_konjnd_bpg, capsys):
    root = make_konjnd_bpg(count=3)
    file = root / "subjective_ratings.csv"
    lines = file.read_text().splitlines()
    lines[1], lines[2] = lines[1].replace("BPG,4", "BPG,5"), lines[2].replace("[30", "[99")
    file.write_text("\n".join(lines))
    status, out = verify(capsys, "konjnd-1k-bpg", "--root", root, "--quick")
    assert status == 1
    assert "line 2 (SRC0505.png): 'No. of ratings' is '5' but the list has 4" in out
    assert "line 3 (SRC0506.png): the rating 99 is no file index" in out
    assert "pictures     2" in out


def test_a_folder_that_is_no_set_is_wrong_not_a_crash(tmp_path, capsys):
    for name in ("mcl-jci", "konjnd-1k-jpeg", "konjnd-1k-bpg"):
        status, out = verify(capsys, name, "--root", tmp_path)
        assert status == 1
        assert "Is --root the folder that the zip was unpacked into?" in out


def test_what_cannot_be_started_is_a_user_error(tmp_path):
    with pytest.raises(UserError, match="needs --root"):
        main(["mcl-jci"])
    with pytest.raises(UserError, match="file number is the JPEG QF"):
        main(["mcl-jci", "--root", str(tmp_path), "--level-direction", "down"])


def test_what_unit_ratings_have_is_said_where_it_is_asked_for(make_konjnd_jpeg, capsys):
    root = make_konjnd_jpeg("up", count=2)
    status, out = verify(capsys, "konjnd-1k-jpeg", "--root", root, "--quick", "--ratings")
    assert status == 0
    assert "ratings read as file indices: SSIMULACRA2" in out and "ratings read as slider positions" in out
    assert "which they are" in out or "so ratings are" in out
    with pytest.raises(UserError, match="--ratings is for"):
        main(["demo", "--ratings"])
