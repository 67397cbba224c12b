"""Protects `python -m sgjnd.predict`: what it takes, what it prints, what it writes, and how it refuses."""

import dataclasses
import io
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image, ImageCms
from safetensors.torch import save_file
from skimage import data

from baselines.learned.network.checkpoint import load_predictor, read_checkpoint, save_predictor
from datasets.common.commands import run_command
from datasets.common.errors import UserError
from sgjnd.answer import SHIPPED, Answer
from sgjnd.predict import find_files, main


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three photographs of 64x48 pixels in the three usual formats, beside files that are none."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for name, whole in {"cat.png": data.chelsea(), "cup.jpg": data.coffee(), "her.webp": data.astronaut()}.items():
        Image.fromarray(np.ascontiguousarray(whole[100:148, 150:214])).save(photos / name)
    (photos / "notes.txt").write_text("no picture")
    shutil.copy(photos / "cat.png", photos / ".cat.png")
    return photos


@pytest.fixture
def ask(checkpoint_file, tmp_path, monkeypatch) -> Callable[..., int]:
    """The command with the small network, run in a folder of its own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return lambda *words: main([*map(str, words), "--checkpoint", str(checkpoint_file), "--device", "cpu"])


def objects(shown: str) -> list[dict]:
    return [json.loads(line) for line in shown.splitlines()]


def listed(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_files_folders_and_patterns_are_found_each_once_and_in_order(folder, monkeypatch):
    monkeypatch.chdir(folder)
    cat = str(folder / "cat.png")
    found = find_files([str(folder / "c*"), cat, "cat.png", "./cat.png", str(folder), "../photos/cup.jpg"])
    assert [path.name for path in found] == ["cat.png", "cup.jpg", "her.webp"]
    assert found[0] == Path(cat), "as it was named first"


def test_a_name_with_brackets_is_a_file_before_it_is_a_pattern(folder):
    shutil.copy(folder / "cat.png", folder / "cat[1].png")
    assert [path.name for path in find_files([str(folder / "cat[1].png")])] == ["cat[1].png"]


@pytest.mark.parametrize(
    ("name", "says"),
    [("*.tif", "as a pattern it matches nothing"), ("gone.png", "no such picture"), ("empty", "no pictures")],
)
def test_a_name_that_stands_for_nothing_is_an_error(folder, name, says, capsys):
    (folder / "empty").mkdir()
    assert run_command(lambda: main([str(folder / "cat.png"), str(folder / name)])) == 2
    error = capsys.readouterr().err
    assert name in error and says in error and error.count("\n") == 1


def test_an_answer_is_a_sentence_for_people(ask, folder, capsys):
    assert ask(folder / "cat.png") == 0
    shown = capsys.readouterr()
    assert shown.out.count("\n") == 1
    for part in ("cat.png (64x48): JPEG quality ", "% of people see no difference", "at quality 95"):
        assert part in shown.out
    assert "simulated observers" in shown.err and "train it on people's samples" in shown.err


def test_json_is_an_object_a_line_with_the_documented_fields_and_nothing_else(ask, folder, capsys):
    (folder / "bad.png").write_bytes(b"no picture")
    assert ask(folder / "c*", folder / "bad.png", "--json", "--save", "out", "--explain") == 1
    found = objects(capsys.readouterr().out)
    assert [Path(one["image"]).name for one in found] == ["cat.png", "cup.jpg"]
    for one in found:
        answer = Answer(**one)
        assert (answer.width, answer.height) == (64, 48)
        assert 1 <= answer.quality <= 100 and 0 <= answer.sur <= 1 and 1 <= answer.jnd_qf <= 100
        assert answer.bytes > 0 and answer.bytes_at_95 > 0 and answer.levels_tried <= 20


def spoilt(folder: Path) -> list[Path]:
    """Four files that cannot be used, of names that sort between those of the good ones."""
    whole = {suffix: next(folder.glob(f"[!.]*.{suffix}")).read_bytes() for suffix in ("png", "jpg")}
    files = {
        "d-cut.png": whole["png"][: len(whole["png"]) // 2],
        "d-cut.jpg": whole["jpg"][: len(whole["jpg"]) // 2],
        "d-text.png": b"these are words",
        "d-empty.webp": b"",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def test_bad_files_are_reported_the_others_are_answered_and_the_status_is_1(ask, folder, capsys):
    bad = spoilt(folder)
    assert ask(folder, "--json") == 1
    shown = capsys.readouterr()
    assert [Path(one["image"]).name for one in objects(shown.out)] == ["cat.png", "cup.jpg", "her.webp"]
    for path in bad:
        assert f"left out: {path}: cannot be read as a picture" in shown.err
    assert "4 of 7 pictures could not be used" in shown.err and "Traceback" not in shown.err


def test_quiet_says_answers_and_errors_only(ask, folder, capsys):
    assert ask(folder / "cat.png", "-q") == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("share", ["2", "0", "1", "-0.5", "75", "nan"])
def test_a_share_of_people_lies_between_0_and_1(ask, folder, share, capsys):
    assert run_command(lambda: ask(folder, f"--sur={share}")) == 2
    assert "share of people between 0 and 1" in capsys.readouterr().err


def test_the_asked_share_reaches_the_answer(ask, folder, capsys):
    found = {}
    for share in (0.5, 0.9):
        assert ask(folder, "--sur", share, "--json", "-q") == 0
        found[share] = objects(capsys.readouterr().out)
    for some, most in zip(found[0.5], found[0.9], strict=True):
        assert most["quality"] >= some["quality"]
        assert most["quality"] == 100 or most["sur"] >= 0.9
    assert any(most["quality"] > some["quality"] for some, most in zip(found[0.5], found[0.9], strict=True))


def test_what_is_saved_is_what_was_told(ask, folder, capsys):
    assert ask(folder, "--save", Path("new", "small"), "--json") == 0
    found = objects(capsys.readouterr().out)
    assert listed(Path()) == ["new/small/cat.jpg", "new/small/cup.jpg", "new/small/her.jpg"]
    for one in found:
        assert Path(one["saved"]).stat().st_size == one["bytes"]
        with Image.open(one["saved"]) as image:
            image.load()
            assert (image.format, image.size) == ("JPEG", (64, 48))


def test_what_is_saved_looks_like_the_photograph_everywhere_and_tells_no_place(ask, tmp_path, capsys):
    """Upright, sRGB without a profile, and without the other data of the photograph's file."""
    look = np.ascontiguousarray(data.coffee()[100:148, 150:214])
    with Image.open(Path(skimage.__file__).parent / "data/rocket.jpg") as rocket:
        adobe_rgb = rocket.info["icc_profile"]
    to_wide = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.ImageCmsProfile(io.BytesIO(adobe_rgb)), "RGB", "RGB"
    )
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    xmp = b'<x:xmpmeta><rdf:Description exif:GPSLatitude="52,31.2N"/></x:xmpmeta>'
    wide = ImageCms.applyTransform(Image.fromarray(np.rot90(look)), to_wide)
    wide.save(tmp_path / "wide.jpg", quality=98, subsampling=0, icc_profile=adobe_rgb, exif=exif, xmp=xmp)
    assert ask(tmp_path / "wide.jpg", "--save", "out", "--sur", "0.999", "-q") == 0
    assert "converted to sRGB from its colour profile (Adobe RGB (1998))" in capsys.readouterr().out
    with Image.open("out/wide.jpg") as saved:
        assert not {"icc_profile", "exif", "xmp", "comment"} & saved.info.keys() and not saved.getexif()
        assert np.abs(np.asarray(saved).astype(float) - look).mean() < 12
    assert b"52,31" not in Path("out/wide.jpg").read_bytes()


