"""Protects Wu et al. 2013: its reference rows, its parts by hand, and what edges and borders change."""

import numpy as np
import pytest

from baselines.pixel._masking import background_luminance, largest_gradient, luminance_adaptation_32
from baselines.pixel._nl_means import nl_means
from baselines.pixel.wu2013 import (
    LEAST_SENSITIVITY,
    Wu2013,
    contrast_masking,
    local_variance,
    noise_energy,
    round_as_published,
    round_half_up,
)

IMAGES = pytest.mark.parametrize("image", ["camera", "astronaut_L"])
RANDOM = np.random.default_rng(0)
NOISE = RANDOM.integers(0, 256, (40, 56), dtype=np.uint8)


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    from skimage import data

    return np.ascontiguousarray(data.camera()[80:208, 160:304])


@pytest.fixture(scope="module")
def predicted(reference_maps) -> dict[str, np.ndarray]:
    """Each image's prediction with zero borders, made once."""
    return {name: Wu2013(border="zero").prediction(plane) for name, plane in reference_maps.images.items()}


@IMAGES
def test_the_prediction_is_exact(image, reference_maps, predicted):
    """Every statistic and pixel to 1e-6, which is to the last of 262144 pixels, ties included."""
    reference_maps.assert_exact(predicted[image], image, "wu_2013_prediction")


@IMAGES
def test_the_maskings_of_the_prediction_are_exact(image, reference_maps, predicted):
    background = background_luminance(predicted[image], border="zero")
    gradient = largest_gradient(predicted[image], border="zero")
    reference_maps.assert_exact(luminance_adaptation_32(background), image, "wu_2013_LA")
    reference_maps.assert_exact(contrast_masking(gradient, background), image, "wu_2013_CM")


@IMAGES
@pytest.mark.parametrize(("name", "tolerance"), [("wu_2013_disorder", 0.05), ("wu_2013", 0.012)])
def test_rows_that_look_at_edges(name, tolerance, image, reference_maps, predicted):
    """The reference's edges are Octave's; the row's mean holds to the share beside it, 7 of 8 pixels exactly."""
    row, plane = reference_maps.rows[image][name], reference_maps.images[image]
    model = Wu2013(border="zero")
    found = model.jnd_map(plane) if name == "wu_2013" else model.disorder(plane, predicted[image])
    assert not row["exact"]
    assert found.mean() == pytest.approx(row["mean"], rel=tolerance)
    values = [(found[tuple(map(int, place.split(",")))], value) for place, value in row["pixels"].items()]
    assert sum(one == pytest.approx(value, abs=1e-5) for one, value in values) >= 7


@IMAGES
def test_without_edges_all_but_edges_is_as_in_the_reference(image, reference_maps):
    """So what is left between the maps is the edge detector's: the row lies between ours with and without it."""
    plane, row = reference_maps.images[image], reference_maps.rows[image]["wu_2013"]
    with_edges, without = (
        Wu2013(border="zero", edge_protection=switch).jnd_map(plane).mean() for switch in (True, False)
    )
    assert with_edges < row["mean"] < without


@IMAGES
def test_reflected_borders_and_rounded_ties_hardly_change_the_map(image, reference_maps, predicted):
    """Inside, under 0.3 % of the predicted pixels differ, all by one level, and the map's mean by 0.1 %."""
    plane, inner = reference_maps.images[image], np.s_[13:-13, 13:-13]
    change = Wu2013().prediction(plane)[inner].astype(int) - predicted[image][inner]
    assert 0 < np.mean(change != 0) < 0.003
    assert set(np.unique(change)) <= {0, 1}
    zero, reflected = (Wu2013(border=border).jnd_map(plane)[inner].mean() for border in ("zero", "reflect"))
    assert reflected == pytest.approx(zero, rel=0.001)


def test_variance_is_that_of_49_pixels():
    found = local_variance(NOISE, border="reflect")
    assert found[10, 20] == pytest.approx(NOISE[7:14, 17:24].astype(float).var())
    padded = np.pad(NOISE.astype(float), 3, mode="constant")
    assert local_variance(NOISE, border="zero")[0, 55] == pytest.approx(padded[0:7, 55:62].var())
    assert local_variance(np.full((9, 9), 255, np.uint8), border="reflect").max() == 0


def test_noise_energy_by_hand():
    """s^2 up to a standard deviation of s, s^3 over it beyond."""
    found = noise_energy(np.array([8.0, 8.0, 8.0, 10.0]), np.array([0.0, 64.0, 256.0, 1e4]))
    assert found == pytest.approx([64, 64, 8**3 / 16, 10])


def test_contrast_masking_by_hand():
    """A gradient of 240 counts as 80; the background is floored; what falls below 0 is taken by its size."""
    assert contrast_masking(np.array([0.0]), np.array([50.9])) == pytest.approx(0)
    assert contrast_masking(np.array([0.0]), np.array([250.0])) == pytest.approx(2)
    assert contrast_masking(np.array([240.0]), np.array([0.0])) == pytest.approx(80 * 0.115 + 0.5)


