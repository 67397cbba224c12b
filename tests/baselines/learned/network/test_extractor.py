"""Protects looking: features are computed once, found again by what they depend on, and never lost with the cache."""

import dataclasses
import functools
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from baselines.learned.network.extractor import Looker, device_of, has_fast_bf16
from baselines.learned.network.features import Extractor
from baselines.learned.network.settings import Looking, Teaching
from datasets.common.cache import CacheWarning
from datasets.common.errors import UserError
from datasets.core.codec import Jpeg
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture


@dataclasses.dataclass(frozen=True)
class Both(Looking, Teaching):
    """Settings of a predictor that looks and is taught."""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("JND_BENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def looker(folder) -> Looker:
    return Looker(Both(patch_pixels=32, most_patches=4, grid_levels=4), device="cpu")


@pytest.fixture
def passes(monkeypatch) -> list[int]:
    """One entry for each level that the backbone looks at from now on."""
    seen, whole = [], Extractor.level
    monkeypatch.setattr(Extractor, "level", lambda *arguments: seen.append(1) or whole(*arguments))
    return seen


def same(one, other) -> bool:
    return (
        np.array_equal(one.reference, other.reference)
        and np.array_equal(one.levels.difference, other.levels.difference)
        and np.array_equal(one.levels.distance, other.levels.distance)
    )


def test_a_picture_is_looked_at_once(looker, rated_pictures, passes):
    first = looker.measure(rated_pictures[0])
    assert list(first) == ["key"] and len(passes) == 4
    again = Looker(looker.config, device="cpu")
    assert again.measure(rated_pictures[0]) == first and len(passes) == 4
    found = again.features(rated_pictures[0], first)
    assert len(passes) == 4
    assert same(found, looker.look(rated_pictures[0], looker.positions(Jpeg())))


def test_a_damaged_file_is_computed_again(looker, rated_pictures, folder, passes):
    measured = looker.measure(rated_pictures[0])
    before = looker.features(rated_pictures[0], measured)
    path = next(folder.rglob("*.arrays"))
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.warns(CacheWarning, match="damaged and computed again"):
        assert same(looker.features(rated_pictures[0], measured), before)
    with pytest.warns(CacheWarning, match="damaged and computed again"):
        looker.measure(rated_pictures[0])
    assert len(passes) == 12
    assert same(looker.features(rated_pictures[0], measured), before) and len(passes) == 12


def test_a_deleted_file_is_computed_again(looker, rated_pictures, folder):
    measured = looker.measure(rated_pictures[0])
    before = looker.features(rated_pictures[0], measured)
    next(folder.rglob("*.arrays")).unlink()
    assert same(looker.features(rated_pictures[0], measured), before)


def test_where_nothing_can_be_kept_the_arrays_are_handed_on(looker, rated_pictures, folder, passes):
    folder.write_text("a file stands where the folder should be")
    with pytest.warns(CacheWarning, match="measurements cannot be kept"):
        measured = looker.measure(rated_pictures[0])
    assert measured.keys() == {"key", "reference", "difference", "distance"}
    looker.features(rated_pictures[0], measured)
    assert len(passes) == 4


def test_without_keeping_nothing_is_written(looker, rated_pictures, folder):
    measured = Looker(looker.config, device="cpu").measure(rated_pictures[0])
    assert "reference" in measured and not folder.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("patch_pixels", 48),
        ("most_patches", 2),
        ("token_cells", 1),
        ("pixels", False),
        ("grid_levels", 5),
        ("backbone", "efficientnet-lite2"),
        ("weights", "none"),
    ],
)
def test_settings_that_change_features_change_the_key(looker, rated_pictures, name, value):
    other = Looker(dataclasses.replace(looker.config, **{name: value}), device="cpu")
    assert other.key(rated_pictures[0]) != looker.key(rated_pictures[0])


@pytest.mark.parametrize(("name", "value"), [("epochs", 3), ("batch", 2), ("label", "hard"), ("search", "full")])
def test_settings_of_training_do_not(looker, rated_pictures, name, value):
    other = Looker(dataclasses.replace(looker.config, **{name: value}), device="cpu")
    assert other.key(rated_pictures[0]) == looker.key(rated_pictures[0])


def test_a_weight_file_is_known_by_its_content(looker, rated_pictures, tmp_path):
    keys = set()
    for name, content in (("a.pth", b"one"), ("b.pth", b"one"), ("c.pth", b"two")):
        (tmp_path / name).write_bytes(content)
        config = dataclasses.replace(looker.config, weights=str(tmp_path / name))
        keys.add(Looker(config, device="cpu").key(rated_pictures[0]))
    assert len(keys) == 2


