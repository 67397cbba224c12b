"""Which levels of which pictures make an epoch, where all of them lie in tensors."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor


def drawn_batches(
    chance: Tensor, trained: Tensor, drawn: int, batch: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Levels of every trained picture, drawn by chance without repetition, shuffled and dealt into batches.

    :param chance: of each level, relative to each other, shape (pictures, levels).
    :param trained: numbers of the pictures, shape (trained,).
    :param drawn: levels of each picture.
    :returns: numbers of pictures and of their levels, each of at most `batch`.
    """
    levels = torch.multinomial(chance[trained], drawn, generator=generator).ravel()
    pictures = trained[:, None].expand(-1, drawn).ravel()
    for chosen in torch.randperm(len(pictures), generator=generator).split(batch):
        yield pictures[chosen], levels[chosen]
