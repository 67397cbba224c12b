"""What networks on pixels are trained on: patches of pictures and of their levels, cut as they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import final

import numpy as np
import torch

from baselines.learned.network.nets.training import Batch, Examples
from baselines.learned.network.patches import Patches, cover, crops, scatter
from baselines.learned.network.settings import TrainingSettings
from datasets.core.picture import Picture


@final
class PixelExamples(Examples):
    """Batches of patches, cut as they are needed.

    :param pictures: rated pictures with pixels.
    :param labels: at every level of the codec.
    :param held_out: numbers of the pictures to stop by; a few fixed patches of them are used.
    :param positions: the levels of those, counted from the worst.
    :param maps: gives a plane of a picture's size that is cut at the same places, and is a fourth input; None for none.
    :param step: patches start at multiples of it.
    """

    def __init__(
        self,
        pictures: Sequence[Picture],
        labels: np.ndarray,
        trained: Sequence[int],
        held_out: Sequence[int],
        config: TrainingSettings,
        device: str,
        positions: np.ndarray,
        *,
        maps: Callable[[Picture], np.ndarray] | None = None,
        step: int = 1,
    ) -> None:
        super().__init__(labels, trained, config)
        self._pictures, self._device, self._maps, self._step = pictures, device, maps, step
        self._held_out, self._positions = list(held_out), positions

    def epoch(self, seed: int) -> Iterator[Batch]:
        generator = np.random.default_rng(seed)
        pairs = []
        for number in self.trained:
            chance = self.chances[number] / self.chances[number].sum()
            chosen = generator.choice(len(chance), self.drawn, replace=False, p=chance)
            pairs += [(number, int(position)) for position in chosen]
        order = generator.permutation(len(pairs))
        for start in range(0, len(pairs), self.config.batch):
            yield self._batch([pairs[index] for index in order[start : start + self.config.batch]], generator)

    def held_out(self) -> Iterator[Batch]:
        for number in self._held_out:
            picture = self._pictures[number]
            height, width = picture.reference.shape[:2]
            patches = cover(height, width, self.config.patch_pixels, self.config.patches_per_picture)
            patches = patches.aligned(self._step)
            yield self._joined([(number, int(position), patches) for position in self._positions])

    def _batch(self, pairs: Sequence[tuple[int, int]], generator: np.random.Generator) -> Batch:
        config = self.config
        draw = crops if config.places == "random" else scatter
        levels = []
        for number, position in pairs:
            height, width = self._pictures[number].reference.shape[:2]
            patches = draw(height, width, config.patch_pixels, config.patches_per_picture, generator)
            levels.append((number, position, patches.aligned(self._step)))
        return self._joined(levels)

    def _joined(self, levels: Sequence[tuple[int, int, Patches]]) -> Batch:
        most, size = max(len(patches) for _, _, patches in levels), self.config.patch_pixels
        pixels = np.zeros((2, len(levels), most, size, size, 3), dtype=np.uint8)
        planes = np.zeros((len(levels), most, size, size), dtype=np.float32)
        present = np.zeros((len(levels), most), dtype=np.float32)
        for row, (number, position, patches) in enumerate(levels):
            picture = self._pictures[number]
            pixels[0, row, : len(patches)] = patches.cut(picture.reference)
            pixels[1, row, : len(patches)] = patches.cut(picture.ladder.rgb(int(picture.codec.levels[position])))
            if self._maps is not None:
                planes[row, : len(patches)] = patches.cut(self._maps(picture))
            present[row, : len(patches)] = 1
        both = torch.from_numpy(pixels).to(self._device).permute(0, 1, 2, 5, 3, 4)
        at = torch.tensor([position for _, position, _ in levels], dtype=torch.float32) / (self.labels.shape[1] - 1)
        target = torch.tensor([self.labels[number, position] for number, position, _ in levels], dtype=torch.float32)
        inputs = (both[0], both[1], at.to(self._device))
        if self._maps is not None:
            inputs += (torch.from_numpy(planes).to(self._device),)  # type: ignore[assignment]
        return Batch(inputs, torch.from_numpy(present).to(self._device), target.to(self._device))
