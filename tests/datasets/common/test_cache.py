"""Protects the cache: what is kept comes back, damage and full disks cost time alone, and keys tell all apart."""

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from datasets.common.cache import (
    CacheWarning,
    StoredArrays,
    cache_folder,
    load_arrays,
    save_arrays,
)

ARRAYS = {
    "reference": np.random.default_rng(0).random((3, 4, 5)).astype(np.float16),
    "difference": np.zeros((2, 0, 4), np.float16),
    "turned": np.arange(12, dtype=np.float32).reshape(3, 4).T,
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("JND_BENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_is_kept_comes_back_to_the_bit(folder):
    assert save_arrays("ab12", ARRAYS)
    found = load_arrays("ab12")
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype and np.array_equal(found[name], array)
    assert stored(folder) == [folder / "measured" / "ab" / "ab12.arrays"]


def test_what_was_never_kept_is_nothing():
    assert load_arrays("ab12") is None


@pytest.mark.parametrize("size", [0, 4, 60, -1])
def test_a_cut_off_file_is_computed_again_with_a_warning(folder, size):
    save_arrays("ab12", ARRAYS)
    path = stored(folder)[0]
    path.write_bytes(path.read_bytes()[:size])
    with pytest.warns(CacheWarning, match=r"ab12\.arrays: is damaged and computed again"):
        assert load_arrays("ab12") is None
    assert save_arrays("ab12", ARRAYS)
    assert load_arrays("ab12").keys() == ARRAYS.keys()


def test_a_folder_that_cannot_be_written_is_a_warning(folder):
    folder.write_text("a file stands where the folder should be")
    with pytest.warns(CacheWarning, match=r"measurements cannot be kept \(.*Set JND_BENCH_CACHE to a folder with room"):
        assert not save_arrays("ab12", ARRAYS)


def test_a_full_disk_is_a_warning_and_leaves_nothing(folder, monkeypatch):
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target.suffix == ".arrays":
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.warns(CacheWarning, match=r"No space left on device"):
        assert not save_arrays("ab12", ARRAYS)
    assert stored(folder) == []


def test_the_folder_is_the_users_own_unless_named(monkeypatch, folder):
    assert cache_folder() == folder
    monkeypatch.setenv("JND_BENCH_CACHE", "~/elsewhere")
    assert cache_folder() == Path.home() / "elsewhere"
    monkeypatch.delenv("JND_BENCH_CACHE")
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
        assert cache_folder() == folder / "jnd-bench"
        monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder().name == "jnd-bench" and Path.home() in cache_folder().parents


def test_stored_arrays_travel_as_their_key_and_are_read_when_asked_for(folder):
    save_arrays("ab12", ARRAYS)
    stored_arrays = pickle.loads(pickle.dumps(StoredArrays("ab12")))
    assert len(pickle.dumps(stored_arrays)) < 200
    assert set(stored_arrays) == ARRAYS.keys() and len(stored_arrays) == len(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(stored_arrays[name], array)
    for file in stored(folder):
        file.unlink()
    with pytest.raises(FileNotFoundError, match="have gone"):
        stored_arrays.read()


def test_one_flipped_bit_is_noticed(folder):
    """In an array it would look like any other number."""
    save_arrays("ab12", {"a": np.arange(100.0)})
    (file,) = stored(folder)
    content = bytearray(file.read_bytes())
    content[-100] ^= 1
    file.write_bytes(content)
    with pytest.warns(CacheWarning, match=r"ab12\.arrays: is damaged and computed again \(its checksum differs\)"):
        assert load_arrays("ab12") is None
