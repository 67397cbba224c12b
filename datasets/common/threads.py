"""Fewer threads for a while: one thread adds in one order, so digits do not depend on the number of cores."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


def one_torch_thread() -> contextlib.AbstractContextManager[None]:
    """One thread of torch."""
    return torch_threads(1)


@contextlib.contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """So many threads of torch.

    :param count: 0 leaves their number alone.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(count or threads)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """One thread of BLAS in numpy, scipy and OpenCV."""
    import cv2  # noqa: F401  # brings a BLAS of its own, which must be loaded before it can be limited
    import scipy.linalg  # noqa: F401  # and so does this
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
