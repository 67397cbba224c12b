"""Protects what large arrays cost: their memory is kept for the next ones, and not mapped and cleared anew."""

import platform
import resource

import numpy as np
import pytest

from datasets.common.memory import keep_memory


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries are left as they are")
def test_memory_of_large_arrays_is_kept_for_the_next_ones():
    keep_memory(of_any_size=True)
    np.ones(2**26, np.uint8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        np.ones(2**26, np.uint8)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 5 * 2**26 / 4096 / 2
