"""Protects how predictors are found: by file, by plug-in, by path; and that a broken one takes no other with it."""

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from baselines import pixel
from baselines.interface.registry import PluginWarning, find_predictors, registry
from datasets.common.errors import UserError

METHOD = '''
from typing import final
from baselines.interface.card import Card
from baselines.interface.predictor import JNDPredictor

@final
class Method(JNDPredictor):
    """Always the middle."""
    card = Card("{name}", "A method", "", None, "constant", needs_pictures=False)

    def fit(self, pictures, levels, *, seed):
        return self

    def predict(self, picture):
        return 50.0
'''
KNOWN = ("constant", "constant-sur", "fixed-75", "fixed-85", "fixed-90", "fixed-95", "psnr", "chou1995")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder whose files count as files in `baselines/`; its modules are forgotten afterwards."""
    before = set(sys.modules)
    monkeypatch.setattr(pixel, "__path__", [*pixel.__path__, str(tmp_path)])
    registry.cache_clear()
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
            vars(pixel).pop(name.rpartition(".")[2], None)
    registry.cache_clear()


@pytest.fixture
def plug_in(folder, monkeypatch):
    """Installs a distribution with one entry point, the way another package would have it."""

    def install(entry_point: str, module: str = "") -> None:
        site = folder.parent / f"{folder.name}-site"
        metadata = site / "somebodys_methods-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: somebodys-methods\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[jnd_bench.predictors]\nmine = {entry_point}\n")
        inside = site / "somebodys_methods"
        inside.mkdir()
        (inside / "__init__.py").write_text("")
        (inside / "method.py").write_text(module)
        monkeypatch.syspath_prepend(site)

    return install


def write(folder: Path, module: str, text: str) -> None:
    (folder / f"{module}.py").write_text(text)


def test_the_first_predictors_are_there_and_sorted():
    assert set(KNOWN) <= set(registry())
    assert list(registry()) == sorted(registry())
    assert "chou1995-as-published" in registry()


def test_a_new_file_is_found_with_no_edit_elsewhere(folder):
    write(folder, "new_file", METHOD.format(name="new-file"))
    assert registry()["new-file"].predictor.__module__ == "baselines.pixel.new_file"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_package", "ModuleNotFoundError"),
        ("def broken(:", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("raise SystemExit('a script without a main guard')", "SystemExit"),
        (METHOD.format(name="unfinished").replace("def predict(", "def predicted("), "does not implement predict"),
        (METHOD.format(name="bare").replace("card =", "crad ="), "has no card"),
        (
            METHOD.format(name="odd") + "\n    @classmethod\n    def variants(cls):\n        return 1 / 0\n",
            "ZeroDivision",
        ),
    ],
)
def test_a_broken_file_warns_and_is_left_out(folder, text, said):
    write(folder, "broken_file", text)
    with pytest.warns(PluginWarning, match=rf"baselines/pixel/broken_file\.py.* is left out: .*{said}"):
        found = registry()
    assert set(KNOWN) <= set(found)
    assert not {"unfinished", "bare", "odd"} & set(found)


def test_a_second_class_under_a_name_warns_and_is_left_out(folder):
    write(folder, "zz_second", METHOD.format(name="chou1995"))
    taken = r"its name 'chou1995' is taken by baselines\.pixel\.chou1995:Chou1995"
    with pytest.warns(PluginWarning, match=rf"zz_second\.py is left out: {taken}"):
        assert registry()["chou1995"].predictor.__module__ == "baselines.pixel.chou1995"


@pytest.mark.parametrize("entry_point", ["somebodys_methods.method:Method", "somebodys_methods.method"])
def test_a_plug_in_is_found_as_class_or_module(plug_in, entry_point):
    plug_in(entry_point, METHOD.format(name="somebodys"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert registry()["somebodys"].predictor.__module__ == "somebodys_methods.method"


@pytest.mark.parametrize(
    ("entry_point", "module", "said"),
    [
        ("somebodys_methods.absent:Method", "", "ModuleNotFoundError"),
        ("somebodys_methods.method:Method", "", "AttributeError"),
        ("somebodys_methods.method:Method", "raise RuntimeError('no licence')", "no licence"),
        ("somebodys_methods.method:NUMBER", "NUMBER = 5", "it is no predictor"),
        ("somebodys_methods.method:Method", "class Method: pass", "must be a final subclass"),
    ],
)
def test_a_broken_plug_in_warns_and_is_left_out(plug_in, entry_point, module, said):
    plug_in(entry_point, module)
    with pytest.warns(PluginWarning, match=f"plug-in {entry_point} is left out: .*{said}"):
        assert set(KNOWN) <= set(registry())


def test_a_class_by_path(tmp_path, monkeypatch):
    write(tmp_path, "by_path_only", METHOD.format(name="by-path"))
    monkeypatch.syspath_prepend(tmp_path)
    (entry,) = find_predictors(["by_path_only:Method"])
    assert entry.name == "by-path"
    assert entry.make().predict(None) == 50.0
    assert "by-path" not in registry()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("no_such_package.module:Method", "ModuleNotFoundError"),
        ("baselines.metric.psnr:Pnsr", "AttributeError"),
        ("baselines.metric.psnr:", "AttributeError"),
        (":Psnr", "ValueError"),
        ("baselines.metric.psnr:Card", "must be a final subclass"),
        ("baselines.interface.visibility:VisibilityPredictor", "does not implement visibility"),
        ("syntax_error_by_path:Method", "SyntaxError"),
    ],
)
def test_a_wrong_path_says_why(path, said, tmp_path, monkeypatch):
    write(tmp_path, "syntax_error_by_path", "def broken(:")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=said):
        find_predictors([path])


def test_a_path_that_brings_a_second_class_under_a_name_is_refused(tmp_path, monkeypatch):
    write(tmp_path, "other_psnr", METHOD.format(name="psnr"))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=r"'other_psnr:Method' and baselines\.metric\.psnr:Psnr are both named 'psnr'"):
        find_predictors(["psnr", "other_psnr:Method"])
    assert len(find_predictors(["psnr", "baselines.metric.psnr:Psnr"])) == 1


def test_globs_keep_the_order_in_which_they_are_given_without_repeating():
    names = [entry.name for entry in find_predictors(["psnr", "fixed-*", "constant", "fixed-90", "*"])]
    assert names[:6] == ["psnr", "fixed-75", "fixed-85", "fixed-90", "fixed-95", "constant"]
    assert sorted(names) == list(registry())


def test_a_typing_error_gets_suggestions_and_the_list():
    with pytest.raises(UserError, match=r"no predictor 'chuo1995'\. Did you mean 'chou1995'.*Known: .*psnr"):
        find_predictors(["chuo1995"])
    with pytest.raises(UserError, match="Known: "):
        find_predictors(["nothing-like-*"])


def test_make_passes_on_only_what_the_constructor_knows():
    chou = registry()["chou1995-as-published"]
    assert chou.make(device="cpu", border="zero").get_params()["border"] == "zero"
    assert chou.make().get_params()["threshold"] == 1.0


def test_listing_predictors_imports_neither_torch_nor_scikit_learn():
    """A worker that runs a classical predictor must not pay for them (0.5 GB, seconds)."""
    code = "import sys; from baselines.interface.registry import registry; registry(); print(sorted(sys.modules))"
    listed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True).stdout
    for heavy in ("torch", "torchvision", "sklearn", "skimage", "pandas", "matplotlib", "cv2", "scipy"):
        assert f"'{heavy}'" not in listed, f"{heavy} is imported by listing the predictors: import it in a function"
