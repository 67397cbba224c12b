"""LPIPS (Zhang et al. 2018) as a predictor, on weights that the user has."""

from __future__ import annotations

import functools
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from baselines.interface.card import Card
from baselines.learned.network.imagenet_weights import read_tensors
from baselines.metric._base import SEARCHED, MetricPredictor
from baselines.metric._scores import Score
from datasets.common.errors import DataError, UserError
from datasets.common.files import file_named_by, users_path
from datasets.common.hashing import sha256_of_file
from datasets.common.threads import one_torch_thread
from datasets.core.reference import Reference

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS = "JND_BENCH_LPIPS_WEIGHTS"
"""The variable that names a file with torchvision's AlexNet weights."""

_FILE = "alexnet-owt-7be5be79.pth"
_FILE_SHA256 = "7be5be79"
_LEAST_PIXELS = 64
_HEADS = "weights/v0.1/alex.pth"


@final
class Lpips(MetricPredictor):
    """Distance of AlexNet features, weighted by heads that were fitted to people's choices; 0 where identical.

    The package brings the heads. AlexNet's ImageNet weights are taken from the file that `JND_BENCH_LPIPS_WEIGHTS`
    names, or from torch's cache; nothing is downloaded, and nothing is unpickled.
    """

    package = "lpips"
    install = "pip install -e '.[lpips]'"
    quick = {"levels": 4, "exact": False}
    card = Card(
        name="lpips",
        title="LPIPS threshold (AlexNet)",
        references=(
            Reference(
                authors=("R. Zhang", "P. Isola", "A. A. Efros", "E. Shechtman", "O. Wang"),
                title="The unreasonable effectiveness of deep features as a perceptual metric",
                venue="IEEE Conference on Computer Vision and Pattern Recognition, 586-595",
                year=2018,
            ),
        ),
        cost="slow",
        deviations=(
            "Computed by the authors' package, version 0.1 of its heads, on whole pictures; the heads were fitted to "
            "choices among patches of 64 pixels.",
            "Needs AlexNet's ImageNet weights from the user; scores are those of whatever file is given.",
            SEARCHED,
        ),
    )

    def ingredients(self) -> dict[str, str]:
        """The package's version and the hash of the weight file."""
        return {**super().ingredients(), "alexnet weights": sha256_of_file(_weights())}

    def against(self, reference: np.ndarray, pixels_per_degree: float) -> Score:
        if min(reference.shape[:2]) < _LEAST_PIXELS:
            raise UserError(f"lpips needs at least {_LEAST_PIXELS} pixels a side, not {reference.shape[:2]}")
        import torch

        path = _weights()
        network, held = _network(path, sha256_of_file(path)), network_input(reference)

        def score(rgb: np.ndarray) -> float:
            with torch.no_grad(), one_torch_thread():
                return float(network(held, network_input(rgb)))

        return score

    def distance(self, score: float) -> float:
        return max(score, 0.0)


def _weights() -> Path:
    """The user's file of AlexNet's weights.

    :raises UserError: where there is none.
    :raises DataError: where the file in torch's cache is not what its name says.
    """
    if named := file_named_by(WEIGHTS, f"torchvision's {_FILE}"):
        return named
    cache = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "torch")
    path = users_path(Path(cache, "hub", "checkpoints", _FILE))  # as torch.hub.get_dir(), without importing torch
    if not path.is_file():
        raise UserError(
            f"it needs AlexNet's ImageNet weights, which are not downloaded for you. Fetch torchvision's {_FILE} "
            f"(https://download.pytorch.org/models/{_FILE}) and set {WEIGHTS} to the file, or put it at {path}"
        )
    if not sha256_of_file(path).startswith(_FILE_SHA256):
        raise DataError(f"{path}: is not the file that its name says (another sha256). Fetch it again.")
    return path


@functools.lru_cache(maxsize=1)
def _network(path: Path, sha256: str) -> Any:
    """The metric with its weights; a hash in the key, for a file may be replaced."""
    import lpips
    import torch

    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it calls torchvision in an outdated way
        network = lpips.LPIPS(net="alex", version="0.1", pretrained=False, pnet_rand=True, verbose=False)
    alexnet, heads = read_tensors(path), read_tensors(Path(lpips.__file__).parent / _HEADS)
    state = network.state_dict()
    for name in state:
        if name.startswith("net.slice"):
            state[name] = _fitting(alexnet, f"features.{name.split('.', 2)[2]}", state[name], path)
        elif name in heads:
            state[name] = heads[name]
        elif name.startswith("lins."):  # the same tensors under a second name
            state[name] = heads[name.replace("lins.", "lin", 1)]
    network.load_state_dict(state)
    return network.eval()


def _fitting(tensors: dict[str, Tensor], name: str, wanted: Tensor, path: Path) -> Tensor:
    if name not in tensors or tensors[name].shape != wanted.shape:
        raise DataError(f"{path}: is no weight file of AlexNet: {name!r} is missing or of another shape")
    return tensors[name]


def network_input(rgb: np.ndarray) -> Tensor:
    """Pixels from -1 to 1, shape (1, 3, height, width)."""
    import torch

    return torch.from_numpy(rgb.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1)[None]
