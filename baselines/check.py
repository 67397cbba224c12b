"""Run the predictor contract on predictors: `python -m baselines.check NAME`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from baselines.interface.contract.checks import CHECKS, PICTURES, run_contract
from baselines.interface.registry import Registered, find_predictors, registry
from datasets.common.commands import command_parser, run_command
from datasets.common.contract import print_checks, print_outcomes
from datasets.common.errors import UserError

_EXAMPLES = f"""
examples:
  python -m baselines.check chou1995                 one predictor
  python -m baselines.check 'fixed-*' psnr           several, by name or glob (quote the glob)
  python -m baselines.check my_package.my_file:Mine  a class on the Python path that is not registered
  python -m baselines.check --list                   what is checked, and what each check protects

The checks use {PICTURES} pictures of the demo set (simulated observers). Exit status: 0 where every check holds or
fails as the predictor's `expected_failures` say, 1 where one fails, 2 where a name is wrong.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    parser = command_parser(
        "baselines.check", "Check that predictors keep the contract that every run relies on.", _EXAMPLES
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="registered name, glob, or package.module:Class")
    parser.add_argument("--list", action="store_true", help="list the checks and end")
    arguments = parser.parse_args(argv)
    if arguments.list:
        print_checks(CHECKS)
        return 0
    if not arguments.names:
        raise UserError(f"name a predictor to check, a glob such as '*', or --list. Known: {', '.join(registry())}.")
    entries = find_predictors(arguments.names)
    failed = [entry.name for entry in entries if not _check(entry)]
    if len(entries) > 1:
        print(f"\n{len(entries)} predictors, {len(failed)} failed{': ' + ', '.join(failed) if failed else ''}")
    return 1 if failed else 0


def _check(entry: Registered) -> bool:
    title = f"{entry.name} ({entry.predictor.__module__}:{entry.predictor.__qualname__})"
    return print_outcomes(title, CHECKS, run_contract(entry))


if __name__ == "__main__":
    sys.exit(run_command(main))
