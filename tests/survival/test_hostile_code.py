"""Nothing that comes from a file is executed: no module may call what could, but for those listed with a reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FOLDERS = ("datasets", "baselines", "sgjnd", "protocols", "reports")

MODULES = {
    *("pickle", "_pickle", "cPickle", "marshal", "shelve", "dbm", "dill", "cloudpickle", "joblib", "jsonpickle"),
    *("yaml", "ruamel", "code", "codeop", "runpy", "imp", "ctypes", "cffi", "pty", "telnetlib", "xmlrpc", "copyreg"),
}
"""Their import alone is told: they read objects, or run text."""

BUILTINS = {"eval", "exec", "compile", "__import__", "breakpoint"}
CALLS = BUILTINS | {
    *("os.system", "os.popen", "os.execv", "os.execvp", "os.spawnv", "getoutput", "getstatusoutput"),
    *("importlib.import_module", "importlib.util.spec_from_file_location", "importlib.util.module_from_spec"),
    *("read_pickle", "to_pickle", "read_hdf", "jit.load", "hub.load", "package.PackageImporter", "joblib.load"),
    *("extractall", "shutil.unpack_archive", "tempfile.mktemp", "from_string", "jinja2.Template", "FileStorage"),
    *("pickle.loads", "pickle.load", "pickle.dumps", "pickle.dump", "pickle.Unpickler", "marshal.loads"),
}
"""Names, or ends of dotted names, of what is called."""

ALLOWED = {
    (
        "baselines/interface/contract/behaviour.py",
        "import pickle",
    ): "asks whether a predictor survives being sent to a process",
    ("baselines/interface/contract/behaviour.py", "pickle.dumps"): "sends a predictor to a process of its own",
    ("baselines/interface/contract/behaviour.py", "pickle.loads"): "reads what this very check has dumped, from memory",
    (
        "baselines/interface/registry.py",
        "importlib.import_module",
    ): "loads what is installed, or what the user has named to run",
    ("baselines/__init__.py", "importlib.import_module"): "loads the public names of its own folder when they are used",
    ("datasets/codecs/_promises.py", "import pickle"): "asks whether a codec makes the same bytes in another process",
    ("datasets/codecs/_promises.py", "pickle.dumps"): "sends a codec to a process of its own",
    ("datasets/codecs/_promises.py", "pickle.loads"): "reads what this very check has dumped, from memory",
    ("datasets/common/commands.py", "exec"): "of an empty text: makes Python forget that an `exec` was interrupted",
    ("datasets/common/contents.py", "import copyreg"): "takes objects apart to hash them, and puts none together",
    ("baselines/catalogue.py", "importlib.import_module"): "reads the docstrings of the folders of methods",
    ("datasets/common/code.py", "importlib.import_module"): "loads a class that the user names by its path",
    ("datasets/__init__.py", "importlib.import_module"): "loads the public names of its own folder when they are used",
    (
        "datasets/sets/__init__.py",
        "importlib.import_module",
    ): "loads the modules of its own folder",
    ("datasets/sets/_contract.py", "import pickle"): "asks whether a picture reaches a worker process",
    ("datasets/sets/_contract.py", "pickle.dumps"): "makes of a picture what a worker gets",
    ("datasets/sets/_contract.py", "pickle.loads"): "reads what this very check has dumped, from memory",
    ("protocols/plan.py", "importlib.import_module"): "loads the modules of its own folder",
    ("protocols/workers/parcel.py", "import pickle"): "sends tasks to worker processes",
    ("protocols/workers/parcel.py", "pickle.dumps"): "packs a task for a worker process; no file is made of it",
    ("protocols/workers/parcel.py", "pickle.loads"): "unpacks, in a worker, what its parent process has packed",
    ("datasets/common/memory.py", "import ctypes"): "sets two parameters of the C library's memory",
}
"""What is called all the same: by file and finding, with the reason."""


UNKNOWN = object()
SAFE_VALUES = {"allow_pickle": (False,), "shell": (False, None), "trust_remote_code": (False,)}
"""Keywords that make a harmless call execute what it reads, and their values that do not."""


def dotted(node: ast.expr) -> str:
    """A name such as `torch.load`; `?` stands for what is computed."""
    if isinstance(node, ast.Name):
        return node.id
    return f"{dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else "?"


def told_of_call(call: ast.Call) -> Iterator[str]:
    name = dotted(call.func)
    end = name.split(".")[-2:]
    given = {one.arg: one.value.value if isinstance(one.value, ast.Constant) else UNKNOWN for one in call.keywords}
    # Of `eval` and its like only the builtin counts by its last part alone: a network has one, a pattern is compiled.
    if name in CALLS or ".".join(end) in CALLS or (end[-1] in CALLS - BUILTINS):
        yield name
    if end[-1] == "eval" and "." in name and (call.args or call.keywords):
        yield f"{name} of a text"  # a data frame's; a network's takes nothing
    if end == ["torch", "load"] and given.get("weights_only") is not True:
        yield "torch.load without weights_only=True"
    for keyword, values in SAFE_VALUES.items():
        if keyword in given and given[keyword] not in values:
            yield f"{name} with {keyword}"


def told_of(tree: ast.AST) -> Iterator[str]:
    """What a module does that could execute what it reads."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (f"import {one.name}" for one in node.names if one.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").split(".")[0] in MODULES:
                yield f"import {node.module}"
            names = (one.name for one in node.names)
            yield from (f"import {name} from {node.module}" for name in names if name in CALLS | {"import_module"})
        elif isinstance(node, ast.Call):
            yield from told_of_call(node)


