"""Write the page of all methods from their cards: `python -m baselines.catalogue --write docs/methods.md`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from baselines.interface.card import COSTS, KINDS, Card
from baselines.interface.registry import Registered, registry
from datasets.common.commands import command_parser, run_command
from datasets.common.files import users_path, write_atomically

_HEADINGS = {
    "constant": "Constants and encoders' own rules",
    "pixel": "Pixel domain",
    "subband": "Subband domain",
    "metric": "Metrics",
    "learned": "Learned",
}
_INTRODUCTION = """# Methods

<!-- Made by: python -m baselines.catalogue --write docs/methods.md -->

Each method is a file in the folder of its kind, and registered under one or more names. `-as-published` names use the
threshold that the method's paper implies; the others fit one threshold on the training folds.
`python -m protocols.run --list` shows all names with their parameters, and says what cannot run here and why.
"""


def methods_page() -> str:
    """All methods in Markdown: a heading a kind, a table in the order of years, and what differs from the papers."""
    costs = "".join(f"- {cost}: {meaning}\n" for cost, meaning in COSTS.items())
    return "\n".join([_INTRODUCTION, f"What a method costs:\n\n{costs}", *map(_section, KINDS)])


def _section(kind: str) -> str:
    methods: dict[Card, list[Registered]] = {}
    for entry in registry().values():
        if entry.kind == kind:
            methods.setdefault(entry.predictor.card, []).append(entry)
    cards = sorted(methods, key=lambda card: (card.year or 0, card.name))
    lines = [f"## {_HEADINGS[kind]}", "", str(importlib.import_module(f"baselines.{kind}").__doc__).strip(), ""]
    lines += ["| names | method | paper | needs | cost |", "|---|---|---|---|---|"]
    lines += [_row(card, methods[card]) for card in cards]
    lines += ["", "What differs from the papers:", ""]
    lines += [f"- **{card.title}**: {' '.join(card.deviations)}" for card in cards if card.deviations]
    return "\n".join([*lines, ""])


def _row(card: Card, entries: Sequence[Registered]) -> str:
    names = ", ".join(f"`{name}`" for name in sorted((entry.name for entry in entries), key=lambda n: (len(n), n)))
    needs = "pixels" if card.needs_pictures else "labels alone"
    costs = {entry.cost for entry in entries}
    cost = " or ".join(cost for cost in COSTS if cost in costs)
    return f"| {names} | {card.title} | {card.paper or 'a control'} | {needs} | {cost} |"


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    parser = command_parser("baselines.catalogue", "The page of all methods, from their cards.")
    add = parser.add_argument
    add("--write", metavar="FILE", type=users_path, help="write the page into a file; else it is printed")
    arguments = parser.parse_args(argv)
    if arguments.write is None:
        print(methods_page(), end="")
    else:
        write_atomically(arguments.write, methods_page())
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
