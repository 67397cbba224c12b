"""A picture in a file: its pixels when they are asked for, and a name for them that costs no decoding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from datasets.common.errors import DataError
from datasets.common.hashing import sha256_of_file
from datasets.core.imaging import read_picture


@final
@dataclass(frozen=True)
class ReadFile:
    """Gives a file's pixels when called. It travels to other processes as a path.

    :param path: of the file.
    :param read: gives its pixels, uint8 RGB, shape (height, width, 3); can be sent to another process.
    :param how: what decides the pixels besides the file's bytes and the default way of reading: a crop's box, say.
    """

    path: Path
    read: Callable[[Path], np.ndarray] = read_picture
    how: str = ""

    def __call__(self) -> np.ndarray:
        return self.read(self.path)

    def fingerprint(self) -> str:
        """Names the pixels by the file's bytes and by what decodes them.

        :raises DataError: where the file cannot be read.
        """
        import PIL

        try:
            return f"file {sha256_of_file(self.path)} {self.how} read by Pillow {PIL.__version__}"
        except OSError as error:
            raise DataError(f"{self.path}: {error.strerror}. Copy it again from the data set.") from error
