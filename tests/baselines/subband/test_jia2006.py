"""Protects Jia et al. 2006: its base table to the digits of the public code, where its constants come from, masking."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from baselines.subband import zhang2005
from baselines.subband._dct_blocks import SIDE, Blocks, cycles_per_degree, normalisation, obliqueness
from baselines.subband.jia2006 import Jia2006, base_thresholds, sensitivity

PPD = 1 / 0.0342
"""Of the reference table."""


def test_base_table_is_exact(reference_values):
    assert base_thresholds(PPD) == pytest.approx(np.array(reference_values["tables"]["jia_2006_29.2398ppd"]), abs=1e-6)


def test_its_two_own_constants_are_a_fit_to_ahumada_and_peterson():
    """The public code does not say where they come from: a fit of our own, to thresholds that are exact, finds them."""
    theirs, frequency = zhang2005.base_thresholds(PPD), cycles_per_degree(PPD)
    to_grey = 256 / 130 / normalisation() / (0.6 + 0.4 * (1 - obliqueness()))
    all_but_dc = np.ones((SIDE, SIDE), dtype=bool)
    all_but_dc[0, 0] = False
    peak = sensitivity(np.linspace(1, 20, 10_000)).max()

    def misfit(constants: np.ndarray) -> np.ndarray:
        amplitude, width = constants
        ours = peak / (amplitude * sensitivity(frequency[all_but_dc], width)) * to_grey[all_but_dc]
        return np.log(ours / theirs[all_but_dc])

    assert least_squares(misfit, (1.0, 1.0)).x == pytest.approx([3.677, 1.186], rel=0.02)


def test_sensitivity_by_hand():
    """Kelly's function k v x^2 exp(-2 x / x_max) of x = 2 pi c1 f, where x_max = 45.9 / (v + 2) and v = c2 * 0.15."""
    x, v = 2 * np.pi * 0.67 * 5, 0.255
    k = 6.1 + 7.3 * abs(np.log10(v / 3)) ** 3
    assert sensitivity(np.array(5.0)) == pytest.approx(1.14 * k * v * x**2 * np.exp(-2 * x * (v + 2) / 45.9))


@pytest.mark.parametrize("image", ["camera", "astronaut_L"])
def test_thresholds_are_those_of_a_loop_over_blocks(image, reference_maps):
    """Block by block and coefficient by coefficient, with the classes that Zhang et al.'s reference row protects."""
    blocks = Blocks.of(reference_maps.images[image][:128, :128], np.float64)
    classes, found = zhang2005.classify(blocks), Jia2006().thresholds(blocks, PPD)
    assert 0 < classes.texture.mean() < 1
    quiet = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 3), *((0, k) for k in range(1, 7)), *((k, 0) for k in range(1, 7))]
    for row, column in np.ndindex(*found.shape[2:]):
        dc = blocks.coefficients[0, 0, row, column] / 1024
        luminance = 2 * (1 - dc) ** 3 + 1 if dc <= 1 else 0.8 * (dc - 1) ** 2 + 1
        for i, j in np.ndindex(SIDE, SIDE):
            wanted = base_thresholds(PPD)[i, j] * luminance
            if (i, j) != (0, 0):
                size = abs(blocks.coefficients[i, j, row, column])
                masks_itself = classes.texture[row, column] or (i, j) not in quiet
                wanted *= classes.elevation[row, column] * (max(1, size / wanted) ** 0.36 if masks_itself else 1)
            assert found[i, j, row, column] == pytest.approx(wanted), (row, column, i, j)
