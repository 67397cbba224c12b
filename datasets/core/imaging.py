"""Reading pictures and the two pixel measures that everything shares: luma and the mean squared error."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from datasets.common.errors import DataError
from datasets.core.picture_file import jpeg_size, opened, read_whole, refuse_bomb, refuse_scans

if TYPE_CHECKING:
    from PIL import Image

MSE_FLOOR = 1 / 12
"""Squared error of rounding to 8 bits, in grey levels squared: below it a PSNR says nothing (58.9 dB)."""


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


def mean_gradient(luma: np.ndarray) -> float:
    """Mean Sobel gradient magnitude of a plane, in grey levels per pixel: a slope of 1 a pixel has 1."""
    import cv2

    plane = luma.astype(np.float32)
    across, down = cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1)
    return float(np.hypot(across, down).mean(dtype=float)) / 8  # what a slope of 1 makes of the kernel's eight weights


def psnr_db(mean_squared_error: float | np.ndarray) -> np.ndarray:
    """PSNR of 8-bit pictures in dB. Errors below rounding (`MSE_FLOOR`) count as rounding: never infinite."""
    return 10 * np.log10(255.0**2 / np.maximum(mean_squared_error, MSE_FLOOR))


def decode_rgb(encoded: bytes) -> np.ndarray:
    """Decode a JPEG to uint8 RGB, shape (height, width, 3), with OpenCV; orientation tags are ignored.

    :raises ValueError: where the bytes are empty, end early, are no JPEG, or one of more than `MOST_PIXELS`.
    """
    import cv2

    if not encoded:
        raise ValueError("the file is empty (0 bytes)")
    if encoded[:2] != b"\xff\xd8":  # OpenCV would try a dozen other decoders
        raise ValueError("the file is not a picture that can be decoded as JPEG")
    if b"\xff\xd9" not in encoded[-1024:]:
        raise ValueError(f"the JPEG is truncated: no end-of-image marker in its {len(encoded)} bytes")
    refuse_bomb(*jpeg_size(encoded))
    refuse_scans(encoded)
    try:
        bgr = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise ValueError(f"the file is not a picture that OpenCV can decode ({error.err})") from error
    if bgr is None:
        raise ValueError("the file is not a picture that OpenCV can decode")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))


def decode_rgb_strictly(encoded: bytes) -> np.ndarray:
    """Decode one of `FORMATS` to uint8 RGB, shape (height, width, 3), with Pillow.

    Slower than `decode_rgb`, and refuses every truncation. Alpha is laid over white, 16 bits are scaled to 8,
    grey and CMYK become RGB.

    :raises ValueError: where the bytes are empty, end early, are no picture, or one of more than `MOST_PIXELS`.
    """
    if not encoded:
        raise ValueError("the file is empty (0 bytes)")
    refuse_scans(encoded)
    with opened(io.BytesIO(encoded)) as image:
        image.load()
        return _as_rgb(image)


def read_picture(path: Path) -> np.ndarray:
    """Read a still picture file as uint8 RGB, shape (height, width, 3).

    :raises DataError: where the file is missing, unreadable or damaged; the text names it.
    """
    try:
        return decode_rgb_strictly(read_whole(path))
    except FileNotFoundError:
        raise DataError(f"{path}: no such picture. Was the set unpacked completely?") from None
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: cannot be read as a picture: {error}. Expected a whole PNG, BMP, WebP or JPEG; copy it again."
        ) from error


def _as_rgb(image: Image.Image) -> np.ndarray:
    from PIL import Image

    if image.mode.startswith(("I", "F")):
        grey = _as_grey(np.asarray(image), is_deep=image.mode.startswith("I;16"))
        return np.repeat(grey[:, :, None], 3, axis=2)
    if "A" in image.mode or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return np.asarray(image.convert("RGB"))


def _as_grey(values: np.ndarray, *, is_deep: bool) -> np.ndarray:
    """Grey levels of more than 8 bits as uint8, a row at a time: as floating-point numbers all take much more."""
    if not np.isfinite(values.max()):
        raise ValueError("its grey levels are not all finite numbers")
    scale = 257 if is_deep or values.max() > 255 else 1
    grey = np.empty(values.shape, dtype=np.uint8)
    for row, deep in zip(grey, values, strict=True):
        row[:] = np.clip(np.round(deep / scale), 0, 255)
    return grey