def test_the_map_by_hand(photograph):
    """Twice the additivity model, over the prediction."""
    model = Wu2013(edge_protection=False)
    guess = model.prediction(photograph)
    background = background_luminance(guess)
    adaptation = luminance_adaptation_32(background)
    masking = contrast_masking(largest_gradient(guess), background)
    orderly = adaptation + masking - 0.3 * np.minimum(adaptation, masking)
    error = np.abs(photograph.astype(float) - guess)
    found = model.jnd_map(photograph)
    rough = local_variance(photograph, border="reflect") >= 100
    expected = orderly + error - 0.3 * np.minimum(orderly, error)
    assert found[rough] == pytest.approx(expected[rough], abs=1e-5)
    assert (found[~rough] <= expected[~rough] + 1e-5).all()
    assert 0.1 < rough.mean() < 0.9


def test_a_flat_plane_is_predicted_and_masked_by_its_luminance():
    flat = np.full((12, 12), 127, np.uint8)
    masking = abs(0.5 - 0.01 * 127)
    assert np.array_equal(Wu2013().prediction(flat), flat)
    assert Wu2013().jnd_map(flat) == pytest.approx(3 + 0.7 * masking)


def test_a_grating_is_predicted_and_noise_is_not():
    """What the free-energy principle is about: order may be foreseen, so only disorder hides changes."""
    grating = np.tile(np.where(np.arange(64) // 2 % 2, 100, 160).astype(np.uint8), (64, 1))
    rough = RANDOM.permutation(grating.ravel()).reshape(grating.shape)
    model = Wu2013(edge_protection=False)
    assert np.array_equal(model.prediction(grating), grating)
    assert model.disorder(rough, model.prediction(rough)).mean() > 5


def test_edges_take_off_the_disorder(photograph):
    guess = Wu2013().prediction(photograph)
    protected, bare = (
        Wu2013(edge_protection=switch).disorder(photograph, guess).astype(float) for switch in (True, False)
    )
    assert (protected <= bare + 1e-6).all()
    assert (protected >= 0.2 * bare - 1e-6).all()
    assert protected.sum() < bare.sum()


def test_with_zero_borders_the_outer_pixels_have_no_map(photograph):
    found = Wu2013(border="zero").jnd_map(photograph)
    assert not found[:2].any() and not found[-3:].any() and not found[:, :2].any() and not found[:, -3:].any()
    assert found[2:-3, 2:-3].min() >= 3
    assert Wu2013().jnd_map(photograph).min() >= 3


def test_black_and_white_dots_have_a_map_too():
    """Nothing is alike there: every weight vanishes even in double precision."""
    dots = RANDOM.integers(0, 2, (24, 31), dtype=np.uint8) * 255
    for border in ("reflect", "zero"):
        found = Wu2013(border=border).jnd_map(dots)
        assert np.isfinite(found).all()
        assert found[2:-3, 2:-3].min() >= 3


def test_fractions_of_grey_levels_are_rounded():
    assert np.array_equal(Wu2013().jnd_map(NOISE + 0.4), Wu2013().jnd_map(NOISE))


def test_halves_go_up_in_spite_of_rounding_errors():
    mean = np.array([[0.0, 0.5, 1.5 - 1e-12, 1.5 + 1e-12, 1.4999, 254.5, 255.0]])
    assert round_half_up(mean).tolist() == [[0, 1, 2, 2, 1, 255, 255]]


@pytest.mark.parametrize("border", ["reflect", "zero"])
def test_the_published_run_rounds_halves_alone_in_its_own_way(border):
    """In a rough picture the pixel and its like are two grey levels that weigh the same, and all others nothing."""
    plane = np.clip(np.random.default_rng(0).normal(128, 50, (40, 30)), 0, 255).astype(np.uint8)
    sensitivity = np.full(plane.shape, LEAST_SENSITIVITY)
    mean = nl_means(plane, noise_energy(sensitivity, local_variance(plane, border=border)))
    ties = np.abs(mean % 1 - 0.5) < 1e-8
    up, published = round_half_up(mean), round_as_published(mean, plane, sensitivity, border)
    assert 100 < ties.sum() < 1100
    assert np.array_equal(up[~ties], published[~ties])
    assert set((up[ties] - published[ties]).tolist()) == {0, 1}


def test_where_nothing_is_alike_the_half_goes_up():
    """All weights are 0 in the published run, which divides by them."""
    plane = np.random.default_rng(0).integers(0, 2, (10, 10), dtype=np.uint8) * 255
    mean, sensitivity = np.full(plane.shape, 127.5), np.full(plane.shape, LEAST_SENSITIVITY)
    assert (round_as_published(mean, plane, sensitivity, "zero") == 128).all()


def test_a_picture_without_ties_is_rounded_alike():
    plane = np.full((12, 12), 77, np.uint8)
    mean, sensitivity = np.full(plane.shape, 77.3), np.full(plane.shape, LEAST_SENSITIVITY)
    assert np.array_equal(round_as_published(mean, plane, sensitivity, "zero"), plane)


@pytest.mark.parametrize("grey", [1, 77, 200, 255])
def test_a_tie_is_computed_again_from_the_plane(grey):
    """Even where the plane is flat, and its variance is 0 but for rounding errors below it."""
    plane = np.full((12, 12), grey, np.uint8)
    mean, sensitivity = np.full(plane.shape, grey - 0.5), np.full(plane.shape, LEAST_SENSITIVITY)
    assert np.array_equal(round_as_published(mean, plane, sensitivity, "reflect"), plane)
