"""Run the contract of codecs: `python -m datasets.check CODEC`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from datasets.codecs import codec_named, codecs
from datasets.codecs._contract import CHECKS, run_contract
from datasets.common.commands import command_parser, run_command
from datasets.common.contract import print_checks, print_outcomes
from datasets.common.errors import UserError

_EXAMPLES = """
examples:
  python -m datasets.check avif            one codec
  python -m datasets.check webp jxl        several
  python -m datasets.check --list          what is checked, and what each check protects

A small photograph is encoded at every level. Exit status: 0 where every check holds or cannot be run here, 1 where one
fails, 2 where a name is wrong.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    parser = command_parser(
        "datasets.check", "Check that codecs keep the contract that every ladder relies on.", _EXAMPLES
    )
    parser.add_argument("names", nargs="*", metavar="CODEC", help="a codec's name")
    parser.add_argument("--list", action="store_true", help="list the checks and end")
    arguments = parser.parse_args(argv)
    if arguments.list:
        print_checks(CHECKS)
        return 0
    if not arguments.names:
        raise UserError(f"name a codec to check, or --list. Known: {', '.join(codecs())}.")
    chosen = [codec_named(name) for name in arguments.names]
    failed = [
        codec.name
        for codec in chosen
        if not print_outcomes(f"{codec.name} ({codec.label}, {len(codec.levels)} levels)", CHECKS, run_contract(codec))
    ]
    if len(chosen) > 1:
        print(f"\n{len(chosen)} codecs, {len(failed)} failed{': ' + ', '.join(failed) if failed else ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run_command(main))
