"""Protects the hash of code: an edit of anything a method reaches changes it, whatever the form of the import."""

import importlib
import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from baselines.constant.constant import Constant
from baselines.metric.psnr import Psnr
from baselines.pixel.chou1995 import Chou1995
from datasets.common.code import code_sha256, content_sha256, forget_code, require_code
from datasets.common.contents import NoContentError
from datasets.common.errors import UserError
from datasets.common.modules import origins

METHOD = "class Method:\n    def ask(self):\n        return {}\n"
BESIDE = {"user_code/unrelated.py": "X = 1\n"}

REACHED = {
    "the module itself": ({"user_code/method.py": METHOD.format("1")}, "user_code/method.py"),
    "a package's __init__": (
        {"user_code/__init__.py": METHOD.format("1"), "user_code/method.py": "from . import Method"},
        0,
    ),
    "a package without __init__": (
        {"user_code/method.py": "from user_code.x import y\n" + METHOD.format("y")},
        "user_code/x.py",
    ),
    "a re-export": (
        {
            "user_code/method.py": "from .nets import y\n" + METHOD.format("y"),
            "user_code/nets/__init__.py": "from .x import y",
        },
        "user_code/nets/x.py",
    ),
    "a star": ({"user_code/method.py": "from .x import *\n" + METHOD.format("y")}, "user_code/x.py"),
    "a module of the package": ({"user_code/method.py": "from . import x\n" + METHOD.format("x.y")}, "user_code/x.py"),
    "a parent's module": (
        {
            "user_code/method.py": "from user_code.inner.method import Method",
            "user_code/inner/method.py": "from .. import x\n" + METHOD.format("x.y"),
        },
        "user_code/x.py",
    ),
    "a dotted name": (
        {"user_code/method.py": "import user_code.x\n" + METHOD.format("user_code.x.y")},
        "user_code/x.py",
    ),
    "an alias": ({"user_code/method.py": "import user_code.x as z\n" + METHOD.format("z.y")}, "user_code/x.py"),
    "a file beside the package": ({"user_code/method.py": "import user_x\n" + METHOD.format("user_x.y")}, "user_x.py"),
    "an import inside a function": (
        {"user_code/method.py": "class Method:\n    def ask(self):\n        from .x import y\n        return y\n"},
        "user_code/x.py",
    ),
    "import_module": (
        {
            "user_code/method.py": 'import importlib\nx = importlib.import_module("user_code.x")\n'
            + METHOD.format("x.y")
        },
        "user_code/x.py",
    ),
    "import_module of a relative name": (
        {
            "user_code/method.py": 'import importlib\nx = importlib.import_module(".x", __package__)\n'
            + METHOD.format("x.y")
        },
        "user_code/x.py",
    ),
    "import_module of a name that is made": (
        {
            "user_code/method.py": 'import importlib\nx = importlib.import_module("user_code." + "x")\n'
            + METHOD.format("x.y")
        },
        "user_code/x.py",
    ),
    "a base class": (
        {"user_code/method.py": "from user_code.x import Base\nclass Method(Base):\n    pass\n"},
        "user_code/x.py",
    ),
    "a decorator": (
        {
            "user_code/method.py": "import functools\nfrom user_code.x import f\ng = functools.lru_cache(f)\n"
            + METHOD.format("g()")
        },
        "user_code/x.py",
    ),
    "a module that a module imports": (
        {"user_code/method.py": "from .z import y\n" + METHOD.format("y"), "user_code/z.py": "from .x import y"},
        "user_code/x.py",
    ),
    "a package that is imported for what it does": (
        {"user_code/method.py": "import user_x\n" + METHOD.format("1")},
        "user_x.py",
    ),
}
EDITED = "y = {0}\ndef f():\n    return {0}\nclass Base:\n    def ask(self):\n        return {0}\n"


def _loaded(folder, files):
    for name in [name for name in sys.modules if name.partition(".")[0] in ("user_code", "user_x")]:
        del sys.modules[name]
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    forget_code()
    sys.dont_write_bytecode = True  # an edit within the same second would not be noticed by Python itself
    return importlib.import_module("user_code.method").Method


