"""Run the predictor contract on predictors: `python -m baselines.check NAME`."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Sequence

from baselines.interface.contract.checks import ABSENT, CHECKS, EXPECTED, FAILED, OK, PICTURES, run_contract
from baselines.interface.registry import Registered, find_predictors, registry
from datasets.common.commands import command_parser, run_command
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
        for check in CHECKS:
            _print_row(check.name, "", check.protects)
        return 0
    if not arguments.names:
        raise UserError(f"name a predictor to check, a glob such as '*', or --list. Known: {', '.join(registry())}.")
    entries = find_predictors(arguments.names)
    failed = [entry.name for entry in entries if not _check(entry)]
    if len(entries) > 1:
        print(f"\n{len(entries)} predictors, {len(failed)} failed{': ' + ', '.join(failed) if failed else ''}")
    return 1 if failed else 0


def _check(entry: Registered) -> bool:
    print(f"\n{entry.name} ({entry.predictor.__module__}:{entry.predictor.__qualname__})")
    _print_row("check", "verdict", "reason, or what to do")
    verdicts: Counter[str] = Counter()
    first_with: dict[str, str] = {}
    for outcome in run_contract(entry):
        check, reason = outcome.check, outcome.reason
        first = first_with.setdefault(reason, check.name)
        if outcome.verdict == FAILED:
            reason = f"{reason} (protects: {check.protects})" if first == check.name else f"as in {first}"
        _print_row(check.name, outcome.verdict, reason)
        verdicts[outcome.verdict] += 1
    print(
        ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in (OK, EXPECTED, ABSENT, FAILED) if verdicts[verdict])
    )
    return not verdicts[FAILED]


def _print_row(name: str, verdict: str, text: str) -> None:
    indent = 2 + max(len(check.name) for check in CHECKS) + 2
    start = f"  {name:<{indent - 4}}  " + (f"{verdict:<8}  " if verdict else "")
    width = max(shutil.get_terminal_size((120, 24)).columns - len(start), 40)
    lines = textwrap.wrap(text, width) or [""]
    print((start + lines[0]).rstrip(), flush=True)
    for line in lines[1:]:
        print(" " * len(start) + line)


if __name__ == "__main__":
    sys.exit(run_command(main))
