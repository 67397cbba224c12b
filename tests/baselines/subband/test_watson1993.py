"""Protects Watson 1993: its table at any distance, exact masking and pooling, and the floor under darkness."""

import numpy as np
import pytest

from baselines.subband._dct_blocks import Blocks
from baselines.subband._dct_error import QuantisedErrors
from baselines.subband._dct_pooling import Pooling
from baselines.subband.watson1993 import Watson1993, watson_table, watson_thresholds

IMAGES = ("camera", "astronaut_L")
FLOOR_OF_REFERENCE = 8 / 1024


@pytest.fixture(scope="module")
def printed(reference_values) -> np.ndarray:
    """The table as printed, for 32 px/deg."""
    return np.array(reference_values["tables"]["watson_32ppd"])


def slack(image: str, reference_maps, table: np.ndarray) -> np.ndarray:
    return watson_thresholds(
        Blocks.of(reference_maps.images[image], np.float64), table, luminance_floor=FLOOR_OF_REFERENCE
    )


def test_the_printed_table_is_regenerated_within_half_a_percent(printed):
    assert watson_table(32.0) == pytest.approx(printed, rel=0.005)


def test_the_constants_are_the_fitted_ones(reference_values):
    """Dividing out the parabola leaves nothing: the closed form of the reference, but for DC as printed."""
    form = reference_values["tables"]["watson_closed_form"]
    index = np.arange(8)
    frequency = np.hypot.outer(index, index) * 2.0
    frequency[0, 0] = form["fmin_cpd"]
    energy = np.add.outer(index**2, index**2).clip(1)
    cosine2 = 1 - (2 * np.outer(index, index) / energy) ** 2
    phi = np.where(index == 0, np.sqrt(1 / 8), 0.5)
    expected = form["tmin"] / (form["r"] + (1 - form["r"]) * cosine2) / np.outer(phi, phi)
    expected *= 10 ** (form["K"] * np.log10(frequency / form["fmin_cpd"]) ** 2)
    assert watson_table(32.0) == pytest.approx(expected, rel=1e-7)
    assert watson_table(32.0)[0, 0] == pytest.approx(form["DC"], rel=1e-3)


@pytest.mark.parametrize("image", IMAGES)
def test_thresholds_are_exact(image, reference_values, reference_maps, printed):
    """Mean over all coefficients, and one block, with the printed table and the reference's own floor."""
    row = reference_values["dct"][image]["watson_1993_slack"]
    found = slack(image, reference_maps, printed)
    assert found.mean() == pytest.approx(row["mean"], abs=1e-6)
    assert found[:, :, 10, 20] == pytest.approx(np.array(row["block_10_20"]), abs=1e-6)


@pytest.mark.parametrize("quality", [25, 50, 75, 90])
@pytest.mark.parametrize("image", IMAGES)
def test_pooled_errors_are_exact(image, quality, reference_values, reference_maps, printed):
    """Sum and mean over blocks, and the share of errors above threshold, of the reference's own coefficients."""
    row = reference_values["dct"][image][f"jpeg_luma_Q{quality}"]
    thresholds = slack(image, reference_maps, printed)
    source = QuantisedErrors(Blocks.of(reference_maps.images[image], np.float64))
    errors = source.errors(quality)
    assert np.mean(errors**2) == pytest.approx(row["mse"], abs=1e-6)
    assert np.mean(np.abs(errors)) == pytest.approx(row["mean_abs_err"], abs=1e-6)
    assert np.mean(np.abs(errors) > thresholds) == pytest.approx(row["watson_exceed"], abs=1e-6)
    for summed, name in ((True, "watson_sum_beta4"), (False, "watson_meanblk_beta4")):
        pooling = Pooling(np.full((8, 8), 4.0), 4.0, summed)
        found = pooling.pool(errors.copy(), pooling.weights(thresholds.copy()))
        assert found == pytest.approx(row[name], abs=1e-6)


def test_darkness_lowers_no_threshold_below_the_floor():
    """A black block's errors count at most 1 / 0.15^0.649 = 3.43 times those of a mid-grey one."""
    for grey in (0, 1, 5, 19, 60, 128, 255):
        found = Watson1993().thresholds(Blocks.of(np.full((8, 8), grey, np.uint8)), 32.0)[1:, 1:, 0, 0]
        ratio = found / watson_table(32.0)[1:, 1:]
        assert ratio == pytest.approx(max(grey / 128, 0.15) ** 0.649, rel=1e-5)
    assert 0.15**-0.649 < 3.43


def test_a_coefficient_masks_itself_and_dc_does_not():
    plane = 128 + 60 * np.cos((2 * np.arange(8) + 1) * np.pi / 16)[None, :] * np.ones((8, 1))
    blocks = Blocks.of(plane, np.float64)
    table = watson_table(32.0)
    found = watson_thresholds(blocks, table)[:, :, 0, 0]
    size = abs(blocks.coefficients[0, 1, 0, 0])
    assert found[0, 1] == pytest.approx(size**0.7 * table[0, 1] ** 0.3)
    others = np.ones((8, 8), dtype=bool)
    others[0, 1] = False
    assert found[others] == pytest.approx(table[others])
    assert watson_thresholds(blocks, table, masking=0.0)[:, :, 0, 0] == pytest.approx(table)


def test_dc_does_not_depend_on_the_distance():
    assert watson_table(12.0)[0, 0] == watson_table(93.0)[0, 0]
