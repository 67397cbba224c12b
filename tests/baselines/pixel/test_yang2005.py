"""Protects Yang et al. 2005 beyond its reference rows: what edges do, what the code does otherwise, and colour."""

import numpy as np
import pytest

from baselines.pixel._masking import background_luminance, gradient_masking, largest_gradient, luminance_adaptation
from baselines.pixel.yang2005 import GAINS, OVERLAPS, Yang2005
from datasets.common.errors import UserError

NOISE = np.random.default_rng(0).integers(0, 256, (40, 56), dtype=np.uint8)


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    from skimage import data

    return np.ascontiguousarray(data.astronaut()[:200, 100:300])


@pytest.mark.parametrize("variant", ["paper", "code"])
def test_edges_only_ever_take_away(variant):
    protected = Yang2005(variant=variant).jnd_map(NOISE)
    bare = Yang2005(variant=variant, edge_protection=False).jnd_map(NOISE)
    assert (protected <= bare + 1e-9).all()
    assert protected.mean() < bare.mean()


def test_without_edges_it_is_adaptation_and_texture_less_their_overlap():
    background = background_luminance(NOISE)
    one, other = luminance_adaptation(background), 0.117 * largest_gradient(NOISE)
    expected = one + other - 0.3 * np.where(one < other, one, other)
    assert Yang2005(edge_protection=False).jnd_map(NOISE) == pytest.approx(expected)


def test_deep_inside_wide_edges_the_code_keeps_a_twentieth_of_the_gradient():
    """Its edges are 13 pixels wide, and the weight is on the gradient, not on the part that hangs on luminance."""
    step = np.full((40, 40), 60, np.uint8)
    step[:, 20:] = 180
    found = Yang2005(variant="code").jnd_map(step)[20, 18:22]
    background = background_luminance(step)
    kept = gradient_masking(0.05 * largest_gradient(step), background)
    adaptation = luminance_adaptation(background)
    expected = adaptation + kept - 0.3 * np.minimum(adaptation, kept)
    assert found == pytest.approx(expected[20, 18:22], rel=1e-6)


def test_a_grey_picture_has_no_chroma_masking():
    grey = np.repeat(NOISE[:, :, None], 3, axis=2)
    found = Yang2005(color="full").map_of(grey)
    assert found.shape == grey.shape
    assert found[:, :, 0] == pytest.approx(Yang2005().map_of(grey))
    adaptation = luminance_adaptation(background_luminance(NOISE))
    assert found[:, :, 1] == pytest.approx(adaptation)
    assert found[:, :, 2] == pytest.approx(adaptation)


def test_chroma_has_its_own_gain_and_overlap(photograph):
    """Cb and Cr of a photograph, edges aside, by the paper's equation."""
    import cv2

    y, cr, cb = cv2.split(cv2.cvtColor(photograph, cv2.COLOR_RGB2YCrCb))
    adaptation = luminance_adaptation(background_luminance(y))
    found = Yang2005(color="full", edge_protection=False).map_of(photograph)
    for index, plane in ((0, y), (1, cb), (2, cr)):
        texture = GAINS[index] * largest_gradient(plane)
        expected = adaptation + texture - OVERLAPS[index] * np.minimum(adaptation, texture)
        assert found[:, :, index] == pytest.approx(expected)
    assert GAINS == (0.117, 0.65, 0.45)
    assert OVERLAPS == (0.3, 0.25, 0.2)


def test_full_colour_adds_up_the_energies_of_all_three_planes(rated_pictures):
    import cv2

    one, predictor = rated_pictures[0], Yang2005(color="full")
    error = np.subtract(
        cv2.cvtColor(one.ladder.rgb(30), cv2.COLOR_RGB2YCrCb),
        cv2.cvtColor(one.reference, cv2.COLOR_RGB2YCrCb),
        dtype=float,
    )
    jnd = predictor.map_of(one.reference)
    expected = np.sqrt((error**2).sum() / (jnd**2).sum())
    assert predictor.visibility(one, 30) == pytest.approx(expected, rel=1e-6)
    assert predictor.profile(one)[29] == pytest.approx(expected, rel=1e-6)


def test_every_rule_works_in_full_colour(rated_pictures):
    for rule in ("minkowski-4", "exceedance", "pspnr"):
        profile = Yang2005(color="full", rule=rule).measure(rated_pictures[1])["envelope"]
        assert profile[0] > profile[-1] >= 0


def test_wrong_names_are_answered_by_the_right_ones():
    with pytest.raises(UserError, match=r"no variant 'papr'.*'paper'"):
        Yang2005(variant="papr").jnd_map(NOISE)
    with pytest.raises(UserError, match=r"no color 'ful'.*'full'"):
        Yang2005(color="ful").map_of(np.zeros((9, 9, 3), np.uint8))
    with pytest.raises(UserError, match=r"'code' knows no chroma.*color='luma'"):
        Yang2005(color="full", variant="code").map_of(np.zeros((9, 9, 3), np.uint8))
