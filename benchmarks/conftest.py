"""What benchmarks share: a picture of 1920x1080 pixels, one thread, and what its JPEG ladder costs."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.scale import bare_ladder_s
from datasets.core.picture_file import read_picture


@pytest.fixture(scope="session")
def full_hd() -> np.ndarray:
    """A photograph, uint8 RGB, shape (1080, 1920, 3): cut from a real one where there is one, else scaled up."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data" / "photos" / "clic2025"
    for file in sorted(folder.glob("*.png")):
        pixels = read_picture(file)
        if pixels.shape[0] >= 1080 and pixels.shape[1] >= 1920:
            return np.ascontiguousarray(pixels[:1080, :1920])
    import cv2
    from skimage import data

    return np.asarray(cv2.resize(data.chelsea(), (1920, 1080), interpolation=cv2.INTER_CUBIC))


@pytest.fixture(scope="module")
def ladder_seconds(full_hd: np.ndarray) -> Iterator[float]:
    """CPU time of 100 x (encode + decode), the least of three; OpenCV and BLAS keep to one thread until the end."""
    import cv2
    from threadpoolctl import threadpool_limits

    threads = cv2.getNumThreads()
    with threadpool_limits(1):
        yield bare_ladder_s(full_hd)
    cv2.setNumThreads(threads)
