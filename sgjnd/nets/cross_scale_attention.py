"""SG-JND's cross-scale attention: semantic tokens guide those of a finer stage."""

from __future__ import annotations

import math
from typing import final

from torch import Tensor, nn


@final
class CrossScaleAttention(nn.Module):
    """Tokens of the semantic level ask (query) those of the next finer one (key and value), and add the answers.

    The form of TOPIQ's cross-scale attention (Chen et al. 2024): pre-norm, several heads, one step a stage.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.norm_semantic, self.norm_finer = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, semantic: Tensor, finer: Tensor) -> Tensor:
        """Both of shape (patches, tokens, width)."""
        patches, tokens, width = semantic.shape
        each = width // self._heads
        query = self.query(self.norm_semantic(semantic)).view(patches, tokens, self._heads, each).transpose(1, 2)
        key, value = self.key_value(self.norm_finer(finer)).view(patches, -1, 2, self._heads, each).unbind(2)
        # Written out: for a handful of tokens torch's fused attention costs several times as much on a CPU.
        likeness = query @ key.permute(0, 2, 3, 1) / math.sqrt(each)
        answers = (likeness.softmax(dim=-1) @ value.transpose(1, 2)).transpose(1, 2)
        return semantic + self.out(answers.flatten(2))
