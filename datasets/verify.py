"""`python -m datasets.verify`: read all of a data set and print a table of what is wrong with it."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections import Counter

from datasets.common.commands import command_parser, printable, run_command
from datasets.common.files import check_writable, spreadsheet_cell, users_path, write_atomically
from datasets.core.dataset import OpenOptions
from datasets.core.ladder import ShippedLadder
from datasets.obtain.ratings_unit import measure_both_readings, require_anchor, verdict
from datasets.obtain.verification import Verification, verify_dataset
from datasets.sets._layout import Fault

_EPILOG = """\
examples:
  python -m datasets.verify mcl-jci --root data/MCL-JCI            decode every file (about a minute)
  python -m datasets.verify konjnd-1k-jpeg --root data/KonJND-1k --quick
  python -m datasets.verify konjnd-1k-bpg --root data/KonJND-1k --csv wrong.csv
  python -m datasets.verify konjnd-1k-jpeg --root data/KonJND-1k --quick --ratings
      whether ratings are file indices or slider positions, by SSIMULACRA2 at each (some minutes; a second call goes on)
  python -m datasets.verify demo                                   the set that comes with the installation

It looks at labels and their ranges, at every file's readability and size in pixels, and at whether files grow with
the level. It goes on after a fault. Exit status: 0 nothing wrong (warnings do not count), 1 something is wrong, 2 it
could not be started.
"""

_SHOWN = 40


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    arguments = _parser().parse_args(argv)
    if arguments.csv:
        check_writable(arguments.csv.parent, "--csv")
    anchor = require_anchor(arguments.name) if arguments.ratings else None
    options = OpenOptions(level_direction=arguments.level_direction, codec=arguments.codec)
    verification = verify_dataset(arguments.name, arguments.root, options, quick=arguments.quick)
    print(f"{arguments.name} {f'under {arguments.root}' if arguments.root else ''}".rstrip())
    print("\n".join(f"  {label:<13}{value}" for label, value in _counts(verification, quick=arguments.quick)))
    if verification.dataset and verification.dataset.pictures:
        print("\n".join(f"note: {note}" for note in verification.dataset.notes))
    print(_table(verification.findings))
    if anchor and verification.dataset:
        rated = [picture for picture in verification.dataset.pictures if picture.has_pixels and picture.samples.size]
        print("\n".join(verdict(anchor, measure_both_readings(rated))))
    if arguments.csv:
        write_atomically(arguments.csv, _csv(verification.findings))
        print(f"the whole table is in {arguments.csv}")
    warnings = len(verification.findings) - verification.errors
    print(f"{'WRONG' if verification.errors else 'ok'}: {verification.errors} errors, {warnings} warnings")
    return 1 if verification.errors else 0


def _counts(verification: Verification, *, quick: bool) -> list[tuple[str, object]]:
    pictures = verification.dataset.pictures if verification.dataset else ()
    rows: list[tuple[str, object]] = [("pictures", len(pictures)), ("with pixels", len(verification.checks))]
    if not pictures:
        return rows
    codec = pictures[0].codec
    values = [float(value) for picture in pictures for value in picture.samples]
    each = sorted({picture.samples.size for picture in pictures})
    of_each = f"{each[0]}" if len(each) == 1 else f"{each[0]} to {each[-1]}"
    rows.append(("samples", f"{len(values)}, {of_each} a picture"))
    if values:
        rows.append(("their range", f"{codec.unit} {min(values):g} to {max(values):g}"))
    if verification.checks:
        shipped = any(isinstance(picture.ladder_or_none, ShippedLadder) for picture in pictures)
        how = ("headers read" if quick else "decoded") if shipped else "compressed here"
        sizes = Counter(f"{check.shape[1]}x{check.shape[0]}" for check in verification.checks if check.shape)
        rows.append(("levels", f"{sum(check.levels for check in verification.checks)} {how}"))
        rows.append(("sizes", ", ".join(f"{size} ({count})" for size, count in sizes.most_common(5)) or "none read"))
    return rows


def _table(findings: tuple[Fault, ...]) -> str:
    if not findings:
        return "nothing is wrong"
    ordered = sorted(findings, key=lambda finding: finding.severity)
    lines = [printable(f"{finding.severity:<8} {finding.file}: {finding.problem}") for finding in ordered[:_SHOWN]]
    if len(ordered) > _SHOWN:
        lines.append(f"... and {len(ordered) - _SHOWN} more; --csv FILE writes all of them")
    return "\n".join(lines)


def _csv(findings: tuple[Fault, ...]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("severity", "file", "problem"))
    cells = ((finding.severity, finding.file, finding.problem) for finding in findings)
    writer.writerows(map(spreadsheet_cell, row) for row in cells)
    return text.getvalue()


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        "datasets.verify", "Read all of a data set and print a table of what is wrong with it.", _EPILOG
    )
    parser.add_argument("name", help="the data set, e.g. mcl-jci")
    parser.add_argument("--root", type=users_path, metavar="DIR", help="the folder it was unpacked into")
    parser.add_argument(
        "--level-direction",
        default="auto",
        metavar="auto|up|down",
        help="whether a higher file index is better quality (up) or worse (down); auto looks (default)",
    )
    parser.add_argument("--codec", default="", metavar="NAME", help="for a set that opens in several, as demo does")
    parser.add_argument("--quick", action="store_true", help="headers and sizes of the levels only")
    parser.add_argument(
        "--ratings",
        action="store_true",
        help="KonJND-1k: also find out what unit its ratings have, from what they show",
    )
    parser.add_argument("--csv", type=users_path, metavar="FILE", help="also write the table of what is wrong as CSV")
    return parser


if __name__ == "__main__":
    sys.exit(run_command(main))
