"""Protects the non-local mean: pixel by pixel against its definition, and where single precision cannot be trusted."""

import numpy as np
import pytest

from baselines.pixel._nl_means import PATCH, REACH, SEARCH, neighbourhoods, nl_means

RANDOM = np.random.default_rng(0)
TURNS = {"transposed": np.transpose, "left to right": np.fliplr, "upside down": np.flipud}


def plain_mean(padded: np.ndarray, row: int, column: int, energy: float) -> float:
    """One pixel's mean as the model is written down; `padded` is mirrored by `REACH`."""
    around = padded[row : row + 2 * REACH + 1, column : column + 2 * REACH + 1]
    patches = np.lib.stride_tricks.sliding_window_view(around, (2 * PATCH + 1, 2 * PATCH + 1))
    exponents = -np.mean((patches - patches[SEARCH, SEARCH]) ** 2, axis=(2, 3)) / energy
    exponents[SEARCH, SEARCH] = -np.inf
    exponents[SEARCH, SEARCH] = exponents.max()
    weights = np.exp(exponents - exponents.max())
    return float((weights * around[PATCH:-PATCH, PATCH:-PATCH]).sum() / weights.sum())


def plain_means(plane: np.ndarray, energy: np.ndarray) -> np.ndarray:
    padded = np.pad(plane.astype(float), REACH, mode="symmetric")
    found = [plain_mean(padded, *place, energy[place]) for place in np.ndindex(*plane.shape)]
    return np.array(found).reshape(plane.shape)


def assert_same_means(found: np.ndarray, expected: np.ndarray) -> None:
    """Within 0.001 everywhere; where rounding hangs on it, and it can tell, within 1e-9."""
    assert found == pytest.approx(expected, abs=1e-3)
    near_half = np.abs(expected % 1 - 0.5) < 5e-4
    assert found[near_half] == pytest.approx(expected[near_half], abs=1e-9)
    ties = np.abs(expected % 1 - 0.5) < 1e-9
    assert np.array_equal(np.round(found)[~ties], np.round(expected)[~ties])


@pytest.mark.parametrize("shape", [(8, 8), (9, 31), (31, 9), (23, 26)])
@pytest.mark.parametrize("spread", [4, 60])
def test_the_mean_is_as_defined(shape, spread):
    """On smooth noise of any size; 60 is so rough that single precision fails in most pixels."""
    plane = np.clip(RANDOM.normal(120, spread, shape), 0, 255).astype(np.uint8)
    energy = RANDOM.uniform(8, 130, shape)
    assert_same_means(nl_means(plane, energy), plain_means(plane, energy))


def test_the_mean_is_as_defined_on_a_photograph():
    """A crop of 300 columns, so that all lanes and strips are in it; pixels at random, borders and seams among them."""
    from skimage import data

    plane = np.ascontiguousarray(data.camera()[100:260, 100:403])
    energy = RANDOM.uniform(8, 130, plane.shape)
    found = nl_means(plane, energy)
    padded = np.pad(plane.astype(float), REACH, mode="symmetric")
    places = [(0, 0), (159, 302), (0, 302), (80, 75), (80, 76), (80, 151), (80, 152), (80, 227), (64, 20), (65, 20)]
    places += [(int(RANDOM.integers(160)), int(RANDOM.integers(303))) for _ in range(150)]
    expected = np.array([plain_mean(padded, *place, energy[place]) for place in places])
    assert_same_means(found[tuple(np.transpose(places))], expected)


@pytest.mark.parametrize("rows", [1, 3, 7])
def test_strips_of_any_height_give_one_picture(rows, monkeypatch):
    plane = np.clip(RANDOM.normal(120, 8, (30, 40)), 0, 255).astype(np.uint8)
    energy = np.full(plane.shape, 64.0)
    expected = nl_means(plane, energy)
    monkeypatch.setattr("baselines.pixel._nl_means._STRIP", rows * (10 + 2 * REACH) * 4)
    assert nl_means(plane, energy) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("grey", [0, 3, 255])
def test_a_flat_picture_stays_as_it_is(grey):
    flat = np.full((12, 17), grey, np.uint8)
    assert nl_means(flat, np.full(flat.shape, 64.0)) == pytest.approx(grey)


def test_with_endless_noise_all_weights_are_one():
    """Then it is the plain mean of 21x21 pixels, the picture mirrored."""
    plane = RANDOM.integers(0, 256, (20, 24), dtype=np.uint8)
    padded = np.pad(plane.astype(float), REACH, mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded[PATCH:-PATCH, PATCH:-PATCH], (21, 21))
    assert nl_means(plane, np.full(plane.shape, 1e12)) == pytest.approx(windows.mean(axis=(2, 3)), abs=1e-3)


def test_with_hardly_any_noise_the_pixel_meets_the_one_most_alike():
    """Every weight vanishes beside the largest, even in double precision; the mean of two equals is left."""
    plane = RANDOM.integers(0, 256, (15, 18), dtype=np.uint8)
    found = nl_means(plane, np.full(plane.shape, 1e-3))
    padded = np.pad(plane.astype(float), REACH, mode="symmetric")
    assert found[7, 9] == pytest.approx(plain_mean(padded, 7, 9, 1e-3), abs=1e-9)
    assert (2 * found[7, 9]) % 1 == pytest.approx(0, abs=1e-9)
    assert np.isfinite(found).all()


def test_a_pixel_s_own_noise_decides_alone():
    plane = np.clip(RANDOM.normal(120, 8, (24, 28)), 0, 255).astype(np.uint8)
    energy = np.full(plane.shape, 64.0)
    more = energy.copy()
    more[12, 14] = 128
    assert np.argwhere(np.abs(nl_means(plane, more) - nl_means(plane, energy)) > 1e-3).tolist() == [[12, 14]]


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS.keys())
def test_the_mean_turns_with_the_picture(turn):
    plane = np.clip(RANDOM.normal(120, 30, (25, 40)), 0, 255).astype(np.uint8)
    energy = RANDOM.uniform(8, 130, plane.shape)
    turned = nl_means(np.ascontiguousarray(turn(plane)), np.ascontiguousarray(turn(energy)))
    assert turned == pytest.approx(turn(nl_means(plane, energy)), abs=1e-3)


def test_neighbourhoods_are_mirrored_beyond_the_edge():
    plane = RANDOM.integers(0, 256, (9, 11), dtype=np.uint8)
    [(some, found)] = neighbourhoods(plane, np.array([0, 4]), np.array([10, 5]))
    assert np.array_equal(np.arange(2)[some], [0, 1])
    assert found.shape == (27, 27, 2)
    assert found[REACH, REACH].tolist() == [plane[0, 10], plane[4, 5]]
    assert found[REACH - 1, REACH + 1, 0] == plane[0, 10]
    assert np.array_equal(found[:, :, 1], np.pad(plane, REACH, mode="symmetric")[4:31, 5:32])


def test_the_picture_is_left_as_it_was():
    plane = RANDOM.integers(0, 256, (16, 16), dtype=np.uint8)
    kept = plane.copy()
    plane.setflags(write=False)
    energy = np.full(plane.shape, 64.0)
    energy.setflags(write=False)
    first = nl_means(plane, energy)
    assert np.array_equal(first, nl_means(plane, energy))
    assert np.array_equal(plane, kept)
