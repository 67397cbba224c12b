"""Protects `vpjnd2025`: the JND map is drawn once a picture, and has a say in the answer."""

import dataclasses
import functools

import numpy as np
import pytest
import torch

from baselines.interface.measurements import measure_or_load
from baselines.learned.network.pixel_predictor import FAST, FULL, QUICK
from baselines.learned.vpjnd2025 import VpJnd2025
from baselines.pixel.wu2017 import Wu2017
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture

PREDICTOR = VpJnd2025(preset=FAST, settings=QUICK, device="cpu")


@pytest.fixture
def drawn(monkeypatch) -> list[str]:
    """The pictures whose map is drawn from now on."""
    names, whole = [], VpJnd2025.measure
    monkeypatch.setattr(VpJnd2025, "measure", lambda self, picture: names.append(picture.name) or whole(self, picture))
    return names


@pytest.fixture
def picture(rated_pictures) -> Picture:
    """One that remembers nothing."""
    return fresh(rated_pictures[2])


def fresh(picture: Picture) -> Picture:
    return dataclasses.replace(picture, measurements={})


def expected(picture: Picture) -> np.ndarray:
    return Wu2017().jnd_map(picture.reference_luma).astype(np.float16)


def test_a_map_is_drawn_once_and_read_back_to_the_bit(empty_cache, picture, drawn):
    for predictor in (PREDICTOR, VpJnd2025(preset=FULL, settings={"epochs": 3}, device="cpu")):
        again = fresh(picture).without_samples()
        measure_or_load(again, predictor)
        plane = predictor.plane(again)
        assert plane.dtype == np.float16 and np.array_equal(plane, expected(picture))
    assert drawn == [picture.name] and len([path for path in empty_cache.rglob("*") if path.is_file()]) == 1, (
        "settings of training share the map"
    )


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


def test_training_uses_the_map_too(same_source, monkeypatch):
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