@pytest.mark.parametrize("form", REACHED)
def test_an_edit_of_anything_reached_is_noticed(form, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    files, edited = REACHED[form]
    edited = edited or "user_code/__init__.py"
    before = BESIDE | {edited: EDITED.format(20)} | files
    first = code_sha256(_loaded(tmp_path, before))
    assert code_sha256(_loaded(tmp_path, before | {"user_code/unrelated.py": "X = 2\n"})) == first
    assert code_sha256(_loaded(tmp_path, {name: text.replace("\n", "\r\n") for name, text in before.items()})) == first
    text = before[edited]
    changed = text.replace("20", "-20") if "20" in text else text.replace("return 1", "return 2")
    assert code_sha256(_loaded(tmp_path, {edited: changed})) != first


def test_without_a_file_the_class_itself_is_hashed():
    """As in a notebook, in `python -` and `exec`: the class, and what its names mean there."""

    def made(number=20, text="return helper(SCALE)", helper="return x + 1", stored=None):
        space = {"__name__": "__main__" if number % 2 else "nowhere", "SCALE": number, "STORED": stored}
        exec(f"def helper(x):\n    {helper}\nclass Method:\n    def ask(self):\n        {text}\n", space)
        return code_sha256(space["Method"])

    assert made() == made()
    others = [made(22), made(text="return helper(-SCALE)"), made(helper="return x + 2")]
    others += [made(text="return STORED"), made(text="return STORED", stored=[1.0, float("nan")])]
    assert len({made(), *others}) == 1 + len(others)
    with pytest.raises(NoContentError, match=r"generator.*STORED"):
        made(text="return STORED", stored=(number for number in "ab"))


def test_a_file_that_python_does_not_see_any_more_changes_nothing(tmp_path, monkeypatch):
    """Of a loaded module that was edited, the old code runs; so its hash is the old one until it is loaded again."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    files = BESIDE | {"user_code/x.py": "y = 1\n", "user_code/method.py": "from . import x\n" + METHOD.format("x.y")}
    method = _loaded(tmp_path, files)
    first = code_sha256(method)
    (tmp_path / "user_code" / "x.py").write_text("y = 2\n")
    forget_code()
    assert code_sha256(method) == first
    importlib.reload(sys.modules["user_code.x"])
    forget_code()
    assert code_sha256(method) != first


def test_what_a_script_sets_in_a_module_counts(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    files = BESIDE | {"user_code/x.py": "y = 1\n", "user_code/method.py": "from . import x\n" + METHOD.format("x.y")}
    method = _loaded(tmp_path, files)
    hashes = []
    for value in (1, 2, [2.0], {"a": 1}):
        sys.modules["user_code.x"].y = value
        forget_code()
        hashes.append(code_sha256(method))
    assert len(set(hashes)) == 4
    with pytest.raises(UserError, match="other code here"):
        require_code(method, hashes[0])
    require_code(method, hashes[-1])


def test_two_classes_of_one_name_differ():
    def make(scale):
        class Method:
            limit = 5

            def ask(self):
                return scale

        return Method

    same, other, limited = make(1), make(2), make(1)
    limited.limit = 6
    assert code_sha256(make(1)) == code_sha256(same)
    assert len({code_sha256(same), code_sha256(other), code_sha256(limited)}) == 3


def test_a_script_counts_as_its_file(tmp_path):
    """Another process each time, as a user starts it; `-c` has no file, and its class is hashed by itself."""
    program = (
        "from datasets.common.code import code_sha256\nfrom helper import Y\n" + METHOD + "print(code_sha256(Method))"
    )
    (tmp_path / "helper.py").write_text("Y = 1\n")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(tmp_path)]),
        "PYTHONHASHSEED": "random",
    }

    def printed(value, *how):
        (tmp_path / "script.py").write_text(program.format(value))
        command = [sys.executable, *(how or ["script.py"])]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout

    first = printed("50 + Y")
    assert printed("50 + Y") == first != printed("90 + Y")
    (tmp_path / "helper.py").write_text("Y = 2\n")
    assert printed("50 + Y") != first


def test_installed_distributions_count_by_version():
    used = origins(["baselines.pixel.chou1995"])
    assert used["numpy"].startswith("numpy-") and used["cv2"].startswith("opencv_python")
    assert used["python"].startswith("Python 3")
    assert {"baselines.pixel.chou1995", "baselines.pixel._masking", "baselines.interface.threshold"} <= used.keys()
    assert "baselines.constant.constant" not in used and not any(name.startswith("numpy.") for name in used)


def test_a_distribution_of_another_version_or_other_files_is_noticed(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "user_x.py").write_text("y = 1\n")
    seen = set()
    for version, digest in itertools.product(("1.0", "1.1"), ("abc", "def")):
        for old in tmp_path.glob("*.dist-info/RECORD"):
            old.unlink()
        info = tmp_path / f"user_x-{version}.dist-info"
        info.mkdir(exist_ok=True)
        (info / "RECORD").write_text(f"user_x.py,sha256={digest},6\n{info.name}/METADATA,,\n")
        forget_code()
        seen.add(origins(["user_x"])["user_x"])
    assert len(seen) == 4
    for old in tmp_path.glob("*.dist-info/RECORD"):
        old.unlink()
    forget_code()
    assert len(origins(["user_x"])["user_x"]) == 64, "without a list of its files a module is taken for the user's own"


def test_the_projects_own_methods_have_hashes_of_their_own():
    hashes = {code_sha256(method) for method in (Constant, Chou1995, Psnr)}
    assert len(hashes) == 3
    forget_code()
    assert code_sha256(Constant) in hashes
    assert content_sha256(Constant) == code_sha256(Constant)
