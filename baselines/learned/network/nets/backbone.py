"""What SG-JND asks of a backbone: maps of several stages, from fine to semantic, of a batch of patches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch
from torch import Tensor, nn


class Backbone(nn.Module, ABC):
    """An ImageNet network without its classifier, whose stages can be looked at.

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
