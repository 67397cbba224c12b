"""Protects that one thread is a loan: whoever computes afterwards has all threads again, whatever happened."""

import pytest
import torch

from datasets.torch_threads import one_torch_thread


def test_threads_come_back_also_after_an_error():
    before = torch.get_num_threads()
    with pytest.raises(KeyError), one_torch_thread():
        assert torch.get_num_threads() == 1
        raise KeyError
    assert torch.get_num_threads() == before
