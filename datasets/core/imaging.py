"""What everything measures of pixels: luma, squared error, PSNR, gradients, colourfulness, flashes; and crops."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np

MSE_FLOOR = 1 / 12
"""Squared error of rounding to 8 bits, in grey levels squared: below it a PSNR says nothing (58.9 dB)."""

FLASH_LIMIT = 0.25
"""Of a field of 10 degrees: two pictures of which as much flashes, or more, are not to alternate by themselves."""

_FIELD_DEGREES, _FLASH, _RED, _RED_CHANGE = 10, 0.1, 0.8, 20 / 320


def luma(rgb: np.ndarray) -> np.ndarray:
    """BT.601 luma, rounded to uint8, shape (height, width).

    Within one grey level of Pillow's `convert('L')` everywhere, and equal to it for grey pictures.
    """
    import cv2

    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))


def mse(first: np.ndarray, second: np.ndarray) -> float:
    """Mean squared error of two uint8 arrays of one shape, in grey levels squared."""
    import cv2

    if first.strides == second.strides:  # in whatever order pixels and planes lie in memory: OpenCV would copy them
        first, second = first.ravel(order="K"), second.ravel(order="K")
    return float(cv2.norm(first, second, cv2.NORM_L2SQR)) / first.size


def bitmap(rgb: np.ndarray) -> bytes:
    """An uncompressed BMP file of uint8 RGB, shape (height, width, 3), for libraries that read files alone."""
    return _encoded(rgb, "BMP")


def png(pixels: np.ndarray) -> bytes:
    """A PNG file of uint8 grey or RGB, shape (height, width) or (height, width, 3)."""
    return _encoded(pixels, "PNG")


def _encoded(pixels: np.ndarray, form: str) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, form)
    return file.getvalue()


def halved(pixels: np.ndarray) -> np.ndarray:
    """Half the size, each pixel a mean over those in its place; a side of one pixel stays.

    :param pixels: uint8, shape (height, width, 3).
    """
    import cv2

    height, width = pixels.shape[:2]
    return np.asarray(cv2.resize(pixels, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA))


def mean_gradient(luma: np.ndarray) -> float:
    """Mean Sobel gradient magnitude of a plane, in grey levels per pixel: a slope of 1 a pixel has 1."""
    import cv2

    plane = luma.astype(np.float32)
    across, down = cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1)
    return float(np.hypot(across, down).mean(dtype=float)) / 8  # what a slope of 1 makes of the kernel's eight weights


def psnr_db(mean_squared_error: float | np.ndarray) -> np.ndarray:
    """PSNR of 8-bit pictures in dB. Errors below rounding (`MSE_FLOOR`) count as rounding: never infinite."""
    return 10 * np.log10(255.0**2 / np.maximum(mean_squared_error, MSE_FLOOR))


def flash_share(first: np.ndarray, second: np.ndarray, pixels_per_degree: float) -> float:
    """How much of the worst field of 10 x 10 degrees flashes where two pictures alternate, 0..1.

    A pixel flashes where its relative luminance changes by a tenth of full luminance or more, or where saturated red
    comes or goes: R / (R + G + B) >= 0.8 in one of them, and max(R - G - B, 0) changes by more than 20 / 320, all in
    linear light. W3C, WCAG 2.1, 2018, success criterion 2.3.1 with its definition of flashes; stricter, as very bright
    pixels and fine patterns are not exempt. What lies outside a picture does not flash.

    :param first: uint8 sRGB, shape (height, width, 3); `second` alike.
    """
    import cv2

    encoded = np.arange(256) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4).astype(np.float32)
    weights = np.array([[0.2126, 0.7152, 0.0722], [1 - _RED, -_RED, -_RED], [1, -1, -1]], np.float32)
    before, after = (cv2.transform(cv2.LUT(rgb, linear), weights) for rgb in (first, second))
    brighter = np.abs(before[..., 0] - after[..., 0]) >= _FLASH
    has_red = (before[..., 1] > 0) | (after[..., 1] > 0)
    redder = np.abs(np.maximum(before[..., 2], 0) - np.maximum(after[..., 2], 0)) > _RED_CHANGE
    flashes = brighter | (has_red & redder)
    side = max(1, round(_FIELD_DEGREES * pixels_per_degree))
    return float(window_sums(flashes, side, side).max()) / side**2


def window_sums(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    """Sums over every window of a size, int64, by its first row and column; a larger one than the plane is cut to it.

    :param plane: whole numbers or truths, shape (rows, columns).
    """
    height, width = min(height, plane.shape[0]), min(width, plane.shape[1])
    total = np.pad(plane.cumsum(axis=0, dtype=np.int64).cumsum(axis=1), ((1, 0), (1, 0)))
    sums = total[height:, width:] - total[:-height, width:] - total[height:, :-width] + total[:-height, :-width]
    return np.asarray(sums)


@dataclass(frozen=True)
class PixelFacts:
    """What a reference's pixels say of it.

    :param gradient: mean Sobel magnitude of the luma, in grey levels per pixel.
    :param colourfulness: of Hasler and Suesstrunk (2003); 0 for grey.
    """

    width_px: int
    height_px: int
    gradient: float
    colourfulness: float


def pixel_facts(rgb: np.ndarray) -> PixelFacts:
    """The facts of a reference, uint8, shape (height, width, 3)."""
    plane = luma(rgb)
    height, width = plane.shape
    return PixelFacts(width, height, mean_gradient(plane), _colourfulness(rgb))


def _colourfulness(rgb: np.ndarray) -> float:
    """Hasler & Suesstrunk, Measuring colourfulness in natural images, 2003: metric M3."""
    red, green, blue = (rgb[..., channel].astype(np.float32) for channel in range(3))
    opponents = (red - green, (red + green) / 2 - blue)
    spread = math.hypot(*(float(plane.std(dtype=np.float64)) for plane in opponents))
    mean = math.hypot(*(float(plane.mean(dtype=np.float64)) for plane in opponents))
    return spread + 0.3 * mean


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels, both sides even, so that 4:2:0 chroma has no half pixel at the border."""

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
    box_height, box_width = (min(side, largest or side) // 2 * 2 for side in (cell_height, cell_width))
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