@pytest.mark.parametrize("quality", [5, 95])
def test_a_file_that_is_larger_than_the_photographs_own_is_no_saving(ask, tmp_path, capsys, quality):
    Image.fromarray(np.ascontiguousarray(data.coffee()[:96, :128])).save(tmp_path / "a.jpg", quality=quality)
    assert ask(tmp_path / "a.jpg", "--sur", "0.9" if quality == 5 else "0.1", "--save", "out", "-q") == 0
    said, size = capsys.readouterr().out, (tmp_path / "a.jpg").stat().st_size
    is_larger = Path("out/a.jpg").stat().st_size >= size
    assert is_larger == (f" bytes, no saving: the photograph's own file has {size:,}. Keep that" in said)
    assert is_larger == ("at quality 95" not in said)
    assert is_larger or quality == 95


def test_a_folders_pictures_are_known_by_content_and_the_rest_is_counted(ask, folder, capsys):
    for number, suffix in enumerate((".JPG", ".jfif", ".jpe", ".mpo", "", ".dat")):
        shutil.copy(folder / "cup.jpg", folder / f"cup{number}{suffix}")
    Image.open(folder / "cat.png").save(folder / "cat.ppm")
    Image.open(folder / "cat.png").convert("L").save(folder / "grey.pgm")
    assert ask(folder, "--json", "-q") == 0
    shown = capsys.readouterr()
    assert len(objects(shown.out)) == 3 + 8
    assert f"{folder}: left out: 1 .txt, 1 hidden; read are PNG, JPEG" in shown.err


def test_nothing_is_saved_where_nothing_was_asked_to_be(ask, folder, capsys):
    before = listed(folder)
    assert ask(folder, "--json") == 0
    assert [one["saved"] for one in objects(capsys.readouterr().out)] == ["", "", ""]
    assert listed(Path()) == [] and listed(folder) == before


