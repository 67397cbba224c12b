"""What tests of survival share: how many cases each tries, and a tally of the faults that were survived.

`python -m benchmarks.survival` runs these tests, with more cases where asked, and prints the tally as a table.
"""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import sys
import zlib
from collections.abc import Callable, Iterator

import pytest

FACTOR = "JND_BENCH_CASES"
"""Environment variable: every test tries so many times its usual number of cases."""


def cases(usual: int) -> int:
    """How many cases to try where a test usually tries so many."""
    return max(1, round(usual * float(os.environ.get(FACTOR, "1"))))


@contextlib.contextmanager
def ends_within(seconds: int) -> Iterator[None]:
    """What hangs meanwhile fails; without effect on Windows, which has no such alarm."""
    if sys.platform == "win32":
        yield
        return

    def give_up(*_: object) -> None:
        raise TimeoutError("it did not end")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """Whole, with its checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, content: bytes) -> bytes:
    """A file of one bit a pixel that announces a size.

    :param content: deflated.
    """
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = png_chunk(b"IHDR", head) + png_chunk(b"IDAT", content) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def resized_jpeg(jpeg: bytes, height: int, width: int) -> bytes:
    """The file, announcing another size."""
    changed = bytearray(jpeg)
    struct.pack_into(">HH", changed, changed.find(b"\xff\xc0") + 5, height, width)
    return bytes(changed)


@pytest.fixture
def survived(request: pytest.FixtureRequest) -> Callable[..., None]:
    """`survived('truncated photographs', 40)`: so many more cases of a fault, each of which ended as it should."""

    def count(fault: str, number: int = 1) -> None:
        request.node.user_properties.append(("survived", [fault, number]))

    return count
