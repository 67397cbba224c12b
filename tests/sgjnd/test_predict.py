"""Protects `python -m sgjnd.predict`: what it takes, what it prints, what it writes, and how it refuses."""

import argparse
import dataclasses
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image, ImageCms
from safetensors.torch import save_file
from skimage import data

from baselines.learned.network.checkpoint import load_predictor, read_checkpoint, save_predictor
from datasets.codecs import codec_named
from datasets.codecs.avif import Avif
from datasets.codecs.jpeg import Jpeg
from datasets.codecs.mozjpeg import MozJpeg
from datasets.common.commands import run_command
from datasets.common.errors import UserError
from sgjnd import networks, predict
from sgjnd.answer import Answer
from sgjnd.networks import shipped
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
    for part in ("cat.png (64x48): JPEG quality ", "% of people see no difference; ", " fewer than JPEG quality 95"):
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
        assert answer.codec == "jpeg" and 1 <= answer.level <= 100 and 1 <= answer.jnd <= 100
        assert 0 <= answer.sur <= 1 and answer.bytes_at_jpeg_95 > 0 and answer.bytes == answer.bytes_as_jpeg > 0


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
        assert most["level"] >= some["level"]
        assert most["level"] == 100 or most["sur"] >= 0.9
    assert any(most["level"] > some["level"] for some, most in zip(found[0.5], found[0.9], strict=True))


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
def test_a_jpeg_that_is_no_better_than_its_answer_is_to_be_kept(ask, tmp_path, capsys, quality):
    Image.fromarray(np.ascontiguousarray(data.coffee()[:96, :128])).save(tmp_path / "a.jpg", quality=quality)
    assert ask(tmp_path / "a.jpg", "--sur", "0.9" if quality == 5 else "0.1", "--save", "out", "-q") == 0
    said, size = capsys.readouterr().out, (tmp_path / "a.jpg").stat().st_size
    is_kept = f"is a JPEG of about quality {quality} with {size:,} bytes" in said and "Keep it" in said
    assert is_kept == (quality == 5)
    assert is_kept == ("than JPEG quality 95" not in said)


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
    shutil.copy(folder / "cat.png", "cat-jpeg-explained.png")
    with pytest.raises(UserError, match=r"cat-jpeg-explained.png: is one of the pictures"):
        ask(folder / "cat.png", "cat-jpeg-explained.png", "--explain")
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
    assert listed(Path()) == ["cat-jpeg-explained.png", "out/cat-jpeg-explained.png", "out/cat.jpg"]
    assert "wrote cat-jpeg-explained.png" in capsys.readouterr().err
    with Image.open("cat-jpeg-explained.png") as image:
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
        ("bpg", "BPG (bpg) is only read here"),
        ("weights", "it was made with"),
    ],
)
def test_a_wrong_checkpoint_ends_with_one_clear_line_and_2(folder, checkpoint_file, tmp_path, what, says, capsys):
    path = tmp_path / "net.safetensors"
    made_for(what, checkpoint_file, path)
    assert run_command(lambda: main([str(folder / "cat.png"), "--checkpoint", str(path), "--device", "cpu"])) == 2
    shown = capsys.readouterr()
    assert says in shown.err and shown.err.count("\n") == 1 and shown.out == ""


@pytest.mark.parametrize("codec", shipped())
def test_right_after_installation_a_photograph_is_answered_by_a_shipped_network(codec, tmp_path, capsys):
    """It is small, and says itself that it knows simulated observers only."""
    if lacking := codec_named(codec).unavailable():
        pytest.skip(lacking)
    fitted = load_predictor(shipped()[codec], device="cpu").fitted_
    assert shipped()[codec].stat().st_size < 5e6 and fitted.codec == codec
    assert "simulated observers" in fitted.about["samples"]
    Image.fromarray(np.ascontiguousarray(data.astronaut()[:256, 100:484])).save(tmp_path / "astronaut.png")
    assert main([str(tmp_path / "astronaut.png"), "--codec", codec, "--json", "--device", "cpu"]) == 0
    shown = capsys.readouterr()
    (found,) = objects(shown.out)
    assert found["codec"] == codec and found["bytes"] < found["bytes_at_jpeg_95"]
    assert codec_named(codec).worst_level < found["level"] < codec_named(codec).best_level
    assert "simulated observers" in shown.err


def test_jpeg_has_a_network_that_comes_with_the_installation():
    assert "jpeg" in shipped()


