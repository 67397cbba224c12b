"""Protects the picture that explains an answer: values stand at their patches, and any photograph can be drawn."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from baselines.learned.network.checkpoint import load_predictor
from datasets.codecs.jpeg import Jpeg
from sgjnd.explain import _over_pixels, _smaller, explain
from sgjnd.predictors import SgJndLite


@pytest.fixture(scope="module")
def predictor(checkpoint_file) -> SgJndLite:
    return load_predictor(checkpoint_file, device="cpu")


@pytest.fixture
def panels(monkeypatch) -> list[np.ndarray]:
    """What is drawn over the grey picture from now on."""
    from matplotlib.axes import Axes

    drawn, whole = [], Axes.imshow

    def imshow(self, values, **options):
        if "alpha" in options:
            drawn.append(np.asarray(values))
        return whole(self, values, **options)

    monkeypatch.setattr(Axes, "imshow", imshow)
    return drawn


def test_values_stand_at_their_patches_means_where_they_overlap_and_nothing_between():
    found = _over_pixels(np.array([1.0, 3.0, 9.0]), np.array([0, 0, 3]), np.array([0, 1, 4]), 2, (5, 6))
    nothing = np.nan
    expected = [
        [1, 2, 3, nothing, nothing, nothing],
        [1, 2, 3, nothing, nothing, nothing],
        [nothing] * 6,
        [nothing, nothing, nothing, nothing, 9, 9],
        [nothing, nothing, nothing, nothing, 9, 9],
    ]
    np.testing.assert_array_equal(found, expected)


def test_a_patch_larger_than_the_picture_covers_it():
    np.testing.assert_array_equal(
        _over_pixels(np.array([0.5]), np.array([0]), np.array([0]), 32, (4, 3)), np.full((4, 3), 0.5)
    )


def test_the_drawn_picture_is_small_in_both_directions():
    assert _smaller(np.zeros((3000, 10, 3), np.uint8)).shape == (900, 3, 3)
    assert _smaller(np.zeros((1, 5000, 3), np.uint8)).shape == (1, 900, 3)
    assert _smaller(np.zeros((40, 50, 3), np.uint8)).shape == (40, 50, 3)


@pytest.mark.parametrize("shape", [(9, 11), (64, 96), (300, 31)])
def test_any_photograph_is_drawn_with_probabilities_and_weights(predictor, panels, tmp_path, shape):
    path = tmp_path / "a $dollar_ and {braces}.png"
    Image.fromarray(np.ascontiguousarray(data.coffee()[: shape[0], : shape[1]])).save(path)
    with Image.open(io.BytesIO(explain(predictor, Jpeg(), path, 40))) as image:
        image.load()
        assert image.format == "PNG" and image.width > 2 * image.height / 3
    probability, weight = panels
    assert probability.shape == weight.shape == shape
    assert 0 <= np.nanmin(probability) <= np.nanmax(probability) <= 1
    assert np.nanmin(weight) >= 0


def test_a_worse_quality_is_more_likely_noticed_and_the_same_one_drawn_alike(predictor, panels, tmp_path):
    path = tmp_path / "cat.png"
    Image.fromarray(np.ascontiguousarray(data.chelsea()[100:164, 150:214])).save(path)
    worst, best, again = (
        explain(predictor, Jpeg(), path, 1),
        explain(predictor, Jpeg(), path, 100),
        explain(predictor, Jpeg(), path, 1),
    )
    assert np.nanmean(panels[0]) > np.nanmean(panels[2])
    assert worst == again != best


def test_weights_are_told_in_shares_of_the_average_patch(predictor, panels, tmp_path):
    """Patches of 32 pixels tile the picture here, so their mean over pixels is that over patches."""
    path = tmp_path / "cat.png"
    Image.fromarray(np.ascontiguousarray(data.chelsea()[100:164, 150:214])).save(path)
    explain(predictor, Jpeg(), path, 30)
    assert panels[1].mean() == pytest.approx(1, abs=1e-5)
