"""Batches of labelled levels, and which levels of which pictures make an epoch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Levels of pictures, with what people said of them.

    :param inputs: what the network is called with.
    :param present: 1 where there is a patch, else 0, shape (batch, patches); pictures differ in how many they have.
    :param target: labels, shape (batch,).
    """

    inputs: tuple[Tensor, ...]
    present: Tensor
    target: Tensor


class Examples(Protocol):
    """Labelled levels of pictures, dealt into batches."""

    def epoch(self, seed: int) -> Iterable[Batch]:
        """One epoch of random batches, the same for the same seed."""

    def steps(self) -> int:
        """How many batches an epoch has."""

    def held_out(self) -> Iterable[Batch]:
        """The held-out pictures at fixed levels, one batch a picture; empty where none are held out."""


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
