"""`python -m baselines.catalogue`: the table of methods in Markdown, from their cards."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from baselines.interface.card import KINDS, OWN
from baselines.interface.predictor import JNDPredictor
from baselines.interface.registry import Registered, registry
from datasets.common.commands import run_command
from datasets.common.errors import UserError
from datasets.common.files import write_atomically

START, END = "<!-- methods: made by python -m baselines.catalogue --write README.md -->", "<!-- end of methods -->"


def methods_table() -> str:
    """One row a method: its names, kind, title and paper; in the order of kind and year."""
    methods: dict[type[JNDPredictor], list[Registered]] = {}
    for entry in registry().values():
        if entry.kind != OWN:
            methods.setdefault(entry.predictor, []).append(entry)
    rows = []
    for predictor, entries in methods.items():
        card, kind = predictor.card, entries[0].kind
        names = ", ".join(f"`{name}`" for name in sorted((entry.name for entry in entries), key=lambda n: (len(n), n)))
        row = f"| {kind} | {card.title} | {names} | {card.paper or 'a control'} |"
        rows.append(((KINDS.index(kind), card.year or 0, card.name), row))
    return "\n".join(["| kind | method | names | paper |", "|---|---|---|---|", *(row for _, row in sorted(rows))])


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
