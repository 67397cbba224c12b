"""Protects how predictors are found (by file, plug-in, path; a broken one takes no other with it), and which ones a run
takes: costly and missing ones only as asked, and never without a word.
"""

import re
import subprocess
import sys
import threading
import types
import warnings
from pathlib import Path

import numpy as np
import pytest

from baselines import pixel
from baselines.constant.constant import Constant
from baselines.interface.card import KINDS, Card
from baselines.interface.predictor import JNDPredictor
from baselines.interface.registry import Registered, choose_predictors, find_predictors, registry
from baselines.interface.visibility import VisibilityPredictor
from baselines.metric.psnr import Psnr
from datasets.common.errors import PluginWarning, UserError

METHOD = '''
from typing import final
from baselines.interface.card import Card
from baselines.interface.predictor import JNDPredictor

@final
class Method(JNDPredictor):
    """Always the middle."""
    card = Card("{name}", "A method", needs_pictures=False)

    def fit(self, pictures, levels, *, seed):
        return self

    def predict(self, picture):
        return 50.0
'''
REPOSITORY = Path(__file__).resolve().parents[3]
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
        known = registry()
    assert set(KNOWN) <= set(known)
    assert not {"unfinished", "bare", "odd"} & set(known)


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


def test_classes_and_predictors_do_as_well_as_names():
    own = Psnr(threshold=3.0)
    entries = find_predictors([Constant, "constant", own])
    assert [(entry.name, entry.predictor) for entry in entries] == [("constant", Constant), ("psnr", Psnr)]
    assert entries[1].make().get_params() == own.get_params()
    with pytest.raises(UserError, match=r"'psnr' is asked for with .*Results go by name"):
        find_predictors(["psnr", own])
    with pytest.raises(UserError, match="does not implement visibility"):
        find_predictors([VisibilityPredictor])
    with pytest.raises(UserError, match=r"5 is no predictor: it must be a final subclass"):
        find_predictors([5])  # type: ignore[list-item]


def test_listing_predictors_imports_nothing_heavy_and_executes_only_files_of_methods():
    """A worker that runs a classical predictor must not pay for torch and others (0.5 GB, seconds)."""
    code = "import sys; from baselines.interface.registry import registry; registry(); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(run.stdout.split())
    heavy = loaded & {"torch", "torchvision", "sklearn", "skimage", "pandas", "matplotlib", "cv2", "scipy"}
    assert not heavy, f"listing the predictors imports {heavy}: import them in a function"
    methods = {entry.predictor.__module__ for entry in registry().values()}
    kinds = re.compile(rf"baselines\.({'|'.join(KINDS)})\.[a-z][^.]*")
    assert {name for name in loaded if kinds.fullmatch(name)} == methods - {m for m in methods if m[:5] == "sgjnd"} | {
        "baselines.learned.network"
    }
    commands = [path for folder in ("baselines", "sgjnd") for path in (REPOSITORY / folder).glob("*.py")]
    commands = [path for path in commands if '__name__ == "__main__"' in path.read_text(encoding="utf-8")]
    assert len(commands) >= 6
    assert not loaded & {f"{path.parent.name}.{path.stem}" for path in commands}


class Costly(JNDPredictor):
    card = Card("costly", "Costly", needs_pictures=True, cost="slow")

    size: str = "small"

    @classmethod
    def cost_of(cls, parameters) -> str:
        return "heavy" if parameters.get("size") == "large" else cls.card.cost

    def unavailable(self) -> str:
        return "the program 'measure' is not on PATH: install it" if self.size == "external" else ""

    def fit(self, pictures, levels, *, seed):
        return self

    def predict(self, picture) -> float:
        return 50.0


@pytest.fixture
def known(monkeypatch):
    """A registry of the constant and three sizes of one method."""
    entries = {"constant": registry()["constant"]}
    for size in ("small", "large", "external"):
        entries[f"costly-{size}"] = Registered(f"costly-{size}", Costly, {"size": size})
    monkeypatch.setattr("baselines.interface.registry.registry", lambda: entries)
    return entries


def names(patterns) -> list[str]:
    return [entry.name for entry in choose_predictors(patterns)[0]]


def test_without_names_only_what_costs_little(known):
    assert choose_predictors([]) == ([known["constant"]], [])


def test_a_glob_takes_slow_ones_and_tells_what_it_leaves_out(known):
    chosen, notes = choose_predictors(["*"])
    assert [entry.name for entry in chosen] == ["constant", "costly-small"]
    assert notes == [
        "costly-large is left out: it trains for hours without a GPU; name it in full to run it",
        "costly-external is left out: the program 'measure' is not on PATH: install it",
    ]


