"""Run the contract of codecs and data sets, `python -m datasets.check NAME`, or write a data set to start from."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from pathlib import Path

from datasets.codecs import _contract, codec_named, codecs
from datasets.common.commands import command_parser, run_command
from datasets.common.contract import print_checks, print_outcomes
from datasets.common.errors import UserError, check_name
from datasets.common.files import users_path
from datasets.common.new_file import class_name, module_name, write_new
from datasets.sets import _contract as set_contract
from datasets.sets import dataset_classes, open_dataset

_EXAMPLES = """
examples:
  python -m datasets.check avif                              a codec
  python -m datasets.check webp jxl                          several
  python -m datasets.check mcl-jci --root ~/data/MCL-JCI     a data set, in its folder
  python -m datasets.check my_sets:MyStudy --root DIR        one of your own, on the Python path
  python -m datasets.check --list                            what is checked, and what each check protects
  python -m datasets.check --new my-study                    writes my_study.py here: a data set that works as it stands

Of a codec, a small photograph is encoded at every level; of a data set, every rating and a few ladders are looked at.
Exit status: 0 where every check holds or cannot be run here, 1 where one fails, 2 where a name is wrong.
"""
_TEMPLATE = Path(__file__).parent / "sets" / "template.txt"


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    parser = command_parser(
        "datasets.check", "Check that codecs and data sets keep the contracts that runs rely on.", _EXAMPLES
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a codec, a data set, or module:Class")
    parser.add_argument("--root", type=users_path, metavar="DIR", help="folder that the data set was unpacked into")
    parser.add_argument("--list", action="store_true", help="list the checks and end")
    parser.add_argument("--new", metavar="NAME", help="write a data set to start from into this folder, and end")
    arguments = parser.parse_args(argv)
    if arguments.new:
        _write_new(arguments.new)
        return 0
    if arguments.list:
        for what, checks in (("of a codec", _contract.CHECKS), ("of a data set", set_contract.CHECKS)):
            print(what)
            print_checks(checks)
        return 0
    if not arguments.names:
        known = f"codecs: {', '.join(codecs())}; data sets: {', '.join(dataset_classes())}"
        raise UserError(f"name what to check, or --list. Known {known}.")
    failed = [name for name in arguments.names if not _keeps_its_contract(name, arguments.root)]
    if len(arguments.names) > 1:
        print(f"\n{len(arguments.names)} checked, {len(failed)} failed{': ' + ', '.join(failed) if failed else ''}")
    return 1 if failed else 0


def _write_new(name: str) -> None:
    path = write_new(_TEMPLATE, name, Path(), "set", dataset_classes())
    called = f"{module_name(name)}:{class_name(name)}"
    print(f"wrote {path}. It opens a folder DIR with pictures, PICTURE.png, and jnds.csv (picture,level). Next:")
    print(f"  PYTHONPATH=. python -m datasets.check {called} --root DIR")
    print(f"  PYTHONPATH=. python -m protocols.run --dataset {called} --root DIR")


def _keeps_its_contract(name: str, root: Path | None) -> bool:
    if name not in dataset_classes() and ":" not in name:
        check_name("codec or data set", name, (*codecs(), *dataset_classes()))
        codec = codec_named(name)
        title = f"{codec.name} ({codec.label}, {len(codec.levels)} levels)"
        return print_outcomes(title, _contract.CHECKS, _contract.run_contract(codec))
    open_set = functools.partial(open_dataset, name, root)
    dataset = open_set()
    sources = len({picture.source for picture in dataset.pictures})
    title = f"{dataset.title} ({len(dataset.pictures)} pictures of {sources} sources, {dataset.codec.label})"
    return print_outcomes(title, set_contract.CHECKS, set_contract.run_set_contract(open_set))


if __name__ == "__main__":
    sys.exit(run_command(main))
