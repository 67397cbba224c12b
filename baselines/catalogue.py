"""`python -m baselines.catalogue`: the table of methods in Markdown, from their cards."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from baselines.interface.card import KINDS
from baselines.interface.predictor import JNDPredictor
from baselines.interface.registry import registry
from datasets.common.commands import run_command
from datasets.common.errors import UserError
from datasets.common.files import write_atomically

START, END = "<!-- methods: made by python -m baselines.catalogue --write README.md -->", "<!-- end of methods -->"


def methods_table() -> str:
    """One row a method: its names, kind, title and paper; in the order of kind and year."""
    names: dict[type[JNDPredictor], list[str]] = {}
    for name, entry in registry().items():
        if entry.predictor.__module__.partition(".")[0] in ("baselines", "sgjnd"):
            names.setdefault(entry.predictor, []).append(name)
    ordered = sorted(names, key=lambda p: (KINDS.index(p.card.kind), p.card.year or 0, p.card.name))
    rows = ["| kind | method | names | paper |", "|---|---|---|---|"]
    for predictor in ordered:
        card = predictor.card
        listed = ", ".join(f"`{name}`" for name in sorted(names[predictor], key=lambda name: (len(name), name)))
        rows.append(f"| {card.kind} | {card.title} | {listed} | {card.paper or 'a control'} |")
    return "\n".join(rows)


def with_table(text: str) -> str:
    """A text with the table between its two markers put right.

    :raises UserError: where the markers are missing.
    """
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise UserError(f"the file lacks the lines {START!r} and {END!r} between which the table stands")
    return f"{before}{START}\n{methods_table()}\n{END}{after}"


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    p = argparse.ArgumentParser(
        prog="python -m baselines.catalogue", description="The table of methods, from their cards."
    )
    p.add_argument("--write", metavar="FILE", type=Path, help="put it between the markers of a Markdown file")
    arguments = p.parse_args(argv)
    if arguments.write is None:
        print(methods_table())
    else:
        write_atomically(arguments.write, with_table(arguments.write.read_text(encoding="utf-8")))
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
