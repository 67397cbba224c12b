"""ST-LPIPS (Ghildyal & Liu 2022) as a predictor: an LPIPS that small shifts do not move, whole inside a package."""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np

from baselines.interface.card import Card
from baselines.learned.network.imagenet_weights import read_tensors
from baselines.metric._base import SEARCHED, MetricPredictor
from baselines.metric._scores import Score
from baselines.metric.lpips import network_input
from datasets.common.errors import UserError
from datasets.common.threads import one_torch_thread
from datasets.core.reference import Reference

if TYPE_CHECKING:
    from torch import Tensor

_PACKAGE = "stlpips-pytorch"
_WEIGHTS = "stlpips_pytorch/weights/vST0.0/alex_shift_tolerant.pth"
"""In the package: the network, with the heads that were fitted to people's choices."""

_LEAST_PIXELS = 64
_STAGES = (("slice1.0", 2), ("slice2.5", 2), ("slice3.9", 1), ("slice4.11", 1), ("slice5.13", 1))
"""Each stage's convolution as the file names it, and the pixels of zeros around what it sees."""


@final
class StLpips(MetricPredictor):
    """Distance of features of an AlexNet whose every reduction is preceded by a blur; 0 where identical.

    The package brings network and heads; nothing is downloaded, and nothing is unpickled.
    """

    package = _PACKAGE
    install = "pip install -e '.[stlpips]'"
    quick = {"levels": 4, "exact": False}
    card = Card(
        name="stlpips",
        title="ST-LPIPS threshold (AlexNet)",
        references=(
            Reference(
                authors=("A. Ghildyal", "F. Liu"),
                title="Shift-tolerant perceptual similarity metric",
                venue="European Conference on Computer Vision",
                year=2022,
                url="https://arxiv.org/abs/2207.13686",
            ),
        ),
        cost="slow",
        deviations=(
            "The network is written anew around the weights of the authors' package (BSD-2-Clause), whose scores it "
            "meets. The package's own code is not run: parts of it are licensed for non-commercial use alone, and it "
            "imports packages that it does not bring.",
            "Whole pictures are scored; the heads were fitted to choices among patches of 64 pixels.",
            "AlexNet alone; the package has a VGG too, which takes four times as long.",
            SEARCHED,
        ),
    )

    def against(self, reference: np.ndarray, pixels_per_degree: float) -> Score:
        if min(reference.shape[:2]) < _LEAST_PIXELS:
            raise UserError(f"stlpips needs at least {_LEAST_PIXELS} pixels a side, not {reference.shape[:2]}")
        import torch

        tensors = _tensors(Path(str(importlib.metadata.distribution(_PACKAGE).locate_file(_WEIGHTS))))
        heads = [tensors[f"lin{stage}.model.1.weight"] for stage in range(len(_STAGES))]
        with torch.no_grad(), one_torch_thread():
            held = list(_directions(reference, tensors))

        def score(rgb: np.ndarray) -> float:
            with torch.no_grad(), one_torch_thread():
                pairs = zip(held, _directions(rgb, tensors), heads, strict=True)
                return sum(float(((ours - theirs).square_() * head).sum(1).mean()) for ours, theirs, head in pairs)

        return score

    def distance(self, score: float) -> float:
        return max(score, 0.0)


def _directions(rgb: np.ndarray, tensors: dict[str, Tensor]) -> Iterator[Tensor]:
    """A picture's features at each stage, of length 1 at every place, shape (1, channels, rows, columns)."""
    from torch.nn.functional import conv2d, max_pool2d

    features = (network_input(rgb) - tensors["scaling_layer.shift"]) / tensors["scaling_layer.scale"]
    for stage, (name, padding) in enumerate(_STAGES):
        if stage in (1, 2):
            features = _halved(max_pool2d(features, kernel_size=3, stride=1), tensors)
        features = conv2d(features, tensors[f"net.{name}.weight"], tensors[f"net.{name}.bias"], padding=padding)
        if stage == 0:
            features = _halved(features, tensors)
        features = features.relu_()
        yield features / (features.square().sum(1, keepdim=True).sqrt() + 1e-10)


def _halved(features: Tensor, tensors: dict[str, Tensor]) -> Tensor:
    """Every second place of features blurred by a 3x3 binomial; beyond the edge they are reflected."""
    from torch.nn.functional import conv2d, pad

    channels = features.shape[1]
    blur = tensors["net.slice1.1.filt"][:1].expand(channels, 1, 3, 3)
    return conv2d(pad(features, (2, 2, 2, 2), mode="reflect"), blur, stride=2, groups=channels)


@functools.lru_cache(maxsize=1)
def _tensors(path: Path) -> dict[str, Tensor]:
    return read_tensors(path)
