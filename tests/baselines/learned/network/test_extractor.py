"""Protects features: nothing where nothing changed, more where more did, the reference's once, and on which device."""

import dataclasses

import numpy as np
import pytest
import torch

from baselines.learned.network.extractor import FeatureExtractor, PictureFeatures, Tokeniser, device_of
from baselines.learned.network.frozen_backbone import weights_of
from baselines.learned.network.imagenet_weights import build, channels_of, choose
from baselines.learned.network.nets.tokens import PIXEL_DIFFERENCE, PIXEL_REFERENCE
from baselines.learned.network.patches import Patches, cover
from baselines.learned.network.settings import FeatureSettings, TrainingSettings
from datasets.codecs.jpeg import Jpeg
from datasets.common import threads
from datasets.common.errors import UserError
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture

CHANNELS = channels_of("efficientnet-lite0")


@pytest.fixture(scope="module")
def tokeniser() -> Tokeniser:
    return Tokeniser(build(choose("efficientnet-lite0")), cells=2, pixels=True)


@pytest.fixture(scope="module")
def patches() -> Patches:
    return cover(64, 64, 32, 4)


def tokens_of(tokeniser, picture, patches, qf) -> tuple[np.ndarray, np.ndarray]:
    """Difference and distance."""
    return tokeniser.level(picture.ladder.rgb(qf), patches, tokeniser.reference(picture.reference, patches))


def test_shapes_and_types_are_as_told(tokeniser, rated_pictures, patches):
    known = tokeniser.reference(rated_pictures[0].reference, patches)
    difference, distance = tokeniser.level(rated_pictures[0].ladder.rgb(30), patches, known)
    channels = sum(CHANNELS)
    assert known.tokens.shape == (4, 4, PIXEL_REFERENCE + channels) and known.tokens.dtype == np.float16
    assert difference.shape == (4, 4, PIXEL_DIFFERENCE + channels)
    assert distance.shape == (4, 4, 1 + len(CHANNELS))
    for part in (known.tokens, difference, distance):
        assert np.isfinite(part).all()


def test_the_identical_picture_does_not_differ(tokeniser, rated_pictures, patches):
    picture = rated_pictures[0]
    level = tokeniser.level(picture.reference, patches, tokeniser.reference(picture.reference, patches))
    assert max(tokens.max() for tokens in level) < 1e-4


def test_the_same_level_gives_the_same_bits(tokeniser, rated_pictures, patches):
    first, second = (tokens_of(tokeniser, rated_pictures[0], patches, 30) for _ in range(2))
    assert all(map(np.array_equal, first, second))


def test_a_patch_has_the_same_tokens_whatever_else_is_in_the_batch(tokeniser, rated_pictures, patches):
    picture = rated_pictures[0]
    together = tokens_of(tokeniser, picture, patches, 30)
    for number in range(len(patches)):
        alone = Patches(32, patches.tops[[number]], patches.lefts[[number]], patches.shape)
        for by_itself, in_batch in zip(tokens_of(tokeniser, picture, alone, 30), together, strict=True):
            assert np.allclose(by_itself[0], in_batch[number], rtol=5e-3, atol=1e-3)


def test_levels_share_the_references_tokens(tokeniser, rated_pictures, patches):
    picture = rated_pictures[0]
    known = tokeniser.reference(picture.reference, patches)
    shared = [tokeniser.level(picture.ladder.rgb(qf), patches, known) for qf in (90, 10, 90)]
    assert np.array_equal(shared[0][0], shared[2][0])
    assert np.array_equal(shared[1][0], tokens_of(tokeniser, picture, patches, 10)[0])


def test_every_stage_differs_more_at_lower_quality(tokeniser, rated_pictures, patches):
    rows = [
        [tokens_of(tokeniser, picture, patches, qf)[1].mean(axis=(0, 1)) for qf in (90, 50, 10)]
        for picture in rated_pictures
    ]
    mean = np.mean(rows, axis=0, dtype=float)
    assert (np.diff(mean, axis=0) > 0).all()


def test_without_the_pixel_stage_its_channels_are_not_there(rated_pictures, patches):
    bare = Tokeniser(build(choose("efficientnet-lite0")), cells=1, pixels=False)
    known = bare.reference(rated_pictures[0].reference, patches)
    assert known.tokens.shape == (4, 1, sum(CHANNELS)) and known.pixels is None
    assert tokens_of(bare, rated_pictures[0], patches, 30)[1].shape == (4, 1, len(CHANNELS))


