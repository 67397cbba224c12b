"""`python -m protocols.score`: every score of every stored run, computed anew from its predictions."""

from __future__ import annotations

import sys

from datasets.common.commands import command_parser, run_command
from datasets.common.errors import UserError
from datasets.common.files import users_path, write_atomically
from protocols.benchmark import score_table
from protocols.scoring.scores import SCORES
from protocols.store.store import Store


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    meanings = "\n".join(f"  {record.name:<16} {record.meaning}" for record in SCORES)
    p = command_parser(
        "protocols.score",
        "Compute the scores of stored runs from their predictions alone.",
        f"scores:\n{meanings}\n  mae_low, mae_high  95 % bootstrap interval of mae over sources",
    )
    p.add_argument(
        "--results", type=users_path, default="results", metavar="DIR", help="stored runs (default: results)"
    )
    p.add_argument("--out", type=users_path, metavar="FILE", help="write the table as CSV instead of printing it")
    arguments = p.parse_args(argv)
    runs = Store(arguments.results).current_runs()
    if not runs:
        raise UserError(
            f"{arguments.results}: no stored runs. Run 'python -m protocols.run' first, or give --results DIR."
        )
    text = score_table(runs).to_csv(index=False, float_format="%.6g", lineterminator="\n")
    if arguments.out:
        write_atomically(arguments.out, text)
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
