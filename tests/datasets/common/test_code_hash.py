"""The hash of a method's code must change with everything the method uses, and with nothing else."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from baselines.constant.constant import Constant
from baselines.pixel.chou1995 import Chou1995
from datasets.common import code_hash
from datasets.common.code_hash import method_sha256


def _package(folder: Path, helper: str) -> type:
    for cached in (code_hash._imports, code_hash._source_file, code_hash._file_sha256, code_hash.method_sha256):
        cached.cache_clear()
    package = folder / "plugin_for_keys"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text("")
    (package / "helper.py").write_text(helper)
    (package / "unrelated.py").write_text(f"# {helper}")
    (package / "method.py").write_text(
        "from baselines.interface.predictor import JNDPredictor\n"
        "from .helper import X\nclass Method(JNDPredictor):\n    pass\n"
    )
    importlib.invalidate_caches()
    return importlib.import_module("plugin_for_keys.method").Method


def test_method_hash_follows_the_files_a_method_imports(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    before = method_sha256(_package(tmp_path, "X = 1\n"))
    (tmp_path / "plugin_for_keys" / "unrelated.py").write_text("changed = True\n")
    assert method_sha256(_package(tmp_path, "X = 1\n")) == before
    assert method_sha256(_package(tmp_path, "X = 2\n")) != before
    for name in [name for name in sys.modules if name.startswith("plugin_for_keys")]:
        del sys.modules[name]


def test_methods_have_hashes_of_their_own_and_know_what_they_use():
    assert method_sha256(Constant) != method_sha256(Chou1995)
    used = code_hash._closure({Chou1995.__module__, *(c.__module__ for c in Chou1995.__mro__[1:-2])}, {"baselines"})
    assert {"baselines.pixel.chou1995", "baselines.pixel._masking", "baselines.interface.threshold"} <= set(used)
    assert "baselines.constant.constant" not in used


def test_line_ends_do_not_change_a_method(tmp_path):
    (tmp_path / "unix.py").write_bytes(b"a = 1\nb = 2\n")
    (tmp_path / "windows.py").write_bytes(b"a = 1\r\nb = 2\r\n")
    assert code_hash._file_sha256(tmp_path / "unix.py") == code_hash._file_sha256(tmp_path / "windows.py")


def test_what_ladders_depend_on_is_known():
    used = code_hash._closure({"datasets.core.ladder"}, {"datasets"})
    assert {"datasets.core.ladder", "datasets.core.codec", "datasets.core.imaging"} <= set(used)
    assert code_hash.ladders_sha256() == code_hash._code_sha256({"datasets.core.ladder"}, {"datasets"})