def test_bfloat16_gives_nearly_the_same(tokeniser, rated_pictures, patches):
    half = Tokeniser(build(choose("efficientnet-lite0")), cells=2, pixels=True, bf16=True)
    exact, rough = (tokens_of(each, rated_pictures[0], patches, 20) for each in (tokeniser, half))
    assert rough[1].astype(float).mean() == pytest.approx(exact[1].astype(float).mean(), rel=0.05)
    assert np.corrcoef(exact[0].ravel().astype(float), rough[0].ravel().astype(float))[0, 1] > 0.99


@dataclasses.dataclass(frozen=True)
class Both(FeatureSettings, TrainingSettings):
    """Settings of features and of training."""


@pytest.fixture
def extractor() -> FeatureExtractor:
    return FeatureExtractor(Both(patch_pixels=32, most_patches=4, grid_levels=4), device="cpu")


def test_the_measurement_is_what_is_extracted_at_the_grids_levels(extractor, rated_pictures):
    features = extractor.of(rated_pictures[0]).extract(extractor.positions(Jpeg()))
    measured = extractor.measure(rated_pictures[0])
    assert measured.keys() == vars(features).keys() and len(features.distance) == 4
    assert all(np.array_equal(measured[name], getattr(features, name)) for name in measured)


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
    batches = [of_picture.extract(np.array([3, 99])), of_picture.extract(np.array([99]))]
    assert [len(features.difference) for features in batches] == [2, 1] and len(calls) == 1
    again = extractor.of(rated_pictures[0]).extract(np.array([99]))
    assert np.array_equal(batches[1].distance, again.distance)
    assert np.array_equal(batches[0].distance[1], again.distance[0]), "levels stand in the order asked"


def test_features_are_the_same_bytes_for_any_number_of_threads(extractor, rated_pictures, monkeypatch):
    """torch computes a small batch in other steps as soon as it has two threads, and then its last digits differ."""
    before, found = torch.get_num_threads(), set()
    for count in (1, 2, 5):
        torch.set_num_threads(count)
        monkeypatch.setattr(threads, "usable_threads", lambda count=count: count)
        features = extractor.measure(rated_pictures[0])
        found.add(tuple(features[name].tobytes() for name in ("reference", "difference", "distance")))
        assert torch.get_num_threads() == count
    torch.set_num_threads(before)
    assert len(found) == 1


def test_positions_count_from_the_worst_level_in_either_codec(extractor, rated_pictures, bpg_pictures):
    for picture in (rated_pictures[1], bpg_pictures[0]):
        features = extractor.of(picture).extract(np.array([0, len(picture.codec.levels) - 1]))
        assert features.distance[0].mean() > 3 * features.distance[1].mean()


def test_a_small_picture_is_one_patch(extractor):
    ladder = CompressedLadder(Jpeg(), lambda: np.full((9, 17, 3), 90, np.uint8))
    picture = Picture("small", "small", Jpeg(), 24.3, ladder_or_none=ladder)
    assert len(extractor.patches(picture)) == 1
    assert extractor.of(picture).extract(np.array([0])).distance.shape[:2] == (1, 1)


def test_devices(monkeypatch):
    assert device_of("cpu") == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_of("auto") == "cpu"
    with pytest.raises(UserError, match="sees no CUDA device here; use 'auto' or 'cpu'"):
        device_of("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device_of("auto") == device_of("cuda") == "cuda"


def test_float32_is_computed_unless_bfloat16_is_asked_for(monkeypatch, extractor, rated_pictures):
    """Whatever the processor is fast at: answers would else depend on it."""
    asked = []
    autocast = torch.autocast
    monkeypatch.setattr(
        torch, "autocast", lambda *given, enabled: asked.append(enabled) or autocast(*given, enabled=enabled)
    )
    for precision in ("float32", "bfloat16"):
        config = dataclasses.replace(extractor.config, precision=precision)
        FeatureExtractor(config, device="cpu").of(rated_pictures[0])
    assert asked == [False, True]


def test_features_are_those_among_what_was_stored():
    """What is read from the disk has the time that it took, and a remark."""
    arrays = {name: np.zeros(place + 1) for place, name in enumerate(("reference", "difference", "distance"))}
    found = PictureFeatures.of({"ms": np.array(1.5), **arrays, "remark": np.zeros(0, np.uint8)})
    assert vars(found).keys() == arrays.keys() and all(vars(found)[name] is arrays[name] for name in arrays)
