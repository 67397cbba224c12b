"""Protects what raters see: cut and compressed as predictors read it, measured for flashes, made once."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import DataError, UserError
from datasets.ratings.study import folder
from datasets.ratings.study.prepare import level_file
from datasets.ratings.study.settings import StudySettings
from tests.conftest import photograph


def test_levels_are_the_codecs_own_files_of_the_cut(tmp_path):
    rgb = photograph(1, 120, 100)
    (tmp_path / "photos").mkdir()
    Image.fromarray(rgb).save(tmp_path / "photos" / "me & <b>you.png")
    settings = StudySettings(crop=64)
    pictures = folder.prepare(tmp_path / "set", tmp_path / "photos", settings, folder.new_about(settings))
    (name,) = pictures
    assert name == "me-b-you"
    cut = np.array(Image.open(tmp_path / "set" / "pictures" / f"{name}.png"))
    assert (cut == rgb[28:92, 18:82]).all() and (pictures[name].width, pictures[name].height) == (64, 64)
    assert level_file(tmp_path / "set", name, 96).read_bytes() == Jpeg().encode(cut, 5)
    assert pictures[name].flickers_until == 100


def test_what_flashes_too_much_never_flickers(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    noise = rng.integers(0, 256, (420, 420, 3), dtype=np.uint8)
    calm = photograph(0, 420, 420)
    calm[:300, :300] = noise[:300, :300] // 2 + 64
    for name, rgb in (("noise", noise), ("half", calm)):
        Image.fromarray(rgb).save(tmp_path / "photos" / f"{name}.png")
    settings = StudySettings(crop=None)
    about = folder.new_about(settings)
    pictures = folder.prepare(tmp_path / "set", tmp_path / "photos", settings, about)
    assert "noise" not in pictures and "flash too much" in about["left_out"]["noise"]
    if "half" in pictures:
        assert pictures["half"].flickers_until < 100
        assert "stands still below QF" in folder.cut_off(pictures)[0]


def test_a_study_is_prepared_once_and_its_files_stay(photos, tmp_path, monkeypatch):
    settings = StudySettings(crop=None, limit=2)
    about = folder.new_about(settings)
    made = folder.prepare(tmp_path, photos, settings, about)
    monkeypatch.setattr(folder, "prepare_picture", None)
    assert folder.prepare(tmp_path, photos, settings, folder.read_about(tmp_path)) == made
    level_file(tmp_path, min(made), 50).write_bytes(b"other")
    with pytest.raises(DataError, match="have changed since"):
        folder.prepare(tmp_path, photos, settings, folder.read_about(tmp_path))
    level_file(tmp_path, min(made), 50).unlink()
    with pytest.raises(DataError, match="No such file"):
        folder.prepare(tmp_path, photos, settings, folder.read_about(tmp_path))


def test_preparing_goes_on_where_it_was_killed(photos, tmp_path, monkeypatch):
    settings, calls = StudySettings(crop=None, limit=3), []

    def counted(root, photo, *more):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(photo)
        return prepare_picture(root, photo, *more)

    prepare_picture = folder.prepare_picture
    monkeypatch.setattr(folder, "prepare_picture", counted)
    with pytest.raises(KeyboardInterrupt):
        folder.prepare(tmp_path, photos, settings, folder.new_about(settings))
    monkeypatch.setattr(folder, "prepare_picture", lambda *given: calls.append(given[1]) or prepare_picture(*given))
    assert len(folder.prepare(tmp_path, photos, settings, folder.read_about(tmp_path))) == 3
    assert len(calls) == len(set(calls)) == 3


def test_other_settings_are_named(tmp_path):
    settings = StudySettings()
    about = folder.new_about(settings)
    folder.check_same(tmp_path, settings, about)
    other = dataclasses.replace(settings, per_rater=20, trial="yes-no", consent_sha256="f" * 64)
    with pytest.raises(UserError, match=r"--trial: slider before, now yes-no\n.*per-rater: 30 before, now 20\n.*cons"):
        folder.check_same(tmp_path, other, about)


def test_photographs_that_cannot_be_used_are_named(tmp_path):
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (30, 300)).save(tmp_path / "photos" / "narrow.png")
    with pytest.raises(UserError, match=r"can be used:\nnarrow.png: a side has fewer than 64 pixels"):
        settings = StudySettings()
        folder.prepare(tmp_path / "set", tmp_path / "photos", settings, folder.new_about(settings))
