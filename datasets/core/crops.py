"""Non-overlapping crops of a photograph, spread evenly over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels, both sides even, so that 4:2:0 chroma has no half pixel at the border.

    :param top: first row.
    :param left: first column.
    """

    top: int
    left: int
    height: int
    width: int

    def cut(self, rgb: np.ndarray) -> np.ndarray:
        """The pixels inside, as an array of their own."""
        return np.ascontiguousarray(rgb[self.top : self.top + self.height, self.left : self.left + self.width])


def grid(height: int, width: int, rows: int, columns: int, largest: int | None = None) -> list[Box]:
    """Cut a picture into equal cells, and from each cell the largest box in its middle.

    :param largest: no side of a box is longer; None takes the whole cell.
    :returns: rows x columns boxes, in reading order.
    """
    cell_height, cell_width = height // rows, width // columns
    box_height, box_width = (_even(min(side, largest or side)) for side in (cell_height, cell_width))
    return [
        Box(
            row * cell_height + (cell_height - box_height) // 2,
            column * cell_width + (cell_width - box_width) // 2,
            box_height,
            box_width,
        )
        for row in range(rows)
        for column in range(columns)
    ]


def crops_of_size(height: int, width: int, size: int | None, most: int) -> list[Box]:
    """As many square crops of a size as fit, at most so many; where a side is shorter than the size, all of that side.

    :param size: in pixels; None takes the picture whole.
    :param most: of the ways to place fewer crops than fit, the one nearest to the picture's own shape is taken.
    """
    if size is None:
        return grid(height, width, 1, 1)
    fitting_rows, fitting_columns = max(1, height // size), max(1, width // size)
    shapes = [(r, c) for r in range(1, fitting_rows + 1) for c in range(1, fitting_columns + 1) if r * c <= most]
    rows, columns = max(shapes, key=lambda shape: (shape[0] * shape[1], -abs(shape[0] / shape[1] - height / width)))
    return grid(height, width, rows, columns, size)


def _even(side: int) -> int:
    return side - side % 2
