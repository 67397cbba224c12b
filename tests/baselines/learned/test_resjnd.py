"""Protects ResJND: its network, by an independent computation and the authors' map; weights are the user's."""

import builtins
from pathlib import Path

import numpy as np
import pytest
import torch

from baselines.learned.resjnd import SHAPES, WEIGHTS, ResJnd
from baselines.map import find_map_predictor
from datasets.common.errors import DataError, UserError
from datasets.common.hashing import sha256_of_file
from tests.baselines.subband.profiles import compressed

AUTHORS = Path(__file__).resolve().parents[4] / "shared" / "data" / "resjnd"
"""The authors' weights, example and map, which may stand beside the checkout."""


def random_weights(seed: int = 0) -> dict[str, torch.Tensor]:
    """Random numbers in the form of the network's convolutions, of such sizes that features neither fade nor grow."""
    generator = torch.Generator().manual_seed(seed)
    drawn = {name: torch.randn(shape, generator=generator) for name, shape in SHAPES.items()}
    return {f"{name}.weight": tensor * (0.5 / (tensor.shape[1] * 9)) ** 0.5 for name, tensor in drawn.items()}


@pytest.fixture
def weights(monkeypatch, tmp_path):
    path = tmp_path / "mine.pth"
    torch.save(random_weights(), path)
    monkeypatch.setenv(WEIGHTS, str(path))
    return path


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (8, 9, 3), dtype=np.uint8)


def test_the_map_is_that_of_an_independent_computation(weights, noise):
    """In NumPy and float64, with windows for convolutions."""
    kernels = {name.removesuffix(".weight"): tensor.double().numpy() for name, tensor in random_weights().items()}

    def convolved(planes, name):
        padded = np.pad(planes, ((0, 0), (1, 1), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
        return np.einsum("ihwkl,oikl->ohw", windows, kernels[name], optimize=True)

    first = np.maximum(convolved(noise.transpose(2, 0, 1) / 255, "input"), 0)
    features = first
    for _ in range(25):
        inner = np.maximum(convolved(np.maximum(features, 0), "conv1"), 0)
        features = convolved(inner, "conv2") + first
    lost = convolved(np.maximum(features, 0), "output")
    wanted = 255 * np.sqrt((lost**2).mean(axis=0))
    found = ResJnd().map_of(noise)
    assert found.shape == (8, 9, 1)
    assert found[:, :, 0] == pytest.approx(wanted, rel=1e-4)


@pytest.mark.skipif(not AUTHORS.is_dir(), reason="the authors' weights, which have no licence, are not here")
def test_the_authors_map_of_their_example_is_met(monkeypatch):
    """A corner of it, without the 52 pixels from where the network would see what was cut off. Their file is scaled."""
    from PIL import Image

    monkeypatch.setenv(WEIGHTS, str(AUTHORS / "weights.pth"))
    corner = np.asarray(Image.open(AUTHORS / "example_1.bmp"))[:80, :80]
    theirs = np.asarray(Image.open(AUTHORS / "result_1.bmp"))[:28, :28].astype(float)
    found = ResJnd(device="cpu").map_of(corner)[:28, :28, 0] / 69.839 * 255  # its largest value over the whole picture
    assert np.abs(found - theirs).max() < 0.6


def test_the_level_has_the_critical_pictures_error_energy(weights, photograph):
    """Of the three colours, as the map is; with other rules too, each pixel's map stands for its three colours."""
    picture = compressed(np.ascontiguousarray(photograph[:16, :24]))
    error = picture.reference.astype(float) - picture.ladder.rgb(20)
    jnd = ResJnd().map_of(picture.reference)
    wanted = np.sqrt(np.mean(error**2) / np.mean(jnd**2))
    assert ResJnd().visibility(picture, 20) == pytest.approx(wanted, rel=1e-4)
    assert ResJnd(rule="exceedance").visibility(picture, 20) == pytest.approx(np.mean(np.abs(error) > jnd))
    assert ResJnd().meter(picture)(20) == pytest.approx(wanted, rel=1e-4)


def test_the_weight_file_is_an_ingredient_and_another_one_draws_otherwise(weights, noise):
    first = ResJnd().map_of(noise)
    assert ResJnd().ingredients() == {"weights": sha256_of_file(weights)}
    torch.save(random_weights(seed=1), weights)
    assert not np.array_equal(ResJnd().map_of(noise), first)


def test_without_weights_it_says_where_they_come_from(monkeypatch):
    monkeypatch.delenv(WEIGHTS, raising=False)
    assert f"set {WEIGHTS} to it" in ResJnd().unavailable()
    monkeypatch.setenv(WEIGHTS, "nowhere.pth")
    assert "where there is no file" in ResJnd().unavailable()
    with pytest.raises(UserError, match="where there is no file"):
        ResJnd().ingredients()


def test_a_file_of_another_network_is_an_error(weights, noise):
    torch.save({name: tensor for name, tensor in random_weights().items() if name != "conv2.weight"}, weights)
    with pytest.raises(DataError, match=r"no weight file of ResJND: 'conv2\.weight' is missing"):
        ResJnd().map_of(noise)


class Bomb:
    def __reduce__(self):
        return builtins.exec, ("raise SystemExit('a weight file was executed')",)


def test_nothing_in_a_weight_file_is_executed(weights, noise):
    torch.save({"input.weight": Bomb()}, weights)
    with pytest.raises(DataError, match="cannot be read as weights"):
        ResJnd().map_of(noise)


def test_without_weights_no_map_is_tried(monkeypatch):
    monkeypatch.delenv(WEIGHTS, raising=False)
    with pytest.raises(UserError, match=f"'resjnd' cannot draw here: .*{WEIGHTS}"):
        find_map_predictor("resjnd")
