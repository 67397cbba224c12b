"""`python -m sgjnd.ablate`: what SG-JND's parts and its searches over the ladder are worth, measured on a data set."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from baselines.interface.registry import registry
from datasets.common.commands import run_command
from datasets.common.errors import UserError, unknown_name
from datasets.core.dataset import open_dataset
from datasets.core.truths import find_truth
from sgjnd.ablation import VARIANTS, Compared, Task, compare, run, sources_of

EXAMPLES = """\
examples:
  python -m sgjnd.ablate parts --dataset simulated --root sets/mine --jobs 2
      every variant under 5 fold seeds; hours for hundreds of pictures, and what is done is not done again
  python -m sgjnd.ablate parts --rows sgjnd-lite no-attention constant watson1993 --fold-seeds 1
      some rows; names of registered predictors are rows too
  python -m sgjnd.ablate search --dataset demo
      all 100 levels of each picture are looked at once; every search is then replayed on the probabilities
"""
AGAINST = ("sgjnd-lite", "constant", "lite-regression")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    :raises UserError: for a request that cannot be carried out.
    """
    arguments = _parser().parse_args(argv)
    find_truth(arguments.truth)
    return int(arguments.what(arguments))


def _parts(arguments: argparse.Namespace) -> int:
    if min(arguments.jobs, arguments.fold_seeds) < 1:
        raise UserError("--jobs and --fold-seeds are 1 or more")
    for row in arguments.rows:
        if row not in VARIANTS and row not in registry():
            raise unknown_name("variant or predictor", row, {*VARIANTS, *registry()})
    dataset = open_dataset(arguments.dataset, arguments.root)
    tasks = [
        Task(arguments.dataset, arguments.root, arguments.truth, row, seed)
        for seed in range(arguments.fold_seeds)
        for row in dict.fromkeys(arguments.rows)
    ]
    errors: dict[str, list[np.ndarray]] = {}
    for task, found in run(tasks, arguments.out, jobs=arguments.jobs):
        errors.setdefault(task.row, []).append(found)
    means = {row: np.mean(found, axis=0) for row, found in errors.items()}
    print(_table(compare(means, sources_of(dataset), AGAINST), arguments.fold_seeds, dataset.card.samples))
    return 0


def _table(rows: Sequence[Compared], seeds: int, samples: str) -> str:
    against = [name for name in AGAINST if any(name in row.differences for row in rows)]
    head = ["row", "MAE", "95 % interval", *(f"minus {name}" for name in against)]
    lines = [f"{samples}; {seeds} fold seeds; intervals resample sources", ""]
    lines += [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in rows:
        cells = [row.row, f"{row.mae:.2f}", f"{row.interval[0]:.2f} to {row.interval[1]:.2f}"]
        for name in against:
            found = row.differences.get(name)
            cells.append(f"{found[0]:+.2f} ({found[1]:+.2f} to {found[2]:+.2f})" if found else "")
        lines.append(f"| {' | '.join(cells)} |")
    meanings = (f"{row.row}: {VARIANTS[row.row].meaning}" for row in rows if row.row in VARIANTS)
    return "\n".join([*lines, "", *meanings])


def _search(arguments: argparse.Namespace) -> int:
    from sgjnd.search_ablation import replayed

    print(replayed(arguments.dataset, arguments.root, arguments.truth, arguments.out))
    return 0


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m sgjnd.ablate",
        description="Measure what parts of SG-JND, and searches over the ladder, are worth (folds by source).",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = p.add_subparsers(required=True, metavar="parts|search")
    parts = kinds.add_parser("parts", help="variants of the network, out-of-fold")
    parts.set_defaults(what=_parts)
    rows = (*VARIANTS, "lite-regression", "constant")
    parts.add_argument("--rows", nargs="+", default=rows, metavar="NAME", help=f"default: {', '.join(rows)}")
    parts.add_argument("--fold-seeds", type=int, default=5, metavar="N", help="shuffles into folds (default: 5)")
    parts.add_argument("--jobs", type=int, default=1, metavar="N", help="processes of one thread (default: 1)")
    search = kinds.add_parser("search", help="every search, replayed on one run's probabilities")
    search.set_defaults(what=_search)
    for one in (parts, search):
        add = one.add_argument
        add("--dataset", default="demo", metavar="NAME", help="data set (default: demo)")
        add("--root", metavar="DIR", help="its folder")
        add("--truth", default="mean", metavar="NAME", help="what 'the JND' means (default: mean)")
        add("--out", type=Path, default=Path("results-ablation"), metavar="DIR", help="keeps what is done")
    return p


if __name__ == "__main__":
    sys.exit(run_command(main))
