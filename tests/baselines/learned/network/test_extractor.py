"""Protects feature extraction: at which levels, from the reference once, on which device."""

import dataclasses

import numpy as np
import pytest
import torch

from baselines.learned.network.extractor import FeatureExtractor, PictureFeatures, device_of, has_fast_bf16
from baselines.learned.network.features import Tokeniser
from baselines.learned.network.frozen_backbone import weights_of
from baselines.learned.network.settings import FeatureSettings, TrainingSettings
from datasets.common.errors import UserError
from datasets.core.codec import Jpeg
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture


@dataclasses.dataclass(frozen=True)
class Both(FeatureSettings, TrainingSettings):
    """Settings of features and of training."""


@pytest.fixture
def extractor() -> FeatureExtractor:
    return FeatureExtractor(Both(patch_pixels=32, most_patches=4, grid_levels=4), device="cpu")


def test_the_measurement_is_what_is_extracted_at_the_grids_levels(extractor, rated_pictures):
    features = extractor.of(rated_pictures[0]).extract(extractor.positions(Jpeg()))
    measured = PictureFeatures.of(extractor.measure(rated_pictures[0]))
    assert np.array_equal(measured.reference, features.reference)
    assert np.array_equal(measured.levels.difference, features.levels.difference)
    assert np.array_equal(measured.levels.distance, features.levels.distance) and len(features.levels.distance) == 4


def test_a_weight_file_is_known_by_its_content(extractor, tmp_path):
    ingredients = set()
    for name, content in (("a.pth", b"one"), ("b.pth", b"one"), ("c.pth", b"two")):
        (tmp_path / name).write_bytes(content)
        config = dataclasses.replace(extractor.config, weights=str(tmp_path / name))
        ingredients.add(weights_of(config)["weights"])
    assert len(ingredients) == 2


def test_measured_levels_are_spread_over_either_codec(extractor, bpg_pictures):
    for codec in (Jpeg(), bpg_pictures[0].codec):
        at = extractor.positions(codec)
        assert len(at) == 4 and (np.diff(at) > 0).all() and at[0] >= 0 and at[-1] < len(codec.levels)
    many = FeatureExtractor(dataclasses.replace(extractor.config, grid_levels=500), device="cpu")
    assert np.array_equal(many.positions(Jpeg()), np.arange(100))


def test_the_references_tokens_are_computed_once(extractor, rated_pictures, monkeypatch):
    calls, whole = [], Tokeniser.reference
    monkeypatch.setattr(Tokeniser, "reference", lambda *arguments: calls.append(1) or whole(*arguments))
    of_picture = extractor.of(rated_pictures[0])
    batches = [of_picture.extract(np.array([3, 50])).levels, of_picture.extract(np.array([99])).levels]
    assert [len(levels.difference) for levels in batches] == [2, 1] and len(calls) == 1
    again = extractor.of(rated_pictures[0]).extract(np.array([99])).levels
    assert np.array_equal(batches[1].distance, again.distance)


def test_positions_count_from_the_worst_level_in_either_codec(extractor, rated_pictures, bpg_pictures):
    for picture in (rated_pictures[1], bpg_pictures[0]):
        levels = extractor.of(picture).extract(np.array([0, len(picture.codec.levels) - 1])).levels
        assert levels.distance[0].mean() > 3 * levels.distance[1].mean()


def test_a_small_picture_is_one_patch(extractor):
    ladder = CompressedLadder(Jpeg(), lambda: np.full((9, 17, 3), 90, np.uint8))
    picture = Picture("small", "small", Jpeg(), 24.3, ladder_or_none=ladder)
    assert len(extractor.patches(picture)) == 1
    assert extractor.of(picture).extract(np.array([0])).levels.distance.shape[:2] == (1, 1)


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
