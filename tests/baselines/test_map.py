"""Protects `python -m baselines.map`: its files, its numbers, and its answers to wrong names and pictures."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from baselines.interface.registry import registry
from baselines.map import find_map_predictor, main
from baselines.map_view import view_of
from baselines.pixel._base import PixelMapPredictor
from baselines.pixel.chou1995 import Chou1995
from baselines.subband._wavelet_thresholds import band_thresholds
from baselines.subband.watson1997 import Watson1997
from datasets.common.errors import UserError
from datasets.core.imaging import luma
from datasets.core.picture_file import read_upright

NAMES = [
    name
    for name, entry in registry().items()
    if issubclass(entry.predictor, PixelMapPredictor) and not entry.unavailable()
]


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    from skimage import data

    return np.ascontiguousarray(data.chelsea()[60:180, 100:260])


@pytest.fixture
def photo(tmp_path: Path, pixels: np.ndarray) -> Path:
    from PIL import Image

    Image.fromarray(pixels).save(tmp_path / "cat.png")
    return tmp_path / "cat.png"


def test_the_map_is_saved_as_it_is_and_drawn_beside_the_picture(photo, pixels, tmp_path, capsys):
    from PIL import Image

    assert main(["chou1995", str(photo), "-o", str(tmp_path / "out" / "chou.png")]) == 0
    jnd = np.load(tmp_path / "out" / "chou.npy", allow_pickle=False)
    assert np.array_equal(jnd, Chou1995().jnd_map(luma(pixels)))
    with Image.open(tmp_path / "out" / "chou.png") as drawn:
        colours = len(np.unique(np.asarray(drawn.convert("RGB")).reshape(-1, 3), axis=0))
        assert drawn.width > 2 * pixels.shape[1]
    assert colours > 1000
    said = capsys.readouterr().out
    assert f"mean {jnd.mean():.2f} grey levels" in said
    assert f"{10 * np.log10(255**2 / np.mean(jnd**2)):.2f} dB" in said
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["chou.npy", "chou.png"]


def test_a_photograph_is_mapped_as_it_is_seen_upright_and_in_srgb(pixels, tmp_path, capsys):
    from PIL import Image, PngImagePlugin

    info, exif = PngImagePlugin.PngInfo(), Image.Exif()
    info.add(b"gAMA", (100_000).to_bytes(4, "big"))
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "linear.png", pnginfo=info, exif=exif)
    assert main(["chou1995", str(tmp_path / "linear.png"), "-o", str(tmp_path / "map.png")]) == 0
    seen = read_upright(tmp_path / "linear.png")
    assert seen.shape == (160, 120, 3) and seen.mean() > pixels.mean() + 20
    assert np.array_equal(np.load(tmp_path / "map.npy", allow_pickle=False), Chou1995().jnd_map(luma(seen)))
    assert "converted to sRGB from its gamma (1, chunk gAMA)" in capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_every_model_with_a_map_can_be_drawn(name, photo, tmp_path, capsys):
    assert main([name, str(photo), "-o", str(tmp_path / "map.png"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    jnd = np.load(said["npy"], allow_pickle=False)
    assert (said["name"], said["width"], said["height"]) == (name, 160, 120)
    assert said["mean"] == pytest.approx(jnd.mean())
    assert jnd.shape[:2] == (120, 160)


@pytest.mark.parametrize("flags", [[], ["--frequency", "0,1"], ["--pixels-per-degree", "60"]])
def test_thresholds_of_coefficients_are_drawn_a_block(flags, photo, tmp_path, capsys):
    assert main(["watson1993", str(photo), "-o", str(tmp_path / "map.png"), "--json", *flags]) == 0
    said = json.loads(capsys.readouterr().out)
    raw = np.load(said["npy"], allow_pickle=False)
    assert raw.shape == (15, 20, 8, 8)
    expected = raw[:, :, 0, 1] if "--frequency" in flags else np.exp(np.log(raw).mean(axis=(2, 3)))
    assert said["mean"] == pytest.approx(expected.mean(), rel=1e-5)
    assert said["psnr_db"] is None


@pytest.mark.parametrize("flags", [[], ["--pixels-per-degree", "60"]])
def test_wavelet_thresholds_are_drawn_as_a_pyramid(flags, photo, tmp_path, capsys):
    assert main(["watson1997", str(photo), "-o", str(tmp_path / "map.png"), *flags]) == 0
    said = capsys.readouterr().out
    raw = np.load(tmp_path / "map.npy", allow_pickle=False)
    thresholds = band_thresholds(float(flags[1]) if flags else 24.3, 3)
    assert raw.shape == (120, 160)
    assert sorted(np.unique(raw)) == pytest.approx(sorted(set(thresholds)))
    assert (raw[60:, :80] == np.float32(thresholds[0])).all()
    assert (raw[:15, :20] == np.float32(thresholds[-1])).all()
    assert "10 bands on 3 levels" in said
    assert "the same in every picture" in said


def test_masked_wavelet_thresholds_are_the_pictures_own(pixels):
    view = view_of(Watson1997(masking=0.7), pixels, pixels_per_degree=24.3, frequency=None)
    assert len(np.unique(view.raw)) > 1000
    assert "the same in every picture" not in view.numbers
    assert [label.text.split()[0] for label in view.labels][:3] == ["LH1", "HH1", "HL1"]


def test_frequencies_are_for_coefficients_alone(photo, tmp_path):
    with pytest.raises(UserError, match="watson1997 has wavelet bands, not DCT coefficients"):
        main(["watson1997", str(photo), "-o", str(tmp_path / "map.png"), "--frequency", "0,1"])
    with pytest.raises(UserError, match="chou1995 draws grey levels a pixel"):
        main(["chou1995", str(photo), "-o", str(tmp_path / "map.png"), "--frequency", "0,1"])
    with pytest.raises(SystemExit):
        main(["watson1993", str(photo), "--frequency", "8,1"])


def test_without_a_name_files_go_to_the_present_folder(photo, tmp_path, monkeypatch, capsys):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    main(["yang2005-code", str(photo)])
    assert sorted(path.name for path in here.iterdir()) == ["cat-yang2005-code.npy", "cat-yang2005-code.png"]
    assert "wrote cat-yang2005-code.png" in capsys.readouterr().out


def test_the_same_picture_gives_the_same_bytes_whatever_the_user_s_style(photo, tmp_path):
    import matplotlib as mpl

    main(["wu2017", str(photo), "-o", str(tmp_path / "one.png")])
    with mpl.rc_context({"font.size": 25, "figure.dpi": 33}):
        main(["wu2017", str(photo), "-o", str(tmp_path / "two.png")])
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_a_class_on_the_python_path_will_do(photo):
    assert isinstance(find_map_predictor("baselines.pixel.chou1995:Chou1995"), Chou1995)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("yang205", r"no predictor with a map 'yang205'. Did you mean 'yang2005'.*Known: .*chou1995.*yang2005"),
        ("psnr", r"'psnr' is a predictor, but draws no map. Those that do: .*chou1995.*yang2005"),
        ("baselines.metric.psnr:Psnr", r"draws no map. Those that do: .*chou1995"),
    ],
)
def test_wrong_names_are_answered_by_the_right_ones(name, answer, photo):
    with pytest.raises(UserError, match=answer):
        main([name, str(photo)])


def test_wrong_files_are_named(tmp_path, photo):
    with pytest.raises(UserError, match=r"none\.png: no such picture"):
        main(["chou1995", str(tmp_path / "none.png")])
    (tmp_path / "broken.png").write_bytes(photo.read_bytes()[:500])
    with pytest.raises(UserError, match=r"broken\.png: cannot be read as a picture"):
        main(["chou1995", str(tmp_path / "broken.png")])
    with pytest.raises(UserError, match=r"out\.jpg: expected a file name that ends in \.png"):
        main(["chou1995", str(photo), "-o", "out.jpg"])


def test_a_picture_too_small_is_named(tmp_path):
    from PIL import Image

    Image.new("RGB", (40, 3)).save(tmp_path / "line.png")
    with pytest.raises(UserError, match=r"line\.png.*at least 8x8 pixels, not 40x3"):
        main(["chou1995", str(tmp_path / "line.png")])


def test_the_command_ends_without_traceback(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "baselines.map", "psnr", "x.png"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    assert run.returncode == 2
    assert run.stderr.startswith("error: 'psnr' is a predictor, but draws no map.")
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("number", ["nan", "0", "-3", "inf"])
def test_a_viewing_geometry_that_is_none_is_told(number, tmp_path):
    with pytest.raises(UserError, match="--pixels-per-degree is a number above 0"):
        main(["watson1993", "photo.png", "--pixels-per-degree", number, "--out", str(tmp_path / "map.png")])
