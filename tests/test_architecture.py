"""Protects the plan of the folders: data flows one way, few entries, no circles, tests beside what they test."""

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
FLOW = {
    "datasets": {"datasets"},
    "baselines": {"datasets", "baselines"},
    "sgjnd": {"datasets", "baselines", "sgjnd"},
    "protocols": {"datasets", "baselines", "sgjnd", "protocols"},
    "reports": {"datasets", "baselines", "sgjnd", "protocols", "reports"},
}
"""What each folder may import."""
REPORTS_AFTER_THE_RUN = "protocols/run.py"
"""The command that calls the reporter at its end; nothing else in `protocols` knows it."""
# `datasets` holds seven commands beside its seven folders; `check` is the latest.
MOST_ENTRIES = {"baselines": 15, "datasets": 15, "protocols": 16, "reports": 10}
HEAVY = ("torch", "torchvision", "cv2", "scipy", "sklearn", "skimage", "pandas", "matplotlib", "seaborn")


@functools.cache
def _modules() -> dict[str, Path]:
    """Every module of the project by its dotted name."""
    return {
        ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__"): path
        for folder in FLOW
        for path in sorted((REPOSITORY / folder).rglob("*.py"))
    }


@functools.cache
def _imports(path: Path, *, at_run_time: bool) -> tuple[str, ...]:
    """Dotted names that a file imports anywhere; without those that only a type checker reads, if asked."""
    return tuple(_read_imports(path, at_run_time))


def _read_imports(path: Path, at_run_time: bool) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(node)
        for block in ast.walk(tree)
        if at_run_time and isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for statement in block.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _graph() -> dict[str, set[str]]:
    """Which modules of the project a module imports when it is loaded or run."""
    modules = _modules()
    return {name: set(_imports(path, at_run_time=True)) & modules.keys() - {name} for name, path in modules.items()}


def test_imports_run_with_the_flow_of_data():
    against = [
        f"{path.relative_to(REPOSITORY)} imports {imported}"
        for name, path in _modules().items()
        for imported in _imports(path, at_run_time=False)
        if (top := imported.partition(".")[0]) in FLOW
        and top not in FLOW[name.partition(".")[0]]
        and not (path == REPOSITORY / REPORTS_AFTER_THE_RUN and top == "reports")
    ]
    assert not against


def test_no_two_files_import_each_other_in_a_circle():
    graph = {name: imported for name, imported in _graph().items() if _modules()[name].name != "__init__.py"}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("folder", FLOW)
def test_inside_a_folder_the_floors_have_no_circle(folder):
    """A floor is a file or a folder directly inside; what `__init__` offers to users stands on top of all of them."""
    floors: dict[str, set[str]] = {}
    for name, imported in _graph().items():
        parts = name.split(".")
        if parts[0] == folder and len(parts) > 1:
            others = {other.split(".")[1] for other in imported if other.startswith(f"{folder}.")}
            floors.setdefault(parts[1], set()).update(others - {parts[1]})
    try:
        TopologicalSorter(floors).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize(("folder", "most"), MOST_ENTRIES.items())
def test_a_folder_shows_few_entries(folder, most):
    entries = {entry.name for entry in (REPOSITORY / folder).iterdir()} - {"__pycache__"}
    assert len(entries) <= most, sorted(entries)


def test_every_folder_says_what_stands_there():
    for name, path in _modules().items():
        if path.name == "__init__.py":
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), name


def test_every_folder_of_tests_mirrors_a_folder_of_the_project():
    for folder in FLOW:
        for path in (REPOSITORY / "tests" / folder).rglob("test_*.py"):
            mirrored = REPOSITORY / path.parent.relative_to(REPOSITORY / "tests")
            assert mirrored.is_dir(), f"{path.relative_to(REPOSITORY)}: {mirrored} is no folder"


def test_listing_everything_there_is_loads_nothing_heavy():
    program = "import sys; from protocols.run import listing; listing(); print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in ended.stdout.split()}
    assert not loaded & set(HEAVY)
