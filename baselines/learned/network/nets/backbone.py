"""Backbones: maps of several stages, from fine to semantic, of a batch of patches; and the first of them, ResNet-50."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import final

import torch
from torch import Tensor, nn

_MEAN = (0.485, 0.456, 0.406)
_SPREAD = (0.229, 0.224, 0.225)


class Backbone(nn.Module, ABC):
    """An ImageNet network without its classifier, that gives the maps of its stages.

    A subclass is final and sets `channels` and `strides` in its constructor.
    """

    channels: tuple[int, ...]
    """Of each stage's map, from fine to semantic."""
    strides: tuple[int, ...]
    """Pixels of the input for one place of each stage's map."""

    @abstractmethod
    def normalised(self, pixels: Tensor) -> Tensor:
        """The input that the pretrained weights expect.

        :param pixels: RGB 0..255, any type, shape (patches, 3, height, width).
        :returns: float32, the same shape.
        """

    @abstractmethod
    def stages(self, inputs: Tensor) -> Iterable[Tensor]:
        """Each stage's map, shape (patches, channels, height / stride, width / stride), rounded up.

        :param inputs: as `normalised` gives them.
        """

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """Every stage's map of RGB pixels 0..255."""
        inputs = self.normalised(pixels).contiguous(memory_format=torch.channels_last)
        return list(self.stages(inputs))


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
        self.strides = (2, 4, 8, 16, 32)

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
