"""Protects `python -m datasets.simulate`: what it makes opens, what it cannot use it names, a kill costs nothing."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image, ImageCms
from skimage import data

from datasets.codecs.webp import WebP
from datasets.common.errors import UserError
from datasets.core.picture_file import read_picture
from datasets.sets import open_dataset
from datasets.simulate import _cut_all, main
from datasets.simulation.curves import SimulationSettings
from datasets.simulation.folder import SimulationFolder, find_photos

FAST = ["--every", "20", "--observers", "5", "--crop", "128"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Three photographs: two crops, one crop, and one on its side."""
    folder = tmp_path_factory.mktemp("photos")
    Image.fromarray(data.astronaut()[:130, :260]).save(folder / "astronaut.png")
    Image.fromarray(data.chelsea()[:140, :150]).save(folder / "cat.jpg", quality=95)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(data.coffee()[:128, :200]).save(folder / "cup.webp", lossless=True, exif=exif)
    return folder


@pytest.fixture(scope="module")
def made(photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "set"
    assert main([str(photos), "--out", str(out), *FAST]) == 0
    return out


def run(photos, out, *more):
    return main([str(photos), "--out", str(out), *FAST, *more])


def answers(out):
    return {name: (out / name).read_bytes() for name in ("samples.csv", "folds.csv", "simulated.json")}


def test_what_it_makes_is_a_data_set(made):
    dataset = open_dataset("simulated", made)
    assert [picture.name for picture in dataset.pictures] == ["astronaut-1", "astronaut-2", "cat-1", "cup-1"]
    assert dataset.card.samples == "simulated observers"
    for picture in dataset.pictures:
        assert picture.reference.shape == (128, 128, 3)
        assert picture.samples.shape == (5,)
        assert picture.pixels_per_degree == 24.3
    folds = dataset.folds(dataset.card.default_folds)
    assert folds.fold_of.keys() == {"astronaut", "cat", "cup"}
    assert folds.numbers == [1, 2, 3]


def test_a_curve_of_jpeg_is_stored_as_before_there_were_other_codecs(made):
    stored = json.loads((made / "curves/cat-1.json").read_text())
    assert list(stored) == ["picture", "pixels", "made_with", "levels", "loss_jod"]
    assert stored["levels"] == [1, 21, 41, 61, 81, 100]


def test_pictures_are_the_photographs_own_pixels_the_right_way_up(made):
    pictures = {picture.name: picture.reference for picture in open_dataset("simulated", made).pictures}
    np.testing.assert_array_equal(pictures["astronaut-1"], data.astronaut()[1:129, 1:129])
    np.testing.assert_array_equal(pictures["cup-1"], np.rot90(data.coffee()[:128, :200], -1)[36:164])


def test_a_second_call_changes_nothing(photos, made, capsys):
    before, curves = answers(made), {path: path.stat().st_mtime_ns for path in (made / "curves").iterdir()}
    assert run(photos, made) == 0
    assert answers(made) == before
    assert {path: path.stat().st_mtime_ns for path in (made / "curves").iterdir()} == curves
    assert "--dataset simulated --root" in capsys.readouterr().out


def test_it_goes_on_where_a_kill_stopped_it(photos, made, tmp_path):
    out = tmp_path / "set"
    assert run(photos, out, "--limit", "1") == 0
    assert "--limit 1" in " ".join(open_dataset("simulated", out).notes)
    (out / "curves/astronaut-2.json").write_text('{"picture": "astronaut-2", "lev', encoding="utf-8")  # cut off
    assert run(photos, out) == 0
    assert answers(out) == answers(made)


def test_pictures_that_changed_are_looked_at_again(photos, made, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    for path in photos.iterdir():
        (own / path.name).write_bytes(path.read_bytes())
    out = tmp_path / "set"
    run(own, out)
    assert answers(out) == answers(made)
    Image.fromarray(np.full((130, 140, 3), 90, np.uint8)).save(own / "cat.jpg")
    run(own, out)
    flat = next(picture for picture in open_dataset("simulated", out).pictures if picture.name == "cat-1")
    assert flat.samples.max() < 30


def test_other_settings_are_refused_and_listed(photos, made):
    before = answers(made)
    with pytest.raises(UserError, match=r"--seed: 0 before, now 1") as raised:
        run(photos, made, "--seed", "1", "--max-crops", "2")
    assert "--max-crops: 4 before, now 2" in str(raised.value)
    assert "--restart" in str(raised.value)
    assert answers(made) == before


def test_restart_begins_anew(photos, made, tmp_path):
    out = tmp_path / "set"
    run(photos, out, "--limit", "2")
    run(photos, out, "--restart", "--seed", "1", "--limit", "1")
    assert {path.stem for path in (out / "curves").iterdir()} == {"astronaut-1", "astronaut-2"}
    assert json.loads((out / "simulated.json").read_text())["settings"]["seed"] == 1
    assert not (out / "folds.csv").exists()


@pytest.mark.parametrize("restart", [[], ["--restart"]])
def test_a_folder_of_other_things_is_left_alone(photos, tmp_path, restart):
    (tmp_path / "pictures").mkdir()
    mine = tmp_path / "pictures/holiday.png"
    mine.write_bytes(b"mine")
    with pytest.raises(UserError, match="not empty"):
        run(photos, tmp_path, *restart)
    assert mine.read_bytes() == b"mine"


def test_photographs_are_cut_in_srgb_whatever_their_profile(tmp_path):
    look = Image.fromarray(np.ascontiguousarray(data.coffee()[:128, :128]))
    with Image.open(Path(skimage.__file__).parent / "data/rocket.jpg") as rocket:
        adobe_rgb = rocket.info["icc_profile"]
    wide = ImageCms.profileToProfile(look, ImageCms.createProfile("sRGB"), io.BytesIO(adobe_rgb))
    (tmp_path / "photos").mkdir()
    wide.save(tmp_path / "photos/a.tif", icc_profile=adobe_rgb)
    (tmp_path / "photos/clip.mov").write_bytes(b"video")
    photos, left_out = find_photos(tmp_path / "photos", recursive=False, apart_from=tmp_path / "out")
    assert left_out.startswith("left out: 1 .mov; ")
    folder = SimulationFolder(tmp_path / "out", SimulationSettings(), 128, 1)
    (cut,), _, notes = _cut_all(photos, folder)
    assert np.abs(read_picture(folder.picture(cut.name)).astype(float) - look).mean() < 1.5
    assert notes == {"converted to sRGB from its colour profile (Adobe RGB (1998))": 1}


def test_what_cannot_be_used_is_named_and_the_rest_is_made(photos, made, tmp_path, capsys):
    own = tmp_path / "own"
    own.mkdir()
    for path in photos.iterdir():
        (own / path.name).write_bytes(path.read_bytes())
    (own / "broken.jpg").write_bytes((photos / "cat.jpg").read_bytes()[:900])
    Image.fromarray(data.chelsea()[:100, :300]).save(own / "icon.png")
    out = tmp_path / "set"
    assert run(own, out) == 1
    shown = capsys.readouterr().out
    assert "broken.jpg" in shown
    assert "icon.png: is 300x100, and both sides must be 128" in shown
    assert (out / "samples.csv").read_bytes() == (made / "samples.csv").read_bytes()
    left_out = json.loads((out / "simulated.json").read_text())["left_out"]
    assert {entry["photo"]: entry["failed"] for entry in left_out} == {"broken.jpg": True, "icon.png": False}
    assert any("2 photographs were left out" in note for note in open_dataset("simulated", out).notes)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--observers", "0"], "--observers"),
        (["--pixels-per-degree", "0"], "--pixels-per-degree"),
        (["--every", "0"], "--every"),
        (["--jobs", "0"], "--jobs"),
        (["--limit", "-1"], "--limit"),
        (["--metric", "ssimulacra"], "no metric 'ssimulacra'. Did you mean 'ssimulacra2'"),
        (["--metric", "ssimulacra2", "--pixels-per-degree", "30"], "SSIMULACRA2 knows no viewing geometry"),
    ],
)
def test_settings_that_make_no_sense_are_refused_before_anything_is_done(photos, tmp_path, more, message):
    with pytest.raises(UserError, match=message):
        main([str(photos), "--out", str(tmp_path / "set"), *more])
    assert not (tmp_path / "set").exists()


