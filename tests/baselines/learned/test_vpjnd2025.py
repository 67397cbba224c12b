"""Protects `vpjnd2025`: the JND map is drawn once, survives damage to its file, and has a say in the answer."""

import dataclasses
import functools
from pathlib import Path

import numpy as np
import pytest
import torch

from baselines.learned import vpjnd2025
from baselines.learned.network.pixel_predictor import FAST, FULL, QUICK
from baselines.learned.vpjnd2025 import VpJnd2025
from baselines.pixel.wu2017 import Wu2017
from datasets.common.cache import CacheWarning
from datasets.common.errors import UserError
from datasets.core.codec import Jpeg
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture

PREDICTOR = VpJnd2025(preset=FAST, settings=QUICK, device="cpu")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("JND_BENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def drawn(monkeypatch) -> list[str]:
    """The pictures whose map is drawn from now on."""
    names, whole = [], vpjnd2025._drawn
    monkeypatch.setattr(vpjnd2025, "_drawn", lambda picture: names.append(picture.name) or whole(picture))
    return names


@pytest.fixture
def picture(rated_pictures) -> Picture:
    """One that remembers nothing."""
    return fresh(rated_pictures[2])


def fresh(picture: Picture) -> Picture:
    return dataclasses.replace(picture, measurements={})


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def expected(picture: Picture) -> np.ndarray:
    return Wu2017().jnd_map(picture.reference_luma).astype(np.float16)


def test_a_map_is_drawn_once_and_read_back_to_the_bit(folder, picture, drawn):
    plane = PREDICTOR.plane(picture)
    assert plane.dtype == np.float16 and np.array_equal(plane, expected(picture))
    again = PREDICTOR.plane(fresh(picture).without_samples())
    assert np.array_equal(again, plane) and drawn == [picture.name] and len(files(folder)) == 1
    assert list(PREDICTOR.measurement(picture)) == ["key"], "what travels to workers is a name"


def test_settings_of_training_share_the_stored_map(folder, picture, drawn):
    PREDICTOR.plane(picture)
    VpJnd2025(preset=FULL, settings={"epochs": 3}, device="cpu").plane(fresh(picture))
    assert len(drawn) == 1


def test_another_picture_or_version_has_another_map(folder, picture, rated_pictures, drawn, monkeypatch):
    PREDICTOR.plane(picture)
    other = PREDICTOR.plane(fresh(rated_pictures[3]))
    assert np.array_equal(other, expected(rated_pictures[3])) and len(drawn) == 2
    monkeypatch.setattr(vpjnd2025, "_MAP_VERSION", vpjnd2025._MAP_VERSION + 1)
    PREDICTOR.plane(fresh(picture))
    assert len(drawn) == 3


def test_a_damaged_file_is_drawn_again_and_kept(folder, picture, drawn):
    PREDICTOR.plane(picture)
    (path,) = files(folder)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.warns(CacheWarning, match="is damaged and computed again"):
        assert np.array_equal(PREDICTOR.plane(fresh(picture)), expected(picture))
    assert len(drawn) == 2
    assert np.array_equal(PREDICTOR.plane(fresh(picture)), expected(picture)) and len(drawn) == 2


def test_a_file_that_went_or_broke_after_it_was_measured_is_no_matter(folder, picture):
    PREDICTOR.measurement(picture)
    (path,) = files(folder)
    path.write_bytes(b"")
    with pytest.warns(CacheWarning, match="is damaged and computed again"):
        assert np.array_equal(PREDICTOR.plane(picture), expected(picture))
    path.unlink(missing_ok=True)
    assert np.array_equal(PREDICTOR.plane(picture), expected(picture))


def test_where_nothing_can_be_written_the_map_stays_in_memory(folder, picture, drawn):
    folder.write_text("a file stands where the folder should be")
    with pytest.warns(CacheWarning, match="measurements cannot be kept"):
        first = PREDICTOR.plane(picture)
    assert np.array_equal(first, expected(picture))
    assert np.array_equal(PREDICTOR.plane(picture), first) and len(drawn) == 1


def test_a_picture_too_small_for_a_map_is_told(learned_vpjnd):
    pixels = np.full((5, 90, 3), 70, dtype=np.uint8)
    ladder = CompressedLadder(Jpeg(), functools.partial(np.array, pixels))
    small = Picture("small", "small", Jpeg(), 24.3, ladder_or_none=ladder)
    with pytest.raises(UserError, match="a JND map needs a picture of at least 8x8 pixels, not 90x5"):
        learned_vpjnd.predict(small)


def test_the_map_has_a_say(learned_vpjnd, same_source, monkeypatch):
    asked = same_source[0].without_samples()
    positions = np.array([10, 60])
    before = learned_vpjnd.ask(asked)(positions)
    monkeypatch.setattr(VpJnd2025, "plane", lambda self, picture: np.full(picture.reference_luma.shape, 30.0, "f2"))
    assert np.abs(learned_vpjnd.ask(asked)(positions) - before).max() > 1e-3


def test_training_looks_at_the_map_too(same_source, monkeypatch):
    def trained() -> dict[str, torch.Tensor]:
        predictor = VpJnd2025(preset=FAST, settings={**QUICK, "epochs": 2}, device="cpu")
        return predictor.fit(same_source[:2], np.array([40.0, 60.0]), seed=0).fitted_.model.state_dict()

    one, again = trained(), trained()
    monkeypatch.setattr(VpJnd2025, "plane", lambda self, picture: np.full(picture.reference_luma.shape, 30.0, "f2"))
    other = trained()
    assert all(torch.equal(tensor, again[name]) for name, tensor in one.items())
    assert not torch.equal(one["branch.0.weight"], other["branch.0.weight"])


def test_patches_start_with_a_block_of_jpeg(rated_pictures):
    picture = rated_pictures[0]
    predictor = VpJnd2025(preset=FAST, settings={**QUICK, "patch_pixels": 36, "most_patches": 9}, device="cpu")
    patches = predictor.patches(picture)
    assert len(patches) == 4 and patches.tops.max() == patches.lefts.max() == 24, "28 without alignment"
    assert (patches.tops % 8 == 0).all() and (patches.lefts % 8 == 0).all()


def test_it_searches_blocks_of_levels_about_the_truth():
    for preset in (FULL, FAST):
        config = VpJnd2025(preset=preset).config()
        assert (config.search, config.label) == ("blocks", "hard")
    assert VpJnd2025.has_plane and PREDICTOR.new_network().plane_branch is not None
