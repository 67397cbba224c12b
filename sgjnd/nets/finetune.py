"""Training the whole network: backbone, fusion and heads, on random patches of pictures and their levels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import final

import numpy as np
import torch
from torch import Tensor, nn

from datasets.picture import Picture
from sgjnd.config import Config
from sgjnd.labels import drawing_chances
from sgjnd.nets.backbone import Backbone
from sgjnd.nets.model import Model
from sgjnd.nets.tokens import difference_tokens, reference_tokens, ycbcr
from sgjnd.nets.training import Batch
from sgjnd.patches import Patches, cover, scatter


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


@final
class PixelExamples:
    """Batches of patches, cut as they are needed.

    :param pictures: rated pictures with pixels.
    :param labels: at every level of the codec, shape (pictures, levels).
    :param trained: numbers of the pictures to train on.
    :param held_out: numbers of those to stop by; they are looked at in a few fixed patches, at a few levels.
    """

    def __init__(
        self,
        pictures: Sequence[Picture],
        labels: np.ndarray,
        trained: Sequence[int],
        held_out: Sequence[int],
        config: Config,
        device: str,
        positions: np.ndarray,
    ) -> None:
        self._pictures, self._labels, self._config, self._device = pictures, labels, config, device
        self._chances = drawing_chances(labels)
        self._trained, self._held_out, self._positions = list(trained), list(held_out), positions

    def steps(self) -> int:
        return -(-len(self._trained) * self._drawn() // self._config.batch)

    def epoch(self, seed: int) -> Iterator[Batch]:
        generator = np.random.default_rng(seed)
        pairs = []
        for number in self._trained:
            chance = self._chances[number] / self._chances[number].sum()
            chosen = generator.choice(len(chance), self._drawn(), replace=False, p=chance)
            pairs += [(number, int(position)) for position in chosen]
        order = generator.permutation(len(pairs))
        for start in range(0, len(pairs), self._config.batch):
            yield self._batch([pairs[index] for index in order[start : start + self._config.batch]], generator)

    def held_out(self) -> Iterator[Batch]:
        for number in self._held_out:
            picture = self._pictures[number]
            height, width = picture.reference.shape[:2]
            patches = cover(height, width, self._config.patch_pixels, self._config.patches_per_picture)
            yield self._joined([(number, int(position), patches) for position in self._positions])

    def _drawn(self) -> int:
        return min(self._config.levels_per_picture, self._labels.shape[1])

    def _batch(self, pairs: Sequence[tuple[int, int]], generator: np.random.Generator) -> Batch:
        config = self._config
        looks = []
        for number, position in pairs:
            height, width = self._pictures[number].reference.shape[:2]
            looks.append(
                (number, position, scatter(height, width, config.patch_pixels, config.patches_per_picture, generator))
            )
        return self._joined(looks)

    def _joined(self, looks: Sequence[tuple[int, int, Patches]]) -> Batch:
        most = max(len(patches) for _, _, patches in looks)
        size = self._config.patch_pixels
        pixels = np.zeros((2, len(looks), most, size, size, 3), dtype=np.uint8)
        present = np.zeros((len(looks), most), dtype=np.float32)
        for row, (number, position, patches) in enumerate(looks):
            picture = self._pictures[number]
            level = int(picture.codec.levels[position])
            pixels[0, row, : len(patches)] = patches.cut(picture.reference)
            pixels[1, row, : len(patches)] = patches.cut(picture.ladder.rgb(level))
            present[row, : len(patches)] = 1
        both = torch.from_numpy(pixels).to(self._device).permute(0, 1, 2, 5, 3, 4)
        at = torch.tensor([position for _, position, _ in looks], dtype=torch.float32) / (self._labels.shape[1] - 1)
        target = torch.tensor([self._labels[number, position] for number, position, _ in looks], dtype=torch.float32)
        inputs = (both[0], both[1], at.to(self._device))
        return Batch(inputs, torch.from_numpy(present).to(self._device), target.to(self._device))