def test_another_codec_is_a_set_of_its_own_and_no_other_goes_on_with_it(photos, tmp_path, capsys):
    out = tmp_path / "set"
    assert run(photos, out, "--codec", "webp", "--limit", "1") == 0
    assert "JND in quality" in capsys.readouterr().out
    picture = open_dataset("simulated", out).pictures[0]
    assert picture.codec == WebP()
    assert 0 <= picture.samples.min() <= picture.samples.max() <= 100
    before = (out / "simulated.json").read_bytes()
    for codec in ("avif", "jpeg"):
        with pytest.raises(UserError, match=f"other settings:\n  --codec: webp before, now {codec}\nRepeat"):
            run(photos, out, "--codec", codec, "--limit", "1")
    assert (out / "simulated.json").read_bytes() == before


def test_observers_of_another_kind_are_a_set_of_their_own_too(photos, tmp_path, capsys):
    out = tmp_path / "set"
    assert run(photos, out, "--metric", "ssimulacra2", "--limit", "1") == 0
    assert "each with 5 simulated observers with SSIMULACRA2. JND in QF" in capsys.readouterr().out
    stored = json.loads((out / "curves/astronaut-1.json").read_text())
    assert list(stored) == ["picture", "pixels", "made_with", "levels", "loss_points"]
    assert stored["made_with"]["metric"].startswith("SSIMULACRA2, package ssimulacra2 ")
    assert open_dataset("simulated", out).name == "simulated-ssimulacra2"
    with pytest.raises(UserError, match="other settings:\n  --metric: ssimulacra2 before, now cvvdp\nRepeat"):
        run(photos, out, "--limit", "1")


