"""Protects Wu et al. 2017 beyond its reference rows: its parts by hand, the paper's variant, and edge protection."""

import numpy as np
import pytest

from baselines.pixel._masking import background_luminance, luminance_adaptation
from baselines.pixel._pattern_complexity import count_orientations, prewitt
from baselines.pixel.wu2017 import Wu2017, complexity_masking, contrast_masking, local_variance
from datasets.common.errors import UserError

NOISE = np.random.default_rng(0).integers(0, 256, (40, 56), dtype=np.uint8)


def test_variance_is_that_of_25_pixels():
    found = local_variance(NOISE, border="reflect")
    assert found[10, 20] == pytest.approx(NOISE[8:13, 18:23].astype(float).var())
    around = np.pad(NOISE.astype(float), 2, mode="reflect")
    assert found[0, 55] == pytest.approx(around[0:5, 55:60].var())
    assert local_variance(np.full((9, 9), 200, np.uint8), border="reflect").max() == 0


def test_with_zero_borders_there_is_no_contrast_in_the_two_outer_pixels():
    found = local_variance(NOISE, border="zero")
    assert not found[:2].any() and not found[:, -2:].any()
    assert np.array_equal(found[2:-2, 2:-2], local_variance(NOISE, border="reflect")[2:-2, 2:-2])


def test_masking_by_hand():
    assert contrast_masking(np.array([[0.0, 26.0**2]])) == pytest.approx(np.array([[0, 1.84 * 26**0.4 / 2]]))
    assert complexity_masking(np.array([0.0, 1.0]), gain=0.3, knee=1.0) == pytest.approx([0, 0.15])
    assert complexity_masking(np.array([9.0]), gain=0.8, knee=0.1) == pytest.approx([0.8 * 9**0.7], rel=1e-3)


def test_the_paper_by_hand():
    """Eqs 7-14 at every pixel, from the count of orientations on."""
    across, down = prewitt(NOISE, border="reflect")
    contrast = np.hypot(across / 3, down / 3)
    count = count_orientations(across, down, smooth_apart=False, border="reflect").astype(float)
    pattern = np.log2(1 + contrast) * 0.8 * count**2.7 / (count**2 + 0.01)
    masking = np.maximum(pattern, 0.115 * 16 * contrast**2.4 / (contrast**2 + 26**2))
    adaptation = luminance_adaptation(background_luminance(NOISE))
    expected = adaptation + masking - 0.3 * np.minimum(adaptation, masking)
    assert Wu2017(variant="paper").jnd_map(NOISE) == pytest.approx(expected)


def test_a_flat_plane_is_masked_by_its_luminance_alone():
    """At 127 the paper keeps Chou & Li's 3; the code takes 0.7 of that."""
    flat = np.full((12, 12), 127, np.uint8)
    assert Wu2017(variant="paper").jnd_map(flat) == pytest.approx(3)
    assert Wu2017().jnd_map(flat) == pytest.approx(2.1)


def test_edges_end_pattern_masking_and_leave_contrast_masking():
    step = np.full((40, 40), 60, np.uint8)
    step[:, 20:] = 180
    protected, bare = Wu2017().jnd_map(step), Wu2017(edge_protection=False).jnd_map(step)
    assert (protected <= bare + 1e-9).all()
    assert protected[20, 5] == pytest.approx(bare[20, 5])
    contrast_alone = contrast_masking(local_variance(step, border="reflect"))[20, 19]
    adaptation = Wu2017(edge_protection=False).jnd_map(np.full((9, 9), int(background_luminance(step)[20, 19])))[4, 4]
    expected = adaptation + contrast_alone - 0.3 * min(adaptation, contrast_alone)
    assert protected[20, 19] == pytest.approx(expected, rel=0.01)


def test_only_the_code_spares_edges():
    assert np.array_equal(
        Wu2017(variant="paper").jnd_map(NOISE), Wu2017(variant="paper", edge_protection=False).jnd_map(NOISE)
    )


def test_an_unknown_variant_is_answered_by_the_right_ones():
    with pytest.raises(UserError, match=r"no variant 'cod'.*'code'"):
        Wu2017(variant="cod").jnd_map(NOISE)
