"""Protects where pictures are looked at: inside, all of it where it may be, and at the same places of every level."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.learned.network.patches import Patches, cover, crops, patches_of, scatter

sides = st.integers(1, 300)
sizes = st.integers(8, 96)
counts = st.integers(1, 40)


def times_covered(patches: Patches) -> np.ndarray:
    height, width = patches.shape
    seen = np.zeros((max(height, patches.size), max(width, patches.size)), dtype=int)
    for top, left in zip(patches.tops, patches.lefts, strict=True):
        seen[top : top + patches.size, left : left + patches.size] += 1
    return seen


def assert_inside(patches: Patches) -> None:
    height, width = patches.shape
    assert patches.tops.min() >= 0 and patches.tops.max() <= max(height - patches.size, 0)
    assert patches.lefts.min() >= 0 and patches.lefts.max() <= max(width - patches.size, 0)


@given(sides, sides, sizes, counts)
def test_a_cover_stays_inside_and_within_its_number(height, width, size, most):
    patches = cover(height, width, size, most)
    assert 1 <= len(patches) <= most
    assert_inside(patches)
    assert len(set(zip(patches.tops.tolist(), patches.lefts.tolist(), strict=True))) == len(patches)


@given(sides, sides, sizes)
def test_a_cover_reaches_every_pixel_where_it_may(height, width, size):
    needed = -(-height // size) * -(-width // size)
    patches = cover(height, width, size, needed)
    assert len(patches) == needed
    assert times_covered(patches)[:height, :width].min() >= 1


@given(sides, sides, sizes, counts)
def test_a_cover_is_always_the_same(height, width, size, most):
    one, other = cover(height, width, size, most), cover(height, width, size, most)
    assert np.array_equal(one.tops, other.tops) and np.array_equal(one.lefts, other.lefts)


@given(st.integers(100, 300), st.integers(100, 300), st.integers(8, 32), st.integers(4, 40))
def test_too_few_patches_still_use_most_of_their_number_and_reach_all_borders(height, width, size, most):
    patches = cover(height, width, size, most)
    assert len(patches) >= min(most * 0.6, len(cover(height, width, size, 10_000)))
    for places, side in ((patches.tops, height), (patches.lefts, width)):
        if len(np.unique(places)) > 1:
            assert places.min() == 0 and places.max() == side - size


def test_a_1080p_picture_is_covered_evenly_by_48():
    patches = cover(1080, 1920, 128, 48)
    assert 45 <= len(patches) <= 48
    gaps = [np.diff(np.unique(places)) for places in (patches.tops, patches.lefts)]
    assert all(gap.max() - gap.min() <= 1 for gap in gaps)


@given(sides, sides, sizes, counts, st.integers(0, 99))
def test_random_patches_stay_inside_and_never_overlap(height, width, size, count, seed):
    patches = scatter(height, width, size, count, np.random.default_rng(seed))
    fitting = max(height // size, 1) * max(width // size, 1)
    assert len(patches) == min(count, fitting)
    assert_inside(patches)
    assert times_covered(patches).max() == 1


def test_random_patches_differ_and_a_seed_repeats_them():
    one, same, other = (scatter(300, 300, 64, 4, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert np.array_equal(one.tops, same.tops) and np.array_equal(one.lefts, same.lefts)
    assert not (np.array_equal(one.tops, other.tops) and np.array_equal(one.lefts, other.lefts))


def test_random_patches_reach_every_pixel_in_the_long_run():
    generator = np.random.default_rng(0)
    seen = sum(times_covered(scatter(100, 77, 32, 99, generator)) for _ in range(300))
    assert seen.min() > 0


@given(sides, sides, sizes, counts, st.integers(0, 99))
def test_random_crops_stay_inside_and_are_as_many_as_asked(height, width, size, count, seed):
    patches = crops(height, width, size, count, np.random.default_rng(seed))
    assert len(patches) == count
    assert_inside(patches)


def test_a_pictures_random_places_are_its_own_and_as_many_as_its_cover():
    pictures = np.random.default_rng(0).integers(0, 256, (2, 90, 200, 3), dtype=np.uint8)
    one, again, other = (patches_of(picture, 32, 12, "random") for picture in (pictures[0], pictures[0], pictures[1]))
    covering = patches_of(pictures[0], 32, 12, "cover")
    assert np.array_equal(covering.tops, cover(90, 200, 32, 12).tops)
    assert len(one) == len(covering) and not np.array_equal(one.lefts, covering.lefts)
    assert np.array_equal(one.tops, again.tops) and np.array_equal(one.lefts, again.lefts)
    assert not np.array_equal(one.lefts, other.lefts)


@given(sides, sides, sizes, counts)
def test_reference_and_level_are_cut_at_the_same_places(height, width, size, most):
    rows, columns = np.indices((height, width))
    reference = np.stack([rows % 256, columns % 256, rows // 256 * 16 + columns // 256], axis=-1).astype(np.uint8)
    patches = cover(height, width, size, most)
    first, second = patches.cut(reference), patches.cut(255 - reference)
    assert first.shape == (len(patches), size, size, 3) and first.dtype == np.uint8
    assert np.array_equal(second, 255 - first)
    assert np.array_equal(first[:, 0, 0, 0], patches.tops % 256)
    assert np.array_equal(first[:, 0, 0, 1], patches.lefts % 256)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 100), (31, 33), (100, 3)])
def test_what_a_small_picture_lacks_is_its_mirror_image(height, width):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    patch = cover(height, width, 32, 9).cut(pixels)[0]
    high, wide = min(height, 32), min(width, 32)
    assert np.array_equal(patch[:high, :wide], pixels[:high, :wide])
    if height < 32:
        assert np.array_equal(patch[height], patch[height - 1])
        if 2 <= height <= 30:
            assert np.array_equal(patch[height + 1], patch[height - 2])
        assert set(map(tuple, patch.reshape(-1, 3).tolist())) <= set(map(tuple, pixels.reshape(-1, 3).tolist()))


def test_a_picture_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"placed for \(64, 64\), the picture is \(64, 65\)"):
        cover(64, 64, 32, 4).cut(np.zeros((64, 65, 3), np.uint8))


@given(sides, sides, sizes, counts, st.sampled_from([1, 2, 8, 16]))
def test_aligned_patches_start_at_multiples_and_move_less_than_a_step(height, width, size, most, step):
    patches = cover(height, width, size, most)
    aligned = patches.aligned(step)
    assert_inside(aligned)
    assert (aligned.size, aligned.shape, len(aligned)) == (patches.size, patches.shape, len(patches))
    for before, after in ((patches.tops, aligned.tops), (patches.lefts, aligned.lefts)):
        assert (after % step == 0).all() and (before - after >= 0).all() and (before - after < step).all()


def test_a_step_of_one_moves_nothing_and_the_patches_themselves_stay():
    patches = scatter(100, 100, 32, 4, np.random.default_rng(3))
    before = patches.tops.tolist(), patches.lefts.tolist()
    assert (patches.aligned(1).tops.tolist(), patches.aligned(1).lefts.tolist()) == before
    patches.aligned(16)
    assert (patches.tops.tolist(), patches.lefts.tolist()) == before


@given(sides, sides, sizes, counts)
def test_a_plane_is_cut_where_the_pixels_are(height, width, size, most):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    patches = cover(height, width, size, most)
    plane = patches.cut(pixels[..., 1].astype(np.float16))
    assert plane.shape == (len(patches), size, size) and plane.dtype == np.float16
    assert np.array_equal(plane, patches.cut(pixels)[..., 1])


def test_a_plane_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"placed for \(64, 64\), the picture is \(65, 64\)"):
        cover(64, 64, 32, 4).cut(np.zeros((65, 64), np.float32))
