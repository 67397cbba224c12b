"""ResJND (Jiang et al. 2024): a network draws the picture that may be lost, on weights that the user has."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np

from baselines.interface.card import Card
from baselines.learned.network.extractor import device_of
from baselines.learned.network.imagenet_weights import read_tensors
from baselines.pixel._base import PixelMapPredictor
from datasets.common.errors import DataError, UserError, user_error_of
from datasets.common.files import file_named_by
from datasets.common.hashing import sha256_of_file
from datasets.common.threads import one_torch_thread
from datasets.core.reference import Reference

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS = "JND_BENCH_RESJND_WEIGHTS"
"""The variable that names a file with the authors' weights."""

SHAPES = {"input": (128, 3, 3, 3), "conv1": (128, 128, 3, 3), "conv2": (128, 128, 3, 3), "output": (3, 128, 3, 3)}
"""Of the four convolutions' weights, which have no bias; the file names each with `.weight` behind it."""
_TURNS = 25
"""How often the two convolutions in the middle are passed."""
_SMALLEST = 1e-7
"""Grey levels: a map is positive, also where nothing may be lost."""


@final
class ResJnd(PixelMapPredictor):
    """The difference between a picture and the critical picture that the network makes of it, over three colours.

    It takes about 1.5 kB of memory a pixel, and a minute for 512x512 pixels on one core.
    """

    device: str = "auto"
    """Of the network: `auto`, `cpu` or `cuda`."""

    card = Card(
        name="resjnd",
        title="ResJND (Jiang et al. 2024)",
        references=(
            Reference(
                authors=("Q. Jiang", "F. Liu", "Z. Wang", "S. Wang", "W. Lin"),
                title="Rethinking and conceptualizing just noticeable difference estimation by residual learning",
                venue="IEEE Transactions on Circuits and Systems for Video Technology",
                year=2024,
                url="https://github.com/Knife646/ResJND",
            ),
        ),
        cost="slow",
        deviations=(
            "Needs the authors' weights from the user: they are public, without a licence. Maps are those of whatever "
            "file is given.",
            "What each of the 25 turns adds back is the first convolution after its ReLU, as in the authors' code, "
            "whose map of its example is met to its rounding.",
            "The paper gives a critical picture, not a level: here the level whose error energy over red, green and "
            "blue equals the critical picture's, times one factor fitted on the training pictures (none in "
            "-as-published).",
        ),
    )

    def ingredients(self) -> dict[str, str]:
        """The hash of the weight file.

        :raises UserError: where there is none.
        """
        return {"weights": sha256_of_file(_weights())}

    def unavailable(self) -> str:
        return user_error_of(_weights)

    def planes(self, rgb: np.ndarray) -> np.ndarray:
        """Red, green and blue."""
        return rgb

    def jnd_map(self, luma: np.ndarray) -> np.ndarray:
        """Root mean square over the three colours of what the critical picture lacks.

        :param luma: red, green and blue, uint8, shape (height, width, 3).
        :returns: shape (height, width, 1).
        :raises UserError: where there is no weight file, or no CUDA device though one is asked for.
        :raises DataError: where the weight file is not what it should be.
        """
        import torch

        path = _weights()
        tensors, device = _tensors(path, sha256_of_file(path)), device_of(self.device)
        weights = {name: tensor.to(device) for name, tensor in tensors.items()}
        colours = torch.from_numpy(luma.transpose(2, 0, 1).astype(np.float32) / 255)[None].to(device)
        with torch.no_grad(), one_torch_thread():
            lost = _lost(colours, weights)[0].square().mean(0).sqrt() * 255
        return np.maximum(lost.cpu().numpy(), _SMALLEST)[:, :, None]


def _lost(colours: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """The critical picture less the picture.

    :param colours: 0..1, shape (1, 3, height, width).
    """
    from torch.nn.functional import conv2d

    first = conv2d(colours, weights["input"], padding=1).relu_()
    features = first
    for _ in range(_TURNS):
        inner = conv2d(features.relu(), weights["conv1"], padding=1).relu_()
        features = conv2d(inner, weights["conv2"], padding=1).add_(first)
    return conv2d(features.relu_(), weights["output"], padding=1)


def _weights() -> Path:
    """The user's weight file.

    :raises UserError: where there is none.
    """
    path = file_named_by(WEIGHTS, "the authors' .pth file")
    if path is None:
        raise UserError(
            "it needs the authors' weights, which have no licence and are not downloaded for you. Fetch the file in "
            f"'checkpoint' of https://github.com/Knife646/ResJND and set {WEIGHTS} to it."
        )
    return path


@functools.lru_cache(maxsize=1)
def _tensors(path: Path, sha256: str) -> dict[str, Tensor]:
    """Weights by convolution; a hash in the key, for a file may be replaced."""
    tensors = read_tensors(path)
    for name, shape in SHAPES.items():
        if f"{name}.weight" not in tensors or tensors[f"{name}.weight"].shape != shape:
            raise DataError(f"{path}: is no weight file of ResJND: '{name}.weight' is missing or of another shape")
    return {name: tensors[f"{name}.weight"] for name in SHAPES}
