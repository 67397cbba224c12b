"""What heads on a frozen backbone are trained on: projected tokens of all pictures, from which batches are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from baselines.learned.network.nets.training import Batch, Examples
from baselines.learned.network.settings import TrainingSettings

_EVERY = 2
"""Of the measured levels, every so many are enough to stop by."""


@final
@dataclass(frozen=True, eq=False)
class Tokens:
    """One picture's projected tokens.

    :param reference: shape (patches, tokens, channels).
    :param difference: shape (levels, patches, tokens, channels).
    :param distance: logarithms, standardised, shape (levels, patches, tokens, stages).
    :param level: of each level from the worst (0) to the best (1), shape (levels,).
    """

    reference: Tensor
    difference: Tensor
    distance: Tensor
    level: Tensor

    def inputs(self) -> tuple[Tensor, ...]:
        """All levels, as a head takes them."""
        reference = self.reference.expand(len(self.level), *self.reference.shape)
        return reference, self.difference, self.distance, self.level


@final
class HeadExamples(Examples):
    """Pictures with labels; some of them held out.

    :param pictures: tokens of each.
    :param held_out: numbers of the pictures to stop by; may be empty.
    """

    def __init__(
        self,
        pictures: Sequence[Tokens],
        labels: np.ndarray,
        trained: Sequence[int],
        held_out: Sequence[int],
        config: TrainingSettings,
    ) -> None:
        super().__init__(labels, trained, config)
        self._targets = torch.from_numpy(labels).float()
        self._held_out = [(pictures[number], self._targets[number]) for number in held_out]
        self._counts = torch.tensor([len(picture.reference) for picture in pictures])
        self._starts = torch.cumsum(self._counts, 0) - self._counts
        self._reference = torch.cat([picture.reference for picture in pictures])
        self._difference = torch.cat([picture.difference.transpose(0, 1) for picture in pictures])
        self._distance = torch.cat([picture.distance.transpose(0, 1) for picture in pictures])
        self._level = pictures[0].level

    def epoch(self, seed: int) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(seed)
        for pictures, levels in self.draw(generator):
            yield self._batch(pictures, levels, generator)

    def held_out(self) -> Iterator[Batch]:
        for tokens, targets in self._held_out:
            reference, difference, distance, level = (values[::_EVERY] for values in tokens.inputs())
            present = torch.ones(len(level), len(tokens.reference))
            yield Batch((reference, difference, distance, level), present, targets[::_EVERY])

    def _batch(self, pictures: Tensor, levels: Tensor, generator: torch.Generator) -> Batch:
        counts = self._counts[pictures][:, None]
        most = int(counts.max())
        order = torch.rand(len(pictures), most, generator=generator)
        order = order.masked_fill(torch.arange(most) >= counts, 2.0)
        patch = order.argsort(dim=1)[:, : self.config.patches_per_picture]
        present = (patch < counts).float()
        place = self._starts[pictures][:, None] + torch.minimum(patch, counts - 1)
        at = levels[:, None]
        inputs = (self._reference[place], self._difference[place, at], self._distance[place, at], self._level[levels])
        return Batch(inputs, present, self._targets[pictures, levels])