@pytest.mark.parametrize(
    ("codec", "message"),
    [("bpg", "--codec bpg: BPG cannot be encoded here. Give one of avif"), ("webpp", "Did you mean 'webp'")],
)
def test_a_codec_that_cannot_be_used_is_refused_before_anything_is_done(photos, tmp_path, codec, message):
    with pytest.raises(UserError, match=message):
        run(photos, tmp_path / "set", "--codec", codec)
    assert not (tmp_path / "set").exists()


def test_a_codec_whose_library_is_missing_says_how_to_install_it_first(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(WebP, "unavailable", lambda self: "it is not installed: pip install webp")
    with pytest.raises(UserError, match="WebP cannot be used here: it is not installed: pip install webp"):
        run(photos, tmp_path / "set", "--codec", "webp")
    assert not (tmp_path / "set").exists()


def test_a_photograph_too_long_for_the_codec_is_named_before_it_is_cut(tmp_path):
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (16_384, 128)).save(tmp_path / "photos/wide.png")
    photos, _ = find_photos(tmp_path / "photos", recursive=False, apart_from=tmp_path / "out")
    folder = SimulationFolder(tmp_path / "out", SimulationSettings(codec=WebP()), None, 1)
    cuts, (left_out,), _ = _cut_all(photos, folder)
    assert cuts == [] and left_out.failed
    assert left_out.why == "is 16384x128, and WebP takes sides of at most 16,383 pixels. Give a smaller --crop"


@pytest.mark.parametrize("crop", ["12", "big", "-1"])
def test_a_crop_is_a_size_or_none(photos, tmp_path, crop, capsys):
    with pytest.raises(SystemExit) as ended:
        main([str(photos), "--out", str(tmp_path / "set"), "--crop", crop])
    assert ended.value.code == 2
    assert "or none" in capsys.readouterr().err
