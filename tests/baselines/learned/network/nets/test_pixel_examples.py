"""Protects training from pixels: patches, planes, levels and labels belong together, aligned and padded ones too."""

import dataclasses
import functools

import numpy as np
import pytest
import torch

from baselines.learned.network.nets.pixel_examples import PixelExamples
from baselines.learned.network.nets.training import Batch
from baselines.learned.network.patches import cover
from baselines.learned.network.settings import TrainingSettings
from datasets.codecs.jpeg import Jpeg
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture

CONFIG = TrainingSettings(patch_pixels=32, patches_per_picture=3, levels_per_picture=4, batch=5)
POSITIONS = np.array([10, 60])


def labels_of(pictures) -> np.ndarray:
    """A number that no other picture or level has."""
    return np.linspace(0.95, 0.05, 100) + 1e-4 * np.arange(len(pictures))[:, None]


def examples_of(pictures, trained, held_out=(), config: TrainingSettings = CONFIG, **more) -> PixelExamples:
    return PixelExamples(pictures, labels_of(pictures), trained, held_out, config, "cpu", POSITIONS, **more)


@pytest.fixture
def examples(rated_pictures) -> PixelExamples:
    return examples_of(rated_pictures, [0, 1, 4], [2, 6])


@pytest.fixture(scope="module")
def mixed_pictures(rated_pictures) -> list[Picture]:
    """Room for many patches, for one, and for less than one."""
    pixels = rated_pictures[0].reference
    cut = {"whole": pixels, "one": pixels[:40, :40], "short": pixels[:20, :45], "two": pixels[:, :33]}
    return [
        Picture(name, name, Jpeg(), 24.3, ladder_or_none=CompressedLadder(Jpeg(), functools.partial(np.array, part)))
        for name, part in cut.items()
    ]


def luma_plane(picture: Picture) -> np.ndarray:
    """A plane that says where it was cut."""
    return (picture.reference_luma / 2).astype(np.float16)


def which(batch: Batch, row: int, labels: np.ndarray) -> tuple[int, int]:
    """The picture and the position of a row, as its label says."""
    number, position = np.argwhere(np.isclose(labels, float(batch.target[row]), atol=1e-6))[0]
    return int(number), int(position)


def places(patch: np.ndarray, pixels: np.ndarray) -> list[tuple[int, int]]:
    """Where a picture has a patch."""
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (32, 32), axis=(0, 1))
    return list(zip(*np.where((windows.transpose(0, 1, 3, 4, 2) == patch).all(axis=(2, 3, 4))), strict=True))


def test_patches_levels_and_labels_belong_together(examples, rated_pictures):
    batch = next(iter(examples.epoch(0)))
    reference, level, at = (one.numpy() for one in batch.inputs)
    for row in range(len(at)):
        number, position = which(batch, row, labels_of(rated_pictures))
        assert at[row] == pytest.approx(position / 99)
        picture = rated_pictures[number]
        compressed = picture.ladder.rgb(position + 1)
        for patch in range(3):
            here = places(reference[row, patch].transpose(1, 2, 0), picture.reference)
            assert here and here[0] in places(level[row, patch].transpose(1, 2, 0), compressed)


def test_an_epoch_has_the_steps_that_are_told_and_is_seeded(examples, rated_pictures):
    before = torch.get_rng_state()
    one, same, other = (list(examples.epoch(seed)) for seed in (2, 2, 3))
    assert len(one) == examples.steps() == 3
    assert all(torch.equal(a.inputs[0], b.inputs[0]) for a, b in zip(one, same, strict=True))
    assert all(torch.equal(a.inputs[1], b.inputs[1]) for a, b in zip(one, same, strict=True))
    assert not all(torch.equal(a.target, b.target) for a, b in zip(one, other, strict=True))
    seen = [which(batch, row, labels_of(rated_pictures)) for batch in one for row in range(len(batch.target))]
    assert len(set(seen)) == len(seen) == 12 and {number for number, _ in seen} == {0, 1, 4}
    assert torch.equal(before, torch.get_rng_state())


def test_held_out_pictures_are_looked_at_in_a_fixed_cover(examples, rated_pictures):
    batches = list(examples.held_out())
    assert len(batches) == 2
    for batch, number in zip(batches, (2, 6), strict=True):
        assert np.allclose(batch.target, labels_of(rated_pictures)[number, POSITIONS], atol=1e-6)
        expected = cover(64, 64, 32, 3).cut(rated_pictures[number].reference)
        assert np.array_equal(batch.inputs[0][0].numpy().transpose(0, 2, 3, 1), expected)


