"""Fewer threads of torch for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


def one_torch_thread() -> contextlib.AbstractContextManager[None]:
    """One thread adds in one order: the same digits whatever the number of cores."""
    return torch_threads(1)


@contextlib.contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """So many threads.

    :param count: 0 leaves their number alone.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(count or threads)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
