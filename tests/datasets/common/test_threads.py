"""Protects that fewer threads are a loan: whoever computes afterwards has all again, whatever happened."""

from collections.abc import Iterator

import pytest
import torch

from datasets.common.threads import one_torch_thread, torch_threads


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    """So that one is fewer, also on one core."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_threads_come_back_also_after_an_error():
    with pytest.raises(KeyError), one_torch_thread():
        assert torch.get_num_threads() == 1
        raise KeyError
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (2, 2), (3, 3), (0, 2)])
def test_there_are_as_many_as_asked_for_and_0_leaves_them_alone(count, expected):
    with torch_threads(count):
        assert torch.get_num_threads() == expected
    assert torch.get_num_threads() == 2


def test_a_loan_within_a_loan_gives_back_what_it_took():
    with torch_threads(3):
        with one_torch_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 3
