"""Protects Liu et al. 2010: exact where the structure is given, near where it is solved for, and its parts by hand."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from baselines.pixel._masking import background_luminance, largest_gradient, luminance_adaptation
from baselines.pixel._tv_l1 import tv_l1_structure
from baselines.pixel.liu2010 import Liu2010
from datasets.common.errors import UserError

IMAGES = pytest.mark.parametrize("image", ["camera", "astronaut_L"])
VARIANTS = pytest.mark.parametrize("variant", ["paper", "code"])
NOISE = np.random.default_rng(0).integers(0, 256, (40, 56), dtype=np.uint8)


@pytest.fixture
def exact_structure(image: str, shared_data: Path) -> np.ndarray:
    """By a cut per grey level, uint8, shape (512, 512)."""
    return cv2.imread(str(shared_data / "reference" / f"tvl1_{image}.png"), cv2.IMREAD_UNCHANGED)


@IMAGES
@VARIANTS
def test_with_the_exact_structure_the_map_is_exact(variant, image, reference_maps, exact_structure):
    """The authors' code and the equations, zero borders; every statistic and pixel to 1e-6."""
    predictor = Liu2010(variant=variant, border="zero")
    found = predictor.map_of_parts(reference_maps.images[image], exact_structure)
    reference_maps.assert_exact(found, image, f"liu_2010_{variant}")


@IMAGES
@VARIANTS
def test_with_the_solver_s_structure_the_map_is_near(variant, image, reference_maps, exact_structure):
    """Minimisers differ where there are ties: by under 1 % of the map in the mean pixel, and 0.05 % in the mean."""
    plane, predictor = reference_maps.images[image], Liu2010(variant=variant, border="zero")
    found, expected = predictor.jnd_map(plane), predictor.map_of_parts(plane, exact_structure)
    assert found.mean() == pytest.approx(expected.mean(), rel=5e-4)
    assert np.mean(found**2) == pytest.approx(np.mean(expected**2), rel=2e-3)
    assert np.abs(found - expected).mean() < 0.01 * expected.mean()


def test_the_paper_by_hand():
    """Eqs 3-6 at every pixel, from the structure on."""
    structure = tv_l1_structure(NOISE)
    texture = NOISE.astype(float) - structure
    masking = 0.117 * (largest_gradient(structure) + 3 * largest_gradient(texture))
    adaptation = luminance_adaptation(background_luminance(NOISE))
    expected = adaptation + masking - 0.3 * np.minimum(adaptation, masking)
    assert Liu2010().jnd_map(NOISE) == pytest.approx(expected)


def test_the_code_by_hand():
    structure = tv_l1_structure(NOISE)
    background = background_luminance(NOISE)
    masking = np.zeros(NOISE.shape)
    for weight, part in ((0.7, structure.astype(float)), (1.4, NOISE.astype(float) - structure)):
        gradient = largest_gradient(part)
        masking += weight * np.clip(gradient * (0.0001 * background + 0.115) + 0.5 - 0.01 * background, 0, 10)
    adaptation = luminance_adaptation(background)
    expected = adaptation + masking - 0.3 * np.minimum(adaptation, masking)
    assert Liu2010(variant="code").jnd_map(NOISE) == pytest.approx(expected)


@VARIANTS
@pytest.mark.parametrize("grey", [0, 40, 127, 255])
def test_a_flat_plane_is_masked_by_its_luminance(variant, grey):
    """In the code its contrast masking, what is left of Chou & Li's without a gradient, is weighted by 2.1."""
    adaptation = float(luminance_adaptation(np.array([grey]))[0])
    masking = 2.1 * max(0.5 - 0.01 * grey, 0) if variant == "code" else 0
    found = Liu2010(variant=variant).jnd_map(np.full((10, 10), grey, np.uint8))
    assert found == pytest.approx(adaptation + masking - 0.3 * min(adaptation, masking))


def test_energies_made_together_are_those_of_the_maps(rated_pictures):
    """Whichever variant asks first, and at either border."""
    one, other = (dataclasses.replace(rated_pictures[0], measurements={}) for _ in range(2))
    for border in ("reflect", "zero"):
        for picture, variants in ((one, ("paper", "code")), (other, ("code", "paper"))):
            for variant in variants:
                predictor = Liu2010(variant=variant, border=border)
                expected = np.mean(predictor.map_of(picture.reference) ** 2)
                assert predictor.map_energy(picture) == pytest.approx(expected, rel=1e-12)


def test_texture_masks_three_times_as_much_as_an_edge_of_the_same_gradient():
    """A step of 20 levels, and a lone line of 20: both have the largest gradient of their part alone."""
    step, line = np.full((2, 30, 30), 127, np.uint8)
    step[:, 15:] += 20
    line[10:14, 15] += 20
    assert np.array_equal(tv_l1_structure(step), step)
    assert (tv_l1_structure(line) == 127).all()
    for plane, weight in ((step, 1), (line, 3)):
        masking = weight * 0.117 * largest_gradient(plane)
        adaptation = luminance_adaptation(background_luminance(plane))
        expected = adaptation + masking - 0.3 * np.minimum(adaptation, masking)
        assert Liu2010().jnd_map(plane) == pytest.approx(expected)


def test_the_code_never_masks_by_more_than_its_clips():
    adaptation = luminance_adaptation(background_luminance(NOISE))
    assert (Liu2010(variant="code").jnd_map(NOISE) <= adaptation + 21).all()
    assert Liu2010().jnd_map(NOISE).max() > adaptation.max() + 21


@VARIANTS
def test_borders_change_only_the_two_outer_pixels(variant):
    reflected = Liu2010(variant=variant).jnd_map(NOISE)
    zero = Liu2010(variant=variant, border="zero").jnd_map(NOISE)
    assert np.array_equal(reflected[2:-2, 2:-2], zero[2:-2, 2:-2])
    assert not np.array_equal(reflected, zero)


def test_fractions_of_grey_levels_are_rounded():
    assert np.array_equal(Liu2010().jnd_map(NOISE + 0.4), Liu2010().jnd_map(NOISE))


def test_registered_are_paper_as_published_and_code():
    assert Liu2010.variants() == {
        "liu2010": {},
        "liu2010-as-published": {"threshold": 1.0},
        "liu2010-code": {"variant": "code"},
    }


def test_an_unknown_variant_is_answered_by_the_right_ones():
    with pytest.raises(UserError, match=r"no variant 'cod'.*'code'"):
        Liu2010(variant="cod").jnd_map(NOISE)
