"""Training the whole network: backbone, fusion and heads, on random patches of pictures and their levels."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from baselines.learned.network.nets.backbone import Backbone
from baselines.learned.network.nets.tokens import difference_tokens, reference_tokens, ycbcr
from sgjnd.config import Config
from sgjnd.nets.model import Model


@final
class WholeNetwork(nn.Module):
    """From pixels of patches to their logits and weights.

    The backbone's batch normalisation keeps its ImageNet statistics: batches are small, and of few pictures.

    :param member: which of the model's heads.
    """

    def __init__(self, backbone: Backbone, model: Model, config: Config, member: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = model.members[member]
        self._model = [model]  # in a list: its projections are not trained, and its other heads not this network's
        self._config = config

    def train(self, mode: bool = True) -> WholeNetwork:
        super().train(mode)
        self.backbone.eval()
        return self

    def forward(self, reference: Tensor, level: Tensor, at: Tensor) -> tuple[Tensor, Tensor]:
        """Look at patches.

        :param reference: RGB 0..255, shape (batch, patches, 3, side, side).
        :param level: the same places of the compressed picture.
        :param at: from the worst (0) to the best (1), shape (batch,).
        """
        batch, patches = reference.shape[:2]
        model, config = self._model[0], self._config
        both = torch.cat([reference.flatten(0, 1), level.flatten(0, 1)])
        maps = [one.float() for one in self.backbone(both)]
        here, there = ([one.chunk(2)[side] for one in maps] for side in (0, 1))
        pixels = tuple(ycbcr(both).chunk(2)) if config.pixels else None
        seen = reference_tokens(here, pixels[0] if pixels else None, config.token_cells)
        difference, distance = difference_tokens(here, there, pixels, config.token_cells)  # type: ignore[arg-type]
        tokens = model.reference(seen), model.difference(difference), model.distances(distance, seen, difference)
        return self.head(*(one.unflatten(0, (batch, patches)) for one in tokens), at)