def test_pixels_are_part_of_the_key_and_names_and_ratings_are_not(looker, rated_pictures):
    picture = rated_pictures[0]
    keys = {looker.key(one) for one in rated_pictures}
    assert len(keys) == len(rated_pictures)
    assert looker.key(dataclasses.replace(picture, name="another", source="x").without_samples()) == looker.key(picture)
    changed = np.array(picture.reference)
    changed[5, 5, 1] ^= 1
    ladder = CompressedLadder(Jpeg(), functools.partial(np.array, changed))
    assert looker.key(dataclasses.replace(picture, ladder_or_none=ladder)) != looker.key(picture)
    turned = CompressedLadder(Jpeg(), functools.partial(np.array, picture.reference.reshape(32, 128, 3)))
    assert looker.key(dataclasses.replace(picture, ladder_or_none=turned)) != looker.key(picture)


def test_the_ladders_files_are_part_of_the_key(looker, bpg_pictures, rated_pictures, tmp_path):
    picture = bpg_pictures[0]
    before = looker.key(picture)
    assert before != looker.key(rated_pictures[1]), "the same reference compressed by another codec"
    files = dict(picture.ladder.files)
    path = tmp_path / "other.png"
    cv2.imwrite(str(path), np.zeros((64, 64, 3), np.uint8))
    other = type(picture.ladder)(picture.codec, functools.partial(np.array, picture.reference), {**files, 30: path})
    assert looker.key(dataclasses.replace(picture, ladder_or_none=other)) != before


def test_measured_levels_are_spread_over_either_codec(looker, bpg_pictures):
    for codec in (Jpeg(), bpg_pictures[0].codec):
        at = looker.positions(codec)
        assert len(at) == 4 and (np.diff(at) > 0).all() and at[0] >= 0 and at[-1] < len(codec.levels)
    many = Looker(dataclasses.replace(looker.config, grid_levels=500), device="cpu")
    assert np.array_equal(many.positions(Jpeg()), np.arange(100))


def test_a_gaze_looks_at_the_reference_once(looker, rated_pictures, monkeypatch):
    seen, whole = [], Extractor.reference
    monkeypatch.setattr(Extractor, "reference", lambda *arguments: seen.append(1) or whole(*arguments))
    gaze = looker.gaze(rated_pictures[0])
    batches = [gaze.levels(np.array([3, 50])), gaze.levels(np.array([99]))]
    assert [len(one.difference) for one in batches] == [2, 1] and len(seen) == 1
    assert np.array_equal(batches[1].distance, looker.look(rated_pictures[0], np.array([99])).levels.distance)


def test_positions_count_from_the_worst_level_in_either_codec(looker, rated_pictures, bpg_pictures):
    for picture in (rated_pictures[1], bpg_pictures[0]):
        levels = looker.look(picture, np.array([0, len(picture.codec.levels) - 1])).levels
        assert levels.distance[0].mean() > 3 * levels.distance[1].mean()


def test_a_small_picture_is_one_patch(looker):
    ladder = CompressedLadder(Jpeg(), lambda: np.full((9, 17, 3), 90, np.uint8))
    picture = Picture("small", "small", Jpeg(), 24.3, ladder_or_none=ladder)
    assert len(looker.patches(picture)) == 1
    assert looker.look(picture, np.array([0])).levels.distance.shape[:2] == (1, 1)


def test_devices(monkeypatch):
    assert device_of("cpu") == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_of("auto") == "cpu"
    with pytest.raises(UserError, match="sees no CUDA device here; use 'auto' or 'cpu'"):
        device_of("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device_of("auto") == device_of("cuda") == "cuda"


def test_bfloat16_is_off_where_processors_emulate_it(monkeypatch):
    """Also with releases of torch that cannot tell."""
    names = [name for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported") if hasattr(torch.cpu, name)]
    for answer in (False, True):
        has_fast_bf16.cache_clear()
        for name in names:
            monkeypatch.setattr(torch.cpu, name, lambda answer=answer: answer)
        assert has_fast_bf16("cpu") is (answer and bool(names))
    for name in names:
        monkeypatch.delattr(torch.cpu, name)
    has_fast_bf16.cache_clear()
    assert has_fast_bf16("cpu") is False
    has_fast_bf16.cache_clear()