@pytest.mark.parametrize("flags", [["--save", "out"], ["--explain"], ["--save", "out", "--explain"]])
def test_two_pictures_of_one_stem_are_refused_before_anything_is_written(ask, folder, flags):
    (folder / "other").mkdir()
    shutil.copy(folder / "cat.png", folder / "other" / "cup.png")
    with pytest.raises(UserError, match=r"cup.jpg and .*cup.png would both become .*cup"):
        ask(folder, folder / "other", *flags)
    assert listed(Path()) == []


def test_a_picture_is_never_written_over(ask, folder):
    before = (folder / "cup.jpg").read_bytes()
    for save in (folder, folder / ".." / "photos"):
        with pytest.raises(UserError, match=r"cup.jpg: is one of the pictures and would be overwritten"):
            ask(folder / "cup.jpg", "--save", save)
    with pytest.raises(UserError, match=r"cup.jpg: is one of the pictures"):
        shutil.copy(folder / "cat.png", folder / "cup.png")
        ask(folder / "cup.png", folder / "cup.jpg", "--save", folder)
    shutil.copy(folder / "cat.png", "cat-explained.png")
    with pytest.raises(UserError, match=r"cat-explained.png: is one of the pictures"):
        ask(folder / "cat.png", "cat-explained.png", "--explain")
    assert (folder / "cup.jpg").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_computed(ask, folder):
    Path("taken").write_text("a file")
    with pytest.raises(UserError, match=r"--save taken: is a file"):
        ask(folder, "--save", "taken")
    with pytest.raises(UserError, match=r"--save: taken/below cannot be written"):
        ask(folder / "cat.png", "--save", Path("taken", "below"))


def test_an_explanation_is_a_picture_beside_what_is_saved_or_here(ask, folder, capsys):
    assert ask(folder / "cat.png", "--explain", "--json") == 0
    assert ask(folder / "cat.png", "--explain", "--save", "out") == 0
    assert listed(Path()) == ["cat-explained.png", "out/cat-explained.png", "out/cat.jpg"]
    assert "wrote cat-explained.png" in capsys.readouterr().err
    with Image.open("cat-explained.png") as image:
        image.load()
        assert image.format == "PNG" and image.width > 1000


def made_for(what: str, checkpoint_file: Path, path: Path) -> None:
    """Write a checkpoint that does not fit."""
    if what == "foreign":
        path.write_bytes(b"PK\x03\x04 something else")
    elif what != "missing":
        predictor = load_predictor(checkpoint_file, device="cpu")
        if what == "bpg":
            predictor.fitted_ = dataclasses.replace(predictor.fitted_, codec="bpg")
        save_predictor(path, predictor, {})
        if what == "weights":
            header, tensors = read_checkpoint(path)
            header["ingredients"]["weights"] = "abc" * 20
            save_file(tensors, path, metadata={"jnd-bench": json.dumps(header)})


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("missing", "there is no such checkpoint. python -m sgjnd.train writes one"),
        ("foreign", "cannot be read as a checkpoint"),
        ("bpg", "trained for bpg"),
        ("weights", "it was made with"),
    ],
)
def test_a_wrong_checkpoint_ends_with_one_clear_line_and_2(folder, checkpoint_file, tmp_path, what, says, capsys):
    path = tmp_path / "net.safetensors"
    made_for(what, checkpoint_file, path)
    assert run_command(lambda: main([str(folder / "cat.png"), "--checkpoint", str(path), "--device", "cpu"])) == 2
    shown = capsys.readouterr()
    assert says in shown.err and shown.err.count("\n") == 1 and shown.out == ""


def test_right_after_installation_a_photograph_is_answered_by_the_shipped_network(tmp_path, capsys):
    """It is small, and says itself that it knows simulated observers only."""
    assert SHIPPED.stat().st_size < 5e6
    assert "simulated observers" in load_predictor(SHIPPED, device="cpu").fitted_.about["samples"]
    Image.fromarray(np.ascontiguousarray(data.astronaut()[:256, 100:484])).save(tmp_path / "astronaut.png")
    assert main([str(tmp_path / "astronaut.png"), "--json", "--device", "cpu"]) == 0
    shown = capsys.readouterr()
    (found,) = objects(shown.out)
    assert 5 < found["quality"] < 100 and found["bytes"] < found["bytes_at_95"]
    assert "simulated observers" in shown.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_it_with_130_and_keeps_what_was_said(folder, checkpoint_file):
    for number in range(200):
        shutil.copy(folder / "cat.png", folder / f"cat-{number:03d}.png")
    command = [sys.executable, "-m", "sgjnd.predict", str(folder), "--checkpoint", str(checkpoint_file), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and json.loads(process.stdout.readline())["width"] == 64
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in error and "Traceback" not in error
