"""Protects the hash of values: the same content has the same, in any process; anything else, or none, does not."""

import dataclasses
import enum
import functools
import itertools
import pickle
import threading
from collections import OrderedDict
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.common.code import content_sha256
from datasets.common.contents import NoContentError


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclasses.dataclass
class Settings:
    scale: float = 1.0
    inner: object = None


class Plain:
    def __init__(self, **more):
        self.__dict__.update(more)


def twice(x, factor=2):
    return factor * x


def adds(number):
    return lambda x: x + number


LONG = np.arange(100_000.0)
CHANGED = LONG.copy()
CHANGED[50_000] += 1e-9
DIFFERENT = [
    None, True, 1, 1.0, 1j, "1", b"1", -0.0, 0.0, float("nan"), float("inf"), 10**5000, 10**5000 + 1,
    (1, 2), [1, 2], {1, 2}, {1: 2}, {"1": 2}, {2: 1}, frozenset({1}), [[1], 2], [1, [2]], (), [], {}, "", range(3),
    np.float64(1), np.float32(1), np.array(1), np.array([1, 2]), np.array([1, 2], np.int32), np.array([[1, 2]]),
    np.array([0.0]), np.array([-0.0]), LONG, CHANGED, np.array(["a", None], object), np.array(["b", None], object),
    np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 2], mask=[1, 0]), np.dtype("f4"), np.dtype("f8"),
    Colour.RED, Colour.BLUE, Settings(), Settings(2.0), Settings(inner=LONG), Settings(inner=CHANGED),
    Plain(), Plain(a=1), Plain(a=2), Plain(b=1), SimpleNamespace(a=1), OrderedDict(a=1),
    Path("nowhere/a"), Path("nowhere/b"), "nowhere/a", twice, functools.partial(twice, factor=3),
    functools.partial(twice, factor=4), adds(1), adds(2), lambda x: x, lambda x: 2 * x, Plain(a=adds(3)).a, np.mean,
    np.median, len, max, int, Plain, Settings, [LONG, {"deep": (CHANGED, Colour.RED)}],
    [LONG, {"deep": (LONG, Colour.RED)}], np.random.default_rng(1), np.random.default_rng(2), np.random.RandomState(1),
]  # fmt: skip


def test_values_that_differ_have_hashes_that_differ():
    hashes = [content_sha256(value) for value in DIFFERENT]
    same = [
        (DIFFERENT[one], DIFFERENT[two])
        for one, two in itertools.combinations(range(len(hashes)), 2)
        if hashes[one] == hashes[two]
    ]
    assert not same


@pytest.mark.parametrize("place", range(len(DIFFERENT)))
def test_a_copy_has_the_same_hash(place):
    value = DIFFERENT[place]
    try:
        copy = pickle.loads(pickle.dumps(value))
    except (pickle.PicklingError, AttributeError, TypeError):  # functions inside functions
        copy = value
    assert content_sha256(copy) == content_sha256(value)


def test_order_counts_only_where_it_means_something():
    assert content_sha256({"a": 1, "b": [2]}) == content_sha256({"b": [2], "a": 1})
    assert content_sha256(MappingProxyType({"a": 1, "b": 2})) == content_sha256(MappingProxyType({"b": 2, "a": 1}))
    assert content_sha256({"a", "b", "c"}) == content_sha256({"c", "b", "a"})
    assert content_sha256(OrderedDict(a=1, b=2)) == content_sha256(OrderedDict(b=2, a=1))
    assert content_sha256(LONG[::2]) == content_sha256(LONG[::2].copy())


nested = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.floats() | st.sampled_from(["", "1", "a"]),
    lambda inner: st.lists(inner, max_size=2) | st.tuples(inner) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=4,
)


@given(nested, nested)
def test_hashes_are_equal_where_contents_are(first, second):
    assert (content_sha256(first) == content_sha256(second)) == (repr(_sorted(first)) == repr(_sorted(second)))


def _sorted(value):
    if isinstance(value, dict):
        return {"dict": [(name, _sorted(inner)) for name, inner in sorted(value.items())]}
    return type(value)(map(_sorted, value)) if isinstance(value, list | tuple) else value


def test_what_holds_itself_is_hashed():
    def around(number):
        held = [number]
        held.append(held)
        return held

    assert content_sha256(around(1)) == content_sha256(around(1)) != content_sha256(around(2))


WITHOUT = {
    "generator": lambda folder: (number for number in range(3)),
    "lock": lambda folder: threading.Lock(),
    "file": lambda folder: (folder / "open").open("w"),
    "thread": lambda folder: threading.local(),
    "object that holds a lock": lambda folder: Plain(lock=threading.Lock()),
    "array of locks": lambda folder: np.array([threading.Lock()]),
    "lambda around a lock": lambda folder: adds(threading.Lock()),
}


@pytest.mark.parametrize("kind", WITHOUT)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_what_has_no_content_is_refused(kind, tmp_path):
    with pytest.raises(NoContentError, match="something of type"):
        content_sha256({"inside": [WITHOUT[kind](tmp_path)]})


@pytest.mark.parametrize("as_given", [Path, str])
def test_a_path_counts_with_what_its_file_holds(as_given, tmp_path):
    path = tmp_path / "weights.bin"
    seen = [content_sha256(as_given(path))]
    for content in (b"first", b"other", b""):
        path.write_bytes(content)
        seen.append(content_sha256([as_given(path)]))
    assert len(set(seen)) >= 3 and seen[1] != seen[2]


def test_a_folder_counts_with_its_files(tmp_path):
    folder = tmp_path / "weights"
    (folder / "inner").mkdir(parents=True)
    seen = [content_sha256(folder)]
    for name, content in (("a", b"1"), ("inner/b", b"1"), ("inner/b", b"2")):
        (folder / name).write_bytes(content)
        seen.append(content_sha256(folder))
    assert len(set(seen)) == len(seen)


def test_tensors_and_networks_count_with_their_numbers():
    torch = pytest.importorskip("torch")
    ones = torch.ones(2, 3)
    turned = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    values = [
        ones,
        ones.double(),
        ones.reshape(3, 2),
        ones * 2,
        ones.bfloat16(),
        ones > 0,
        turned,
        turned.T,
        torch.ones(()),
    ]
    assert len(set(map(content_sha256, values))) == len(values)
    assert content_sha256(ones.clone()) == content_sha256(ones)

    def network(seed, slope=0.1):
        torch.manual_seed(seed)
        return torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.LeakyReLU(slope))

    assert content_sha256(network(1)) == content_sha256(network(1))
    assert len({content_sha256(network(1)), content_sha256(network(2)), content_sha256(network(1, 0.2))}) == 3


def test_tables_count_with_their_cells():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    assert content_sha256(table.copy()) == content_sha256(table)
    others = [table.assign(a=[1.0, 2.5]), table.assign(b=["x", "z"]), table.rename(columns={"a": "c"})]
    assert len({content_sha256(one) for one in (table, *others)}) == 4
