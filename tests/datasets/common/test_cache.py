"""Protects the cache: what is kept comes back, damage and full disks cost time alone, and keys tell all apart."""

import errno
import os
import pickle
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from datasets.common import cache
from datasets.common.cache import CacheWarning, StoredArrays, cache_folder, is_stored, load_arrays, save_arrays

ARRAYS = {
    "reference": np.random.default_rng(0).random((3, 4, 5)).astype(np.float16),
    "difference": np.zeros((2, 0, 4), np.float16),
    "turned": np.arange(12, dtype=np.float32).reshape(3, 4).T,
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("JND_BENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_said", set())
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


def _no_home(*_: object, **__: object) -> str:
    raise RuntimeError("Could not determine home directory.")  # as pathlib and platformdirs say it


def _fails(number: int):
    def fail(self: Path, *arguments: object, **options: object) -> None:
        raise OSError(number, os.strerror(number), str(self))

    return fail


WITHOUT_CACHE = {
    "a file": lambda folder, patch: folder.write_text("stands where the folder should be"),
    "a file inside": lambda folder, patch: (folder.mkdir(), (folder / "measured").write_text("")),
    "no home": lambda folder, patch: (
        patch.delenv("JND_BENCH_CACHE"),
        patch.setattr(cache, "user_cache_path", _no_home),
    ),
    "nobody's home": lambda folder, patch: patch.setenv("JND_BENCH_CACHE", "~nobody-of-this-name/cache"),
    "too long a name": lambda folder, patch: patch.setenv("JND_BENCH_CACHE", "/tmp/" + "x" * 300),
    "not writable": lambda folder, patch: patch.setattr(Path, "mkdir", _fails(errno.EACCES)),
    "read-only": lambda folder, patch: patch.setattr(Path, "open", _fails(errno.EROFS)),
    "full": lambda folder, patch: patch.setattr(Path, "replace", _fails(errno.ENOSPC)),
    "over quota": lambda folder, patch: patch.setattr(Path, "replace", _fails(errno.EDQUOT)),
}


@pytest.mark.parametrize("how", WITHOUT_CACHE)
def test_without_a_cache_all_goes_on_with_one_warning_that_names_the_variable(folder, monkeypatch, how):
    WITHOUT_CACHE[how](folder, monkeypatch)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for key in ("ab12", "ab13", "cd14"):
            assert not is_stored(key) and load_arrays(key) is None
            assert not save_arrays(key, ARRAYS)
    (warning,) = caught
    assert warning.category is CacheWarning
    assert "cannot be kept" in str(warning.message) and "Set JND_BENCH_CACHE to a folder" in str(warning.message)
    monkeypatch.undo()
    assert [path for path in stored(folder) if "ab1" in path.name] == []


@pytest.mark.parametrize("named", ["with spaces", "Tür-字", "deep/er", "./here/../there"])
def test_any_name_of_a_folder_will_do(tmp_path, monkeypatch, named):
    monkeypatch.chdir(tmp_path)
    for text in (named, str(tmp_path / named)):
        monkeypatch.setenv("JND_BENCH_CACHE", text)
        assert save_arrays("ab12", ARRAYS) and load_arrays("ab12").keys() == ARRAYS.keys()
    assert (tmp_path / named / "measured").is_dir()


def test_a_folder_that_may_not_be_read_is_not_called_damaged(folder, monkeypatch):
    monkeypatch.setattr(Path, "is_file", _fails(errno.EACCES))
    monkeypatch.setattr(Path, "read_bytes", _fails(errno.EACCES))
    assert not is_stored("ab12")
    with pytest.warns(CacheWarning, match="Permission denied.*Set JND_BENCH_CACHE"):
        assert load_arrays("ab12") is None


def test_the_folder_is_the_users_own_unless_named(monkeypatch, folder):
    assert cache_folder() == folder
    monkeypatch.setenv("JND_BENCH_CACHE", "~/elsewhere")
    assert cache_folder() == Path.home() / "elsewhere"
    monkeypatch.delenv("JND_BENCH_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder().name == "jnd-bench" and Path.home() in cache_folder().parents
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
        assert cache_folder() == folder / "jnd-bench"


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