@pytest.fixture
def installed(checkpoint_folder, tmp_path, monkeypatch) -> Callable[..., int]:
    """The command of an installation with small networks for JPEG, WebP and AVIF."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(networks, "_FOLDER", checkpoint_folder)
    return lambda *words: main([*map(str, words), "--device", "cpu"])


@pytest.mark.parametrize("name", ["jpeg", "webp", "avif"])
def test_what_is_saved_is_of_the_codec_and_has_the_same_pixels_for_everybody(installed, folder, name, capsys):
    assert installed(folder / "cat.png", "--codec", name, "--save", "out", "--json", "-q") == 0
    codec, (reply,) = codec_named(name), objects(capsys.readouterr().out)
    path = Path("out", f"cat{codec.suffix}")
    assert reply["saved"] == str(path) and path.stat().st_size == reply["bytes"]
    with Image.open(path) as image:
        assert image.format == {"webp": "WEBP"}.get(name, name.upper())
        np.testing.assert_array_equal(np.asarray(image), codec.decode(path.read_bytes()))


def test_several_codecs_are_compared_the_smallest_file_first(installed, folder, capsys):
    assert installed(folder / "cat.png", folder / "cup.jpg", "--codec", "webp", "avif", "--json") == 0
    replies = objects(capsys.readouterr().out)
    assert [Path(reply["image"]).name for reply in replies] == ["cat.png"] * 2 + ["cup.jpg"] * 2
    for first, second in (replies[:2], replies[2:]):
        assert first["bytes"] <= second["bytes"] and {first["codec"], second["codec"]} == {"webp", "avif"}
        assert first["bytes_as_jpeg"] is None


@pytest.mark.parametrize("flags", [["--compare"], ["--codec", "webp", "avif", "webp", "--compare"]])
def test_compare_asks_jpeg_too_and_alone_every_codec_that_has_a_network(installed, folder, flags, capsys):
    assert installed(folder / "cat.png", "--json", "-q", *flags) == 0
    replies = objects(capsys.readouterr().out)
    assert sorted(reply["codec"] for reply in replies) == ["avif", "jpeg", "webp"]
    as_jpeg = next(reply["bytes"] for reply in replies if reply["codec"] == "jpeg")
    assert {reply["bytes_as_jpeg"] for reply in replies} == {as_jpeg}


def test_compare_alone_goes_on_without_a_codec_that_is_not_installed(installed, folder, capsys, monkeypatch):
    monkeypatch.setattr(Avif, "unavailable", lambda self: "it needs a package. Install it: pip install thing")
    assert installed(folder / "cat.png", "--compare", "-q") == 0
    shown = capsys.readouterr()
    assert "without AVIF: it needs a package. Install it" in shown.err and shown.out.count("\n") == 2


def test_a_picture_too_long_for_one_codec_is_answered_for_the_others(installed, tmp_path, capsys):
    Image.new("L", (16_384, 1)).save(tmp_path / "long.png")
    assert installed(tmp_path / "long.png", "--codec", "jpeg", "webp", "--json", "-q") == 1
    shown = capsys.readouterr()
    assert [reply["codec"] for reply in objects(shown.out)] == ["jpeg"]
    assert shown.err == f"left out: {tmp_path / 'long.png'}: is 16384x1, and WebP takes at most 16383 pixels a side\n"


def test_a_damaged_picture_is_told_once_for_all_codecs(installed, folder, capsys):
    (folder / "bad.png").write_bytes(b"these are words")
    assert installed(folder / "bad.png", "--compare", "-q") == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (
            ["--codec", "jp2"],
            "no sgjnd-lite for JPEG 2000 comes with the installation, only for avif, jpeg, webp. Train one",
        ),
        (["--codec", "heic"], "HEIC (heic) is only read here"),
        (["--codec", "webp", "--checkpoint", "FILE"], "was trained for jpeg, and --codec says webp. Leave one out"),
        (["--codec", "jpeg", "webp", "--checkpoint", "FILE"], "was trained for jpeg, and --codec says jpeg webp"),
        (["--compare", "--checkpoint", "FILE"], "--compare asks the networks that come with the installation"),
        (["--codec", "avif"], "AVIF cannot be used here: it needs a package"),
    ],
)
def test_a_codec_that_cannot_be_had_is_told_in_one_line(
    installed, folder, checkpoint_file, flags, says, capsys, monkeypatch
):
    monkeypatch.setattr(Avif, "unavailable", lambda self: "it needs a package")
    monkeypatch.setattr(predict, "answer", lambda *_, **__: pytest.fail("it was computed"))
    flags = [str(checkpoint_file) if flag == "FILE" else flag for flag in flags]
    assert run_command(lambda: installed(folder / "cat.png", *flags)) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1


@pytest.mark.parametrize(
    ("flags", "says"),
    [(["--codec", "avfi"], "Did you mean 'avif'"), (["--codec", "avif", "cat.png"], "Name pictures before --codec.")],
)
def test_a_word_that_is_no_codec_is_refused(folder, flags, says, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit):
        main(flags)
    assert says in capsys.readouterr().err


def test_two_codecs_with_one_suffix_are_not_saved_over_each_other(tmp_path):
    arguments = argparse.Namespace(save=tmp_path / "out", explain=False)
    with pytest.raises(UserError, match=r"a.png in JPEG and a.png in mozjpeg would both become .*a.jpg"):
        predict._check_written(arguments, [Path("a.png")], [Jpeg(), MozJpeg()])
