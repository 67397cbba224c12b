"""Which patches of a picture are used: the same places of the reference and of every compressed version."""

from __future__ import annotations

import dataclasses
import zlib
from dataclasses import dataclass

import numpy as np

PLACES = {
    "cover": "a fixed cover: every pixel where that needs few enough patches, else spread evenly",
    "random": "anywhere, as many as the cover has; drawn from the picture's own pixels, so that they stay",
}


@dataclass(frozen=True, eq=False)
class Patches:
    """Square patches of one picture.

    :param size: side in pixels.
    :param tops: first rows, shape (patches,), int.
    :param lefts: first columns, shape (patches,), int.
    :param shape: height and width of the picture.
    """

    size: int
    tops: np.ndarray
    lefts: np.ndarray
    shape: tuple[int, int]

    def __len__(self) -> int:
        return len(self.tops)

    def aligned(self, step: int) -> Patches:
        """The same patches, moved up and left to the next multiples of a step."""
        return dataclasses.replace(self, tops=self.tops // step * step, lefts=self.lefts // step * step)

    def cut(self, rgb: np.ndarray) -> np.ndarray:
        """The pixels, shape (patches, size, size, 3), or of a plane (patches, size, size).

        A side shorter than a patch is continued by mirroring it, as often as needed: a constant or repeated last row
        would be a texture that the picture does not have.

        :param rgb: shape (height, width, 3) or (height, width), of the sides that the patches were placed for.
        """
        if rgb.shape[:2] != self.shape:
            raise ValueError(f"the patches were placed for {self.shape}, the picture is {rgb.shape[:2]}")
        down, across = (max(self.size - side, 0) for side in self.shape)
        if down or across:
            rgb = np.pad(rgb, ((0, down), (0, across), *[(0, 0)] * (rgb.ndim - 2)), mode="symmetric")
        places = zip(self.tops, self.lefts, strict=True)
        return np.stack([rgb[top : top + self.size, left : left + self.size] for top, left in places])


def cover(height: int, width: int, size: int, most: int) -> Patches:
    """A fixed cover of a picture: every pixel where that needs at most `most` patches, else evenly spread ones.

    Patches are spread from border to border; where the sides are no multiples of the size, neighbours overlap.

    :param size: of a patch in pixels.
    :param most: patches at most, 1 or more.
    """
    rows, columns = -(-height // size), -(-width // size)
    if rows * columns > most:
        shapes = [(r, min(most // r, columns)) for r in range(1, min(rows, most) + 1)]
        rows, columns = max(shapes, key=lambda s: (s[0] * s[1], -abs(s[0] / s[1] - height / width)))
    tops, lefts = _spread(height - size, rows), _spread(width - size, columns)
    grid = np.meshgrid(tops, lefts, indexing="ij")
    return Patches(size, grid[0].ravel(), grid[1].ravel(), (height, width))


def crops(height: int, width: int, size: int, count: int, generator: np.random.Generator) -> Patches:
    """So many random patches, each drawn for itself: they may overlap."""
    tops, lefts = (generator.integers(max(side - size, 0) + 1, size=count) for side in (height, width))
    return Patches(size, tops, lefts, (height, width))


def patches_of(reference: np.ndarray, size: int, most: int, places: str) -> Patches:
    """Those of a picture that a network is asked about: the same of the reference and of its levels.

    :param reference: shape (height, width, 3).
    :param most: patches at most.
    :param places: one of `PLACES`.
    """
    height, width = reference.shape[:2]
    covering = cover(height, width, size, most)
    if places == "cover":
        return covering
    generator = np.random.default_rng(zlib.crc32(reference.tobytes()))
    return crops(height, width, size, len(covering), generator)


def scatter(height: int, width: int, size: int, count: int, generator: np.random.Generator) -> Patches:
    """Random patches that do not overlap: cells of a grid that is shifted at random.

    :param count: at most so many; fewer where fewer fit, and one where the picture is smaller than a patch.
    """
    rows, columns = max(height // size, 1), max(width // size, 1)
    top = generator.integers(max(height - rows * size, 0) + 1)
    left = generator.integers(max(width - columns * size, 0) + 1)
    cells = generator.permutation(rows * columns)[:count]
    return Patches(size, top + cells // columns * size, left + cells % columns * size, (height, width))


def _spread(room: int, count: int) -> np.ndarray:
    """So many first rows (or columns) from 0 to `room`, evenly; in the middle where there is but one."""
    if room <= 0:
        return np.zeros(1, dtype=int)
    if count == 1:
        return np.array([room // 2])
    return np.rint(np.linspace(0, room, count)).astype(int)