def test_patches_that_do_not_fit_are_left_out_for_all(rated_pictures):
    whole = examples_of(rated_pictures, [0], config=TrainingSettings(patch_pixels=48, batch=4))
    batch = next(iter(whole.epoch(0)))
    assert batch.present.shape == batch.inputs[0].shape[:2] == (4, 1) and batch.present.all()


@pytest.mark.parametrize("step", [1, 8])
def test_pictures_with_fewer_patches_are_padded_with_absent_ones(mixed_pictures, step):
    config = TrainingSettings(patch_pixels=32, patches_per_picture=4, levels_per_picture=2, batch=8)
    source = examples_of(mixed_pictures, range(4), config=config, maps=luma_plane, step=step)
    (batch,) = source.epoch(1)
    fitting = {"whole": 4, "one": 1, "short": 1, "two": 2}
    assert batch.present.shape == (8, 4)
    for row in range(8):
        picture = mixed_pictures[which(batch, row, labels_of(mixed_pictures))[0]]
        count = fitting[picture.name]
        assert batch.present[row].tolist() == [1] * count + [0] * (4 - count)
        for inputs in (batch.inputs[0], batch.inputs[1], batch.inputs[3]):
            assert inputs[row, :count].any() and not inputs[row, count:].any()


def test_a_picture_shorter_than_a_patch_is_mirrored(mixed_pictures):
    batch = next(iter(examples_of(mixed_pictures, [2], maps=luma_plane).epoch(0)))
    for patches in (batch.inputs[0][0, 0], batch.inputs[1][0, 0], batch.inputs[3][0]):
        for below, above in ((20, 19), (25, 14), (31, 8)):
            assert torch.equal(patches[..., below, :], patches[..., above, :])


def test_a_plane_is_cut_where_the_reference_is(rated_pictures):
    for source in (
        examples_of(rated_pictures, [0, 5], [2], maps=luma_plane),
        examples_of(rated_pictures, [0, 5], [2], maps=luma_plane, step=8),
    ):
        for batch in (*source.epoch(4), *source.held_out()):
            assert len(batch.inputs) == 4 and batch.inputs[3].shape == (*batch.present.shape, 32, 32)
            for row in range(len(batch.target)):
                picture = rated_pictures[which(batch, row, labels_of(rated_pictures))[0]]
                plane = luma_plane(picture).astype(np.float32)
                for patch in range(int(batch.present[row].sum())):
                    pixels = batch.inputs[0][row, patch].numpy().transpose(1, 2, 0)
                    top, left = places(pixels, picture.reference)[0]
                    found = batch.inputs[3][row, patch].numpy()
                    assert np.array_equal(found, plane[top : top + 32, left : left + 32])


def test_without_a_plane_there_is_none(examples):
    assert all(len(batch.inputs) == 3 for batch in (*examples.epoch(0), *examples.held_out()))


def test_patches_start_at_multiples_of_the_step(rated_pictures):
    """JPEG's blocks look alike only where patches start with one."""
    config = TrainingSettings(patch_pixels=36, patches_per_picture=4, levels_per_picture=6, batch=6)
    found = {}
    for step in (1, 8):
        source = examples_of(rated_pictures, [0], [2], config=config, maps=_where, step=step)
        batches = [*source.epoch(0), *source.epoch(1), *source.held_out()]
        found[step] = torch.cat([batch.inputs[3][..., 0, 0].ravel() for batch in batches]).int()
    assert (found[8] // 100 % 8 == 0).all() and (found[8] % 100 % 8 == 0).all()
    assert (found[1] // 100 % 8 != 0).any() and (found[1] % 100 % 8 != 0).any()


def _where(picture: Picture) -> np.ndarray:
    rows, columns = np.indices(picture.reference_luma.shape)
    return rows * 100.0 + columns


def test_random_places_lie_anywhere_and_are_the_same_of_reference_and_level(rated_pictures):
    """A shifted grid of 32 has four places in a picture of 64 pixels, and so few of them a start beyond 0 and 32."""
    config = dataclasses.replace(CONFIG, places="random")
    batch = next(iter(examples_of(rated_pictures, [0], config=config).epoch(0)))
    picture, starts = rated_pictures[0], set()
    for row in range(len(batch.target)):
        _, position = which(batch, row, labels_of(rated_pictures))
        level = picture.ladder.rgb(int(picture.codec.levels[position]))
        for patch in range(3):
            reference, compressed = (values[row, patch].permute(1, 2, 0).numpy() for values in batch.inputs[:2])
            at = places(reference, picture.reference)
            assert set(at) & set(places(compressed, level))
            starts |= set(at)
    assert len({top for top, _ in starts} | {left for _, left in starts}) > 2