def test_what_is_named_in_full_runs_whatever_it_costs(known):
    assert names(["costly-large"]) == ["costly-large"]
    assert names(["costly-*", "costly-large"]) == ["costly-small", "costly-large"]


def test_what_cannot_run_is_an_error_where_it_is_named_and_where_nothing_else_is_left(known):
    with pytest.raises(UserError, match=r"costly-external cannot run here: the program 'measure'.*install it"):
        choose_predictors(["constant", "costly-external"])
    with pytest.raises(UserError, match=r"no predictor is left to run\. costly-external is left out"):
        choose_predictors(["costly-e*"])


def test_a_class_on_the_path_counts_as_named(known):
    with pytest.raises(UserError, match="cannot be loaded"):
        choose_predictors(["baselines.interface.registry:nothing"])
    with pytest.raises(UserError, match="costly cannot run here: the program 'measure'"):
        choose_predictors([Costly(size="external")])
    assert names([Costly]) == names([f"{__name__}:Costly"]) == ["costly"]


def _own(body, decorate=""):
    """A class whose constructor is made in some way."""
    space: dict[str, object] = {}
    text = (
        "import dataclasses\nfrom baselines.interface.card import Card\n"
        "from baselines.interface.predictor import JNDPredictor\n"
        f"{decorate}\nclass Own(JNDPredictor):\n"
        f"    card = Card('own', 'Own', needs_pictures=False)\n    edge: int = 30\n{body}\n"
        "    def fit(self, pictures, levels, *, seed):\n        return self\n"
        "    def predict(self, picture):\n        return 50.0\n"
    )
    exec(text, space)
    return space["Own"]


@pytest.mark.parametrize(
    "body",
    [
        "    def __init__(self, **kwargs):\n        self.options = kwargs",
        "    def __init__(self, edge=30):\n        self.edge = edge",
        "    def __new__(cls, **kwargs):\n        return super().__new__(cls)",
        "    other: dataclasses.InitVar[int] = 3\n    def __post_init__(self, other):\n        self.twice = 2 * other",
        "    other: int = dataclasses.field(default=3, init=False)",
    ],
)
def test_a_constructor_that_takes_more_or_less_than_the_fields_is_refused_with_the_reason(body):
    with pytest.raises(TypeError, match=r"Own.*annotated fields with defaults"):
        _own(body)


def test_a_constructor_that_is_put_in_afterwards_is_refused_where_it_is_passed():
    cls = _own("")
    cls.__init__ = lambda self, **kwargs: None
    for passed in (cls, cls(a=1)):
        with pytest.raises(UserError, match=r"no predictor: its constructor takes kwargs.*annotated fields"):
            find_predictors([passed])


def test_what_no_field_holds_is_refused_where_it_is_passed():
    made = _own("")(edge=40)
    made.scale = 3.0
    with pytest.raises(UserError, match=r"own was given scale, which is no field.*annotated fields"):
        find_predictors([made])
    with pytest.raises(UserError, match=r"'own-80' stands for .*, which is no field"):
        Registered("own-80", _own(""), {"egde": 80})


def test_parameters_under_one_name_are_compared_by_content():
    cls = _own("    table: object = None")
    same, other = np.arange(5000.0), np.arange(5000.0)
    other[2500] = -1
    assert len(find_predictors([cls(table=same), cls(table=same.copy())])) == 1
    with pytest.raises(UserError, match=r"'own' is asked for with"):
        find_predictors([cls(table=same), cls(table=other)])


def test_predictors_that_differ_never_share_a_measurement():
    cls, twin = _own("    table: object = None"), _own("    table: object = None")
    edited = _own("    table: object = None\n    def measure(self, picture):\n        return {}")
    tables = [np.zeros(3), np.zeros((3, 1)), np.zeros(3, np.float32), [0.0], (0.0,), float("nan"), -0.0, 0.0]
    names = [cls(table=table).measured_as for table in tables]
    assert len({*names, edited().measured_as}) == len(tables) + 1
    assert cls().measured_as == twin().measured_as == cls().measured_as
    locks = [Registered("own", cls, {"table": threading.Lock()}) for _ in range(2)]
    assert locks[0].make().measured_as == locks[0].make().measured_as != locks[1].make().measured_as


def test_a_subclass_that_measures_otherwise_shares_no_measurement_with_its_base():
    from baselines.learned.network.frozen_backbone import FrozenBackbonePredictor
    from sgjnd.predictors import SgJndLite

    assert SgJndLite.measured_with(SgJndLite()).code is FrozenBackbonePredictor
    own = types.new_class("Own", (SgJndLite,), exec_body=lambda space: space.update(measure=lambda self, picture: {}))
    assert own().measured_with().code is own
