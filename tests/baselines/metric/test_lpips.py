"""Protects LPIPS: weights come from the user's file alone, whole and unexecuted; nothing is downloaded."""

import builtins
import socket
import warnings
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from baselines.metric import lpips as module
from baselines.metric.lpips import WEIGHTS, Lpips
from datasets.common.errors import DataError, UserError
from datasets.common.hashing import sha256_of_file

pytestmark = pytest.mark.skipif(find_spec("lpips") is None, reason="needs the extra: pip install -e '.[lpips]'")
SHAPES = {0: (64, 3, 11, 11), 3: (192, 64, 5, 5), 6: (384, 192, 3, 3), 8: (256, 384, 3, 3), 10: (256, 256, 3, 3)}


def alexnet(seed: int = 0) -> dict[str, torch.Tensor]:
    """Random numbers in the form of AlexNet's convolutions, with a tensor of the classifier that is not used."""
    generator = torch.Generator().manual_seed(seed)
    state = {"classifier.1.bias": torch.zeros(4)}
    for place, shape in SHAPES.items():
        fan_in = shape[1] * shape[2] * shape[3]
        state[f"features.{place}.weight"] = torch.randn(shape, generator=generator) * (2 / fan_in) ** 0.5
        state[f"features.{place}.bias"] = torch.zeros(shape[0])
    return state


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv(WEIGHTS, raising=False)
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it asks the network"))
    module._network.cache_clear()


@pytest.fixture
def weights(monkeypatch, tmp_path):
    path = tmp_path / "mine.pth"
    torch.save(alexnet(), path)
    monkeypatch.setenv(WEIGHTS, str(path))
    return path


def test_it_keeps_metrics_promises(weights, keeps_metrics_promises):
    assert Lpips().unavailable() == ""
    scores = keeps_metrics_promises(Lpips())
    assert scores[10] > scores[90] > 0


def test_the_score_is_the_packages_own_with_the_same_weights(weights, photograph):
    """As its authors use it, with the weights put into its network by hand."""
    import lpips

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it calls torchvision in an outdated way
        theirs = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
    places = {name: f"features.{name.partition('.')[2]}" for name in theirs.net.state_dict()}
    theirs.net.load_state_dict({name: alexnet()[place] for name, place in places.items()})
    level = photograph // 32 * 32
    pixels = [torch.from_numpy(rgb.transpose(2, 0, 1)[None] / np.float32(127.5) - 1) for rgb in (photograph, level)]
    with torch.no_grad():
        wanted = float(theirs(*pixels))
    assert Lpips().against(photograph, 24.3)(level) == pytest.approx(wanted, rel=1e-4)


def test_the_weight_file_is_an_ingredient_and_another_one_scores_otherwise(weights, photograph):
    level = photograph // 32 * 32
    first = Lpips().against(photograph, 24.3)(level)
    assert Lpips().ingredients() == {"lpips": "0.1.4", "alexnet weights": sha256_of_file(weights)}
    torch.save(alexnet(seed=1), weights)
    assert Lpips().ingredients()["alexnet weights"] == sha256_of_file(weights)
    assert Lpips().against(photograph, 24.3)(level) != first


def test_without_weights_it_says_where_they_come_from():
    why = Lpips().unavailable()
    assert WEIGHTS in why
    assert "alexnet-owt-7be5be79.pth" in why
    assert "not downloaded" in why


def test_a_wrong_path_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv(WEIGHTS, str(tmp_path / "nowhere.pth"))
    assert "where there is no file" in Lpips().unavailable()


def test_torchs_cache_is_used_where_the_file_is_what_its_name_says(monkeypatch, tmp_path):
    path = tmp_path / "torch" / "hub" / "checkpoints" / "alexnet-owt-7be5be79.pth"
    path.parent.mkdir(parents=True)
    torch.save(alexnet(), path)
    assert "not the file that its name says" in Lpips().unavailable()
    monkeypatch.setattr(module, "_FILE_SHA256", sha256_of_file(path)[:8])
    assert Lpips().unavailable() == ""
    assert torch.hub.get_dir() == str(path.parents[1])


@pytest.mark.parametrize("left_out", ["features.6.bias", "features.10.weight"])
def test_a_file_of_another_network_is_an_error(weights, photograph, left_out):
    torch.save({name: tensor for name, tensor in alexnet().items() if name != left_out}, weights)
    with pytest.raises(DataError, match=f"no weight file of AlexNet: '{left_out}'"):
        Lpips().against(photograph, 24.3)


class Bomb:
    def __reduce__(self):
        return builtins.exec, ("raise SystemExit('a weight file was executed')",)


def test_nothing_in_a_weight_file_is_executed(weights, photograph):
    torch.save({"features.0.weight": Bomb()}, weights)
    with pytest.raises(DataError, match="cannot be read as weights"):
        Lpips().against(photograph, 24.3)


def test_small_pictures_are_an_error(weights):
    with pytest.raises(UserError, match="at least 64 pixels"):
        Lpips().against(np.zeros((63, 100, 3), np.uint8), 24.3)
