"""How memory goes from one large array to the next."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import platform

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4  # of mallopt(3)
_KEPT_BYTES = 2**30
_LARGEST_MAPPED_BYTES = 32 * 2**20


@functools.cache
def keep_memory(*, of_any_size: bool = False) -> None:
    """Let glibc keep the memory of large arrays for the next ones, instead of mapping and clearing it anew each time.

    Full-HD planes are beyond its usual threshold, and Dask's nanny sets a low one: there everything would take nearly
    twice as long. Without effect where the C library is another.

    :param of_any_size: of arrays above 32 MiB too, as a network's maps are: for a process that does the same again and
        again, since what stands free between other arrays is not given back.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_MMAP_THRESHOLD, _LARGEST_MAPPED_BYTES)
        if of_any_size:
            mallopt(_MMAP_MAX, 0)
