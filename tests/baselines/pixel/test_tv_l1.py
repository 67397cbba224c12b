"""Protects the TV-L1 solver: its energy against exact minima, and what the minimiser is known to keep and to drop."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack

from baselines.pixel._tv_l1 import DATA_WEIGHT, tv_l1_energy, tv_l1_structure

EXACT_ENERGY = {"camera": 1804164.2, "astronaut_L": 2407003.2}
IMAGES = pytest.mark.parametrize("image", EXACT_ENERGY)
NOISE = np.random.default_rng(0).integers(0, 256, (33, 47), dtype=np.uint8)
TURNS = {"transposed": np.transpose, "left to right": np.fliplr, "upside down": np.flipud}


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    from skimage import data

    return np.ascontiguousarray(data.camera()[80:208, 160:304])


def square(side: int, background: int, grey: int) -> np.ndarray:
    plane = np.full((24, 30), background, np.uint8)
    plane[8 : 8 + side, 10 : 10 + side] = grey
    return plane


def exact_energy(plane: np.ndarray) -> float:
    """Of the minimiser, by linear programming: least sum of |differences| + 0.8 |changes|, each bounded from above."""
    number = np.arange(plane.size).reshape(plane.shape)
    first = np.concatenate([number[:-1].ravel(), number[:, :-1].ravel()])
    second = np.concatenate([number[1:].ravel(), number[:, 1:].ravel()])
    rows = np.arange(len(first))
    change = csr_array((np.ones(len(first)), (rows, second)), (len(first), plane.size)) - csr_array(
        (np.ones(len(first)), (rows, first)), (len(first), plane.size)
    )
    levels = plane.ravel().astype(float)
    # value, |value - level|, then what each difference is above and below 0
    equal = hstack([change, csr_array((len(first), plane.size)), -eye_array(len(first)), eye_array(len(first))])
    apart, none = eye_array(plane.size), csr_array((plane.size, 2 * len(first)))
    above, below = hstack([apart, -apart, none]), hstack([-apart, -apart, none])
    cost = np.concatenate([np.zeros(plane.size), np.full(plane.size, DATA_WEIGHT), np.ones(2 * len(first))])
    found = linprog(
        cost,
        A_ub=csr_array(np.vstack([above.toarray(), below.toarray()])),
        b_ub=np.concatenate([levels, -levels]),
        A_eq=csr_array(equal),
        b_eq=np.zeros(len(first)),
        bounds=(0, None),
        method="highs",
    )
    assert found.status == 0
    return float(found.fun)


@IMAGES
def test_the_exact_structure_has_the_published_energy(image, reference_maps, shared_data: Path):
    """So that energies here and those of the reference are the same thing."""
    exact = cv2.imread(str(shared_data / "reference" / f"tvl1_{image}.png"), cv2.IMREAD_UNCHANGED)
    assert tv_l1_energy(exact, reference_maps.images[image]) == pytest.approx(EXACT_ENERGY[image], abs=0.01)


@IMAGES
def test_photographs_come_within_a_thousandth_of_the_least_energy(image, reference_maps):
    plane = reference_maps.images[image]
    gap = tv_l1_energy(tv_l1_structure(plane), plane) / EXACT_ENERGY[image] - 1
    assert 0 <= gap <= 0.001


@IMAGES
def test_a_smaller_tolerance_comes_nearer(image, reference_maps):
    plane = reference_maps.images[image]
    gap = tv_l1_energy(tv_l1_structure(plane, tolerance=5e-5), plane) / EXACT_ENERGY[image] - 1
    assert 0 <= gap <= 0.0002


@pytest.mark.parametrize("seed", range(3))
def test_small_pictures_come_near_the_exact_minimum(seed):
    """Smoothed noise of 12x14 pixels, against linear programming; given time, the minimum itself."""
    rough = np.random.default_rng(seed).uniform(0, 255, (12, 14)).astype(np.float32)
    plane = np.clip(cv2.GaussianBlur(rough, (3, 3), 0.7), 0, 255).astype(np.uint8)
    least = exact_energy(plane)
    assert least - 1e-6 <= tv_l1_energy(tv_l1_structure(plane), plane) <= 1.005 * least
    assert tv_l1_energy(tv_l1_structure(plane, tolerance=-1), plane) == pytest.approx(least, rel=1e-4)


def test_energy_by_hand():
    """A pixel of 10 in flat grey: four differences, and nothing changed; or no difference, and 10 changed."""
    plane = square(1, 100, 110)
    assert tv_l1_energy(plane, plane) == pytest.approx(40)
    assert tv_l1_energy(np.full_like(plane, 100), plane) == pytest.approx(8)


@pytest.mark.parametrize("plane", [NOISE, "photograph"], ids=["noise", "photograph"])
def test_no_blurred_picture_has_less_energy(plane, photograph):
    plane = photograph if isinstance(plane, str) else plane
    found = tv_l1_energy(tv_l1_structure(plane), plane)
    others = {
        "itself": plane,
        "Gaussian": cv2.GaussianBlur(plane, (7, 7), 0.8),
        **{f"median of {size}": cv2.medianBlur(plane, size) for size in (3, 5, 7, 9)},
        "flat": np.full_like(plane, int(np.median(plane))),
    }
    assert all(found < 1.001 * tv_l1_energy(other, plane) for other in others.values())


@pytest.mark.parametrize("grey", [0, 1, 127, 254, 255])
def test_a_flat_picture_is_its_own_structure(grey):
    flat = np.full((9, 70), grey, np.uint8)
    assert np.array_equal(tv_l1_structure(flat), flat)


@pytest.mark.parametrize(("background", "grey"), [(100, 102), (0, 255), (200, 50)])
def test_what_is_small_goes_and_what_is_large_stays_whatever_its_contrast(background, grey):
    """A square of side s costs 4 s to keep and 0.8 s^2 to drop, so it stays from side 6 on."""
    small, large = square(4, background, grey), square(6, background, grey)
    assert np.array_equal(tv_l1_structure(small), np.full_like(small, background))
    assert np.array_equal(tv_l1_structure(large), large)


def test_fine_stripes_are_texture_and_wide_ones_are_structure():
    across = np.arange(60)
    fine = np.tile(np.where(across % 2, 90, 110).astype(np.uint8), (40, 1))
    wide = np.tile(np.where(across // 20 % 2, 90, 110).astype(np.uint8), (40, 1))
    assert np.ptp(tv_l1_structure(fine)[5:-5, 5:-5].astype(int)) <= 5
    assert np.array_equal(tv_l1_structure(wide), wide)


def test_the_negative_has_the_negative_structure(photograph):
    """It has the same energy, and as far as the minimiser is unique the same pixels."""
    found, negative = tv_l1_structure(photograph), 255 - tv_l1_structure(255 - photograph)
    energies = [tv_l1_energy(one, photograph) for one in (found, negative)]
    assert energies[1] == pytest.approx(energies[0], rel=0.001)
    assert np.mean(np.abs(found.astype(int) - negative)) < 1


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS.keys())
def test_the_structure_turns_with_the_picture(turn, photograph):
    """To the last bit, since the solver counts in whole numbers."""
    turned = np.ascontiguousarray(turn(photograph))
    assert np.array_equal(tv_l1_structure(turned), turn(tv_l1_structure(photograph)))


@pytest.mark.parametrize("shape", [(8, 8), (8, 31), (150, 200), (2, 5)])
def test_strips_of_any_size_give_one_picture(shape, monkeypatch):
    """Pictures are swept in strips that fit into the cache; how high they are must not matter."""
    plane = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    found = tv_l1_structure(plane)
    monkeypatch.setattr("baselines.pixel._tv_l1._STRIP", 3 * shape[1])
    assert np.array_equal(tv_l1_structure(plane), found)
    monkeypatch.setattr("baselines.pixel._tv_l1._STRIP", 1)
    if plane.size < 1000:
        assert np.array_equal(tv_l1_structure(plane), found)


def test_the_picture_is_left_as_it_was(photograph):
    kept = photograph.copy()
    photograph.setflags(write=False)
    found = tv_l1_structure(photograph)
    assert np.array_equal(photograph, kept)
    assert photograph.min() <= found.min() <= found.max() <= photograph.max()
