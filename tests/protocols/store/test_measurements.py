"""What is kept of a picture comes back as it was, to the type and the bit, and what no file holds is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from baselines.pixel.chou1995 import Chou1995
from datasets.common.cache import CacheWarning
from protocols.measure import visit
from protocols.store.measurements import Measured, load_ladder, load_measured, save_measured

PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), arrays.arrays(np.float32, (2, 3)))
PLAIN = PLAIN | arrays.arrays(np.int16, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0))
NESTED = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    ),
    max_leaves=8,
)


def _assert_same(one, other):
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert list(one) == list(other)
        one, other = list(one.values()), list(other.values())
    if isinstance(one, list | tuple):
        assert len(one) == len(other)
        for first, second in zip(one, other, strict=True):
            _assert_same(first, second)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype and one.shape == other.shape
        np.testing.assert_array_equal(one, other)
    else:
        assert one == other or (one != one and other != other)


@given(value=NESTED)
def test_whatever_files_can_hold_comes_back(value, make_kept):
    picture, predictor = make_kept
    try:
        save_measured(picture, predictor, Measured(value, 1.5, remark="said"))
    except UnicodeEncodeError:
        pytest.fail("a text that JSON can hold")
    found = load_measured(picture, predictor)
    assert (found.ms, found.error, found.remark) == (1.5, "", "said")
    _assert_same(found.value, value)


@pytest.fixture(scope="module")
def make_kept(tmp_path_factory, rated_pictures):
    """A picture and a predictor, with a cache of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JND_BENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield rated_pictures[0], Chou1995()


@pytest.mark.parametrize("value", [object(), {1, 2}, {1.5: 2}, np.array([object()]), 3 + 4j, b"bytes", [lambda: 0]])
def test_what_no_file_holds_is_refused(make_kept, value):
    with pytest.raises(TypeError, match="which no file holds"):
        save_measured(*make_kept, Measured(value, 0.0))


@pytest.mark.parametrize("damage", ["cut off", "a bit flipped", "empty", "foreign"])
def test_a_damaged_file_is_named_and_measured_again(empty_cache, make_task, damage):
    before = visit(make_task().pictures[0], [Chou1995()])
    content = {
        "cut off": lambda data: data[:-20],
        "a bit flipped": lambda data: data[:-10] + bytes([data[-10] ^ 4]) + data[-9:],
        "empty": lambda data: b"",
        "foreign": lambda data: b'{"a": 1}',
    }[damage]
    for file in empty_cache.rglob("*.arrays"):
        file.write_bytes(content(file.read_bytes()))
    with pytest.warns(CacheWarning, match=r"\.arrays: is damaged and computed again"):
        assert load_ladder(make_task().pictures[0]) is None
    with pytest.warns(CacheWarning):
        again = visit(make_task().pictures[0], [Chou1995()])
    key = Chou1995().measurement_key()
    np.testing.assert_array_equal(again.measured[key].value, before.measured[key].value)
    assert load_ladder(make_task().pictures[0]) is not None
