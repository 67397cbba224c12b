"""`python -m benchmarks.survival`: the faults that the project is made to survive, and how often each was tried.

Runs the tests in `tests/survival` and adds up what each says of the cases it tried. `--times 5` tries five times as
many.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import final

import pytest

from datasets.common.commands import command_parser, run_command

TESTS = Path(__file__).resolve().parents[1] / "tests" / "survival"


@final
class Tally:
    """A plug-in of pytest that adds up what was survived and lists what was not."""

    def __init__(self) -> None:
        self.survived: Counter[str] = Counter()
        self.failed: list[str] = []
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the cases of a test that has ended, in whichever process it ran."""
        if report.failed:
            self.failed.append(report.nodeid)
        if report.skipped:
            self.skipped.append(report.nodeid)
        if report.when != "call":
            return
        for name, value in report.user_properties:
            if name == "survived":
                fault, number = value  # type: ignore[misc]
                self.survived[str(fault)] += int(number)

    def table(self) -> str:
        """In Markdown."""
        lines = ["| fault | cases survived |", "|---|---:|"]
        lines += [f"| {fault} | {number:,} |" for fault, number in sorted(self.survived.items())]
        lines.append(f"| **in all: {len(self.survived)} faults** | **{sum(self.survived.values()):,}** |")
        lines += ["", f"{len(self.failed)} tests failed, {len(self.skipped)} could not be tried here."]
        lines += [f"- FAILED: {name}" for name in self.failed]
        return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    :returns: 0, or 1 where something was not survived.
    """
    p = command_parser("benchmarks.survival", __doc__)
    p.add_argument("--times", type=float, default=1.0, metavar="X", help="try X times the usual number of cases")
    p.add_argument("--only", default="", metavar="WORDS", help="tests whose names match, as pytest's -k")
    arguments = p.parse_args(argv)
    os.environ["JND_BENCH_CASES"] = str(arguments.times)
    tally = Tally()
    flags = [str(TESTS), "-q", "--no-header", "--tb=short", *(["-k", arguments.only] if arguments.only else [])]
    status = pytest.main(flags, plugins=[tally])
    print("\n" + tally.table())
    return int(status != pytest.ExitCode.OK)


if __name__ == "__main__":
    sys.exit(run_command(main))
