"""Protects the hash, the keys and the seeds: one content, one name, in every process and version."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.common.hashing import (
    canonical_json,
    key_of,
    seed_of,
    seed_of_text,
    sha256_of_bytes,
    sha256_of_file,
    sha256_of_pieces,
)

parts = st.dictionaries(st.sampled_from("abc"), st.one_of(st.integers(0, 3), st.sampled_from(["", "1", "[1]"])))


def test_a_replaced_file_has_another_hash(tmp_path):
    path = tmp_path / "weights.pth"
    for content in (b"first", b"second one", bytes(range(256)) * 9000):  # the last is more than one block
        path.write_bytes(content)
        assert sha256_of_file(path) == sha256_of_bytes(content) == hashlib.sha256(content).hexdigest()
    path.write_bytes(b"same sized")
    os.utime(path, ns=(1, 1))
    assert sha256_of_file(path) == hashlib.sha256(b"same sized").hexdigest()


def test_pieces_are_hashed_as_one():
    turned = np.arange(6).reshape(2, 3).T
    assert sha256_of_pieces([b"a", turned, b"b"]) == sha256_of_bytes(b"a" + turned.tobytes() + b"b")


@given(parts, parts)
def test_keys_are_equal_where_their_parts_are(first, second):
    assert (key_of(first) == key_of(second)) == (first == second)
    assert key_of(dict(reversed(first.items()))) == key_of(first)


def test_another_process_makes_the_same_key():
    code = "from datasets.common.hashing import key_of; print(key_of({'b': [1, 2], 'a': 'x'}))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == key_of({"a": "x", "b": [1, 2]})


def test_nan_has_no_canonical_form():
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": float("nan")})


def test_seed_depends_on_exactly_the_named_parts():
    assert seed_of(fold=1, dataset="demo") == seed_of(dataset="demo", fold=1)
    assert len({seed_of(fold=fold, dataset="demo") for fold in range(50)}) == 50
    assert 0 <= seed_of(fold=1) < 2**32


def test_seed_is_the_same_in_every_process_and_version():
    assert seed_of(seed=0, fold=1) == 4217992965
    assert seed_of_text("a\nb") == int.from_bytes(hashlib.sha256(b"a\nb").digest()[:8], "big")
