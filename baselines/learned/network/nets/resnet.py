"""ResNet-50 (He et al., CVPR 2016) as torchvision builds it, without its classifier."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import torch
from torch import Tensor

from baselines.learned.network.nets.backbone import Backbone

_MEAN = (0.485, 0.456, 0.406)
_SPREAD = (0.229, 0.224, 0.225)


@final
class ResNet50(Backbone):
    """Stages are the stem and the four groups of blocks, at 1/2 to 1/32 of the input's size."""

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
        mean, spread = (torch.tensor(one, device=pixels.device).view(1, 3, 1, 1) for one in (_MEAN, _SPREAD))
        return (pixels.to(torch.float32) / 255 - mean) / spread

    def stages(self, inputs: Tensor) -> Iterator[Tensor]:
        x = self.relu(self.bn1(self.conv1(inputs)))
        yield x
        x = self.maxpool(x)
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
            yield x
