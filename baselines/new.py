"""Write a working predictor to start from: `python -m baselines.new NAME`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from baselines.interface.card import KINDS
from baselines.interface.registry import registry
from datasets.common.commands import command_parser, run_command
from datasets.common.files import users_path
from datasets.common.new_file import NAME_IN_WORDS, class_name, module_name, write_new

HERE = Path(__file__).parent
_IS_CHECKOUT = (HERE.parent / "pyproject.toml").is_file()
"""Whether methods can be added to the project itself; what is installed is left as it is."""
BASES = {
    "visibility": "how visible each level's error is; threshold, level and SUR curve come from the base class",
    "metric": "the score of a level against its reference; search, threshold and SUR curve come from the base class",
    "predictor": "fit and predict",
}
"""What the author of a method writes; each has a template of that name."""
_USUAL_BASES = {"constant": "predictor", "metric": "metric", "learned": "predictor"}
"""By kind; `visibility` for the others."""
_EXAMPLES = """
examples:
  python -m baselines.new my-method                       baselines/pixel/my_method.py, found by every command
  python -m baselines.new my-network --kind learned       baselines/learned/my_network.py, with fit and predict
  python -m baselines.new my-transform --kind subband     baselines/subband/my_transform.py
  python -m baselines.new my-method --folder ~/research   a file of yours, named as my_method:MyMethod

Where JND-Bench is installed and no checkout, the file is written into the current folder.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    parser = command_parser(
        "baselines.new",
        "Write a predictor that works as it stands and passes baselines.check. Change it step by step.",
        _EXAMPLES,
    )
    parser.add_argument("name", metavar="NAME", help=f"{NAME_IN_WORDS}, e.g. my-method")
    parser.add_argument("--kind", choices=KINDS, default="pixel", help="its folder in baselines/ (default: pixel)")
    bases = "; ".join(f"{base}: {meaning}" for base, meaning in BASES.items())
    parser.add_argument("--base", choices=BASES, help=f"what you write. {bases} (default: the usual of its kind)")
    parser.add_argument(
        "--folder", type=users_path, metavar="DIR", help="write there instead, outside the kind's folder"
    )
    arguments = parser.parse_args(argv)
    folder = arguments.folder or (HERE / arguments.kind if _IS_CHECKOUT else Path())
    path = write_template(arguments.name, folder, arguments.base or _USUAL_BASES.get(arguments.kind, "visibility"))
    print(f"wrote {_as_typed(path)}. It works as it stands. Next:")
    for command in _next_commands(arguments.name, path):
        print(f"  {command}")
    return 0


def write_template(name: str, folder: Path, base: str) -> Path:
    """Write the template of a base, one of `BASES`, under a new name.

    :returns: the file.
    :raises UserError: where the name is no good or taken, or the folder is missing.
    """
    taken = {name: entry.predictor for name, entry in registry().items()}
    return write_new(HERE / "templates" / f"{base}.txt", name, folder, "method", taken)


def _next_commands(name: str, path: Path) -> list[str]:
    inside = path.parent.parent.resolve() == HERE.resolve()
    called = name if inside else f"{module_name(name)}:{class_name(name)}"
    search = "" if inside else f"PYTHONPATH={shlex.quote(str(_as_typed(path.parent)))} "
    return [
        f"{search}python -m baselines.check {called}",
        f"{search}python -m protocols.run --predictors {called} constant psnr",
        f"python -m pytest tests/baselines/interface/contract/test_checks.py -k {name}"
        if inside
        else "python -m baselines.check --list",
    ]


def _as_typed(path: Path) -> Path:
    absolute = path.resolve()
    return absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else absolute


if __name__ == "__main__":
    sys.exit(run_command(main))