def found() -> dict[tuple[str, str], int]:
    """Every finding of the project: file and what, and how often."""
    counts: dict[tuple[str, str], int] = {}
    for folder in FOLDERS:
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            for told in told_of(ast.parse(path.read_text(encoding="utf-8"), str(path))):
                key = path.relative_to(REPOSITORY).as_posix(), told
                counts[key] = counts.get(key, 0) + 1
    return counts


def test_no_module_calls_what_could_execute_a_file(survived):
    others = sorted(set(found()) - set(ALLOWED))
    assert others == [], "read it as tensors, parquet or JSON; or add it to ALLOWED with its reason"
    survived("modules that execute no file", sum(1 for folder in FOLDERS for _ in (REPOSITORY / folder).rglob("*.py")))


def test_every_exception_is_still_one():
    assert set(ALLOWED) <= set(found())
    assert all(len(reason) > 20 for reason in ALLOWED.values())


SUSPECTS = [
    "import pickle",
    "from pickle import loads",
    "import yaml; yaml.safe_load('')",
    "eval('1')",
    "exec('1')",
    "torch.load('x')",
    "torch.load('x', weights_only=False)",
    "torch.load('x', weights_only=how)",
    "np.load('x', allow_pickle=True)",
    "numpy.load('x', allow_pickle=how)",
    "pd.read_pickle('x')",
    "joblib.load('x')",
    "frame.eval('a + b')",
    "subprocess.run('x', shell=True)",
    "archive.extractall('x')",
    "importlib.import_module(name)",
    "from importlib import import_module",
    "os.system('x')",
    "jinja2.Environment().from_string(text)",
    "AutoModel.from_pretrained('x', trust_remote_code=True)",
]
HARMLESS = [
    "network.eval()",
    "re.compile('x')",
    "torch.load('x', weights_only=True)",
    "np.load('x')",
    "np.load('x', allow_pickle=False)",
    "json.loads('{}')",
    "subprocess.run(['x'], shell=False)",
    "ast.literal_eval('1')",
    "pd.read_parquet('x')",
]


@pytest.mark.parametrize("text", SUSPECTS)
def test_the_scan_finds_what_it_looks_for(text):
    assert list(told_of(ast.parse(text)))


@pytest.mark.parametrize("text", HARMLESS)
def test_the_scan_lets_pass_what_executes_nothing(text):
    assert not list(told_of(ast.parse(text)))


def test_what_ships_is_text_or_tensors():
    """No object that only Python can read lies in the packages."""
    suffixes = {path.suffix for folder in FOLDERS for path in (REPOSITORY / folder).rglob("*") if path.is_file()}
    assert not suffixes & {".pkl", ".pickle", ".pt", ".pth", ".npy", ".npz", ".joblib", ".so", ".dll", ".exe", ".db"}
