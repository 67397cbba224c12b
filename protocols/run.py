"""`python -m protocols.run`: run predictors over the folds of a data set, store, score and report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from baselines.interface.card import COSTS
from baselines.interface.registry import Registered, choose_predictors, registry
from datasets.common.commands import run_command
from datasets.common.errors import UserError
from datasets.common.process_pool import ProcessPool
from datasets.core.dataset import Dataset, OpenOptions, dataset_classes, open_dataset
from datasets.core.folds import shipped_folds
from datasets.core.truths import TRUTHS, find_truth
from protocols.estimate import estimate
from protocols.plan import Experiment, Plan, limited, plan_jobs
from protocols.runner import carry_out
from protocols.shard import Shard
from protocols.store.machine import usable_cores
from protocols.store.store import Store, StoredRun
from protocols.workers.dask import DaskWorkers
from protocols.workers.pool import WorkerPool

EXAMPLES = """\
examples:
  python -m protocols.run
      the demo set (simulated observers), every predictor that costs little; leaderboard here, page in report/index.html
  python -m protocols.run --dataset mcl-jci --root ~/data/MCL-JCI --truths mean sqf
      the real thing, once you have it ('python -m datasets.get mcl-jci' says where from)
  python -m protocols.run --dataset mcl-jci --root ~/data/MCL-JCI --folds sur-featnet-10 --predictors 'constant*' psnr
      published folds, some predictors
  python -m protocols.run --predictors '*'
      the slow ones too (metrics and small networks, minutes); heavy ones run only when named in full
  python -m protocols.run --predictors '*' --dry-run
      what that would compute, what it would reuse, and about how long it would take
  python -m protocols.run --dataset konjnd-1k-jpeg --root /shared/konjnd-1k --scheduler tcp://10.0.0.1:8786
      the same on a Dask cluster; or a part of it on each of 8 machines: --shard 1/8 to --shard 8/8
  python -m protocols.run --predictors my_package.my_module:MyPredictor
      a predictor of your own beside the stored ones

exit status: 0 all well, 1 a predictor or a picture failed (it is in the tables, with its error), 2 a wrong request
"""


def parser() -> argparse.ArgumentParser:
    """The command's flags."""
    p = argparse.ArgumentParser(
        prog="python -m protocols.run",
        description="Run picture-wise JND predictors over the folds of a data set; store predictions, print a "
        "leaderboard, write a report. What is stored and still valid is not computed again.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = p.add_argument_group("what is run")
    data.add_argument("--dataset", default="demo", metavar="NAME", help="data set (default: demo); see --list")
    data.add_argument("--root", metavar="DIR", help="folder the data set was unpacked into")
    data.add_argument(
        "--predictors",
        nargs="+",
        metavar="NAME",
        help="names, globs or package.module:Class (default: all that cost little; --list says what others cost)",
    )
    data.add_argument("--folds", metavar="NAME", help="shipped folds, or a CSV file (source,fold) of yours")
    data.add_argument("--truths", nargs="+", metavar="NAME", help="what 'the JND' means (default: the data set's)")
    data.add_argument("--jnd", type=int, default=1, choices=(1, 2, 3), help="first, second or third JND (default: 1)")
    data.add_argument("--limit", type=_positive, default=0, metavar="N", help="N pictures only, for a quick look")
    data.add_argument(
        "--anchor",
        default="source",
        metavar="source|best-level",
        help="compare levels with the source picture (default) or with the set's best level",
    )
    data.add_argument(
        "--level-direction", default="auto", metavar="auto|up|down", help="KonJND-1k: is a higher file index better?"
    )
    how = p.add_argument_group("how")
    how.add_argument(
        "--jobs", type=_positive, default=usable_cores(), metavar="N", help="processes (default: %(default)s)"
    )
    how.add_argument("--scheduler", metavar="ADDRESS", help="let the workers of a Dask cluster do it (extra [cluster])")
    how.add_argument(
        "--shard",
        type=Shard.parse,
        metavar="I/N",
        help="run the I-th of N parts, each on a machine of its own; 'python -m reports.build' merges them",
    )
    how.add_argument(
        "--timeout",
        type=_above_0,
        metavar="SECONDS",
        help="what a predictor may take for one picture, or for fitting one fold, before it fails there (default: any)",
    )
    how.add_argument(
        "--memory", type=_above_0, metavar="GIB", help="what a process may allocate before what it does fails there"
    )
    how.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"), help="where networks compute")
    how.add_argument("--seed", type=int, default=0, metavar="N", help="all randomness derives from it (default: 0)")
    how.add_argument(
        "--rerun",
        default="stale",
        choices=("never", "stale", "always"),
        help="stored runs: reuse all, reuse the still valid (default), or reuse none and measure pictures anew",
    )
    out = p.add_argument_group("where to, and how loud")
    out.add_argument("--results", default="results", metavar="DIR", help="stored runs (default: results)")
    out.add_argument("--report", default="report", metavar="DIR", help="leaderboard, figures, page (default: report)")
    out.add_argument("--dry-run", action="store_true", help="say what would be run and reused, and how long it takes")
    out.add_argument("--list", action="store_true", help="data sets, folds, truths and predictors, and stop")
    loud = out.add_mutually_exclusive_group()
    loud.add_argument("-v", "--verbose", action="store_true", help="a line a run, and why it was run or reused")
    loud.add_argument("-q", "--quiet", action="store_true", help="errors and warnings only")
    return p


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    :returns: 0, or 1 where something failed and was recorded.
    :raises UserError: for a request that cannot be carried out.
    """
    arguments = parser().parse_args(argv)
    if arguments.list:
        print(listing())
        return 0
    _check_device(arguments.device)
    experiment, truths, entries = prepare(arguments)
    store = Store(Path(arguments.results))
    if arguments.shard:
        entries = arguments.shard.part_of(entries)
    plans = plan_jobs(experiment, truths, entries, store, rerun=arguments.rerun, device=arguments.device)
    if arguments.verbose or arguments.dry_run:
        _describe_all(plans, arguments)
    if arguments.dry_run:
        return 0
    store.check_writable(plan.job.identity for plan in plans if plan.stored is None)
    say, fresh = _say if arguments.verbose else _hush, arguments.rerun == "always"
    with _worker_pool(arguments, experiment) as pool:
        runs = carry_out(plans, store, pool, quiet=arguments.quiet, say=say, fresh=fresh)
    if arguments.shard:
        if not arguments.quiet:
            print(
                f"shard {arguments.shard}: {len(runs)} runs in {store.results}. When all are done, merge them: "
                f"python -m reports.build --results {store.results}"
            )
    else:
        _report(store, runs, Path(arguments.report), quiet=arguments.quiet)
    return _status(plans, runs, quiet=arguments.quiet)


def prepare(arguments: argparse.Namespace) -> tuple[Experiment, list[str], list[Registered]]:
    """The experiment, truths and predictors that the flags ask for, checked before any work is done."""
    options = OpenOptions(arguments.jnd, arguments.anchor, arguments.level_direction)
    dataset = open_dataset(arguments.dataset, arguments.root, options)
    if not arguments.quiet:
        for note in dataset.notes:
            print(f"{dataset.card.title}: {note}", file=sys.stderr)
    folds = dataset.folds(arguments.folds or dataset.card.default_folds)
    folds.check_covers(picture.source for picture in dataset.pictures)
    pictures = limited(dataset.pictures, folds, arguments.limit) if arguments.limit else dataset.pictures
    limit = arguments.limit if len(pictures) < len(dataset.pictures) else 0
    truths = list(dict.fromkeys(arguments.truths or _default_truths(dataset)))
    for truth in map(find_truth, truths):
        for picture in pictures:
            truth.level(picture)
    root = Path(arguments.root) if arguments.root else None
    experiment = Experiment(dataset, pictures, folds, options, limit, arguments.seed, root)
    return experiment, truths, _choose(dataset, arguments.predictors)


def _worker_pool(arguments: argparse.Namespace, experiment: Experiment) -> WorkerPool:
    if arguments.scheduler:
        if arguments.memory is not None:
            raise UserError("--memory: a cluster's workers have limits of their own ('dask worker --memory-limit')")
        return WorkerPool(
            DaskWorkers(arguments.scheduler, [experiment.root] if experiment.root else []), arguments.timeout
        )
    alone = arguments.jobs == 1 and arguments.timeout is None and arguments.memory is None
    return WorkerPool(None if alone else ProcessPool(arguments.jobs, arguments.memory), arguments.timeout)


def _describe_all(plans: Sequence[Plan], arguments: argparse.Namespace) -> None:
    found = estimate(plans, arguments.jobs, fresh=arguments.rerun == "always")
    for plan in plans:
        missing = found.to_measure.get(plan.job.entry.name, 0) if plan.stored is None else 0
        print(_describe(plan) + (f"; {missing} pictures to measure" if missing else ""))
    print(found.sentences())


def listing() -> str:
    """Everything that flags can name."""
    lines = ["data sets (folds)"]
    for name, cls in dataset_classes().items():
        folds = ", ".join(shipped_folds(name)) or "its own"
        lines.append(f"  {name:<18} {cls.card.title}, {cls.card.samples} ({folds})")
    lines += ["truths", *(f"  {truth.name:<18} {truth.meaning}" for truth in TRUTHS.values()), "predictors"]
    for name, entry in registry().items():
        card = entry.predictor.card
        parameters = ", ".join(f"{key}={value!r}" for key, value in entry.parameters.items())
        cost = "" if entry.cost == "light" else f"; {entry.cost}"
        missing = f"; not here: {why}" if (why := entry.unavailable()) else ""
        given = f" ({parameters})" if parameters else ""
        lines.append(f"  {name:<24} {entry.kind:<9} {card.title}{given}{cost}{missing}")
    lines += ["costs", *(f"  {cost:<18} {meaning}" for cost, meaning in COSTS.items())]
    return "\n".join(lines)


def _choose(dataset: Dataset, patterns: Sequence[str] | None) -> list[Registered]:
    entries, notes = choose_predictors(patterns or ())
    for note in notes:
        print(note, file=sys.stderr)
    if patterns or dataset.has_pixels:
        return entries
    print("the root holds labels only: predictors that look at pictures are left out", file=sys.stderr)
    return [entry for entry in entries if not entry.predictor.card.needs_pictures]


def _default_truths(dataset: Dataset) -> list[str]:
    known = [
        t for t in dataset.card.default_truths if t != "sqf" or all("sqf" in p.tabulated for p in dataset.pictures)
    ]
    for truth in set(dataset.card.default_truths) - set(known):
        print(f"truth {truth!r} is left out: the root does not give it for every picture", file=sys.stderr)
    return known


def _report(store: Store, runs: Sequence[StoredRun], out: Path, *, quiet: bool) -> None:
    from reports.build import refresh
    from reports.tables.text import leaderboard_text

    stamp = refresh(store.results, out, quiet=quiet)
    if not quiet:
        print(stamp.text(runs, lambda: leaderboard_text(runs, store.results)))
        print(f"\nreport: {out / 'index.html'}   stored runs: {store.results}")


def _status(plans: Sequence[Plan], runs: Sequence[StoredRun], *, quiet: bool) -> int:
    reused = sum(plan.stored is not None for plan in plans)
    if reused and not quiet:
        print(f"{reused} of {len(plans)} runs were stored and still valid; -v says why, --rerun always computes them")
    for run in runs:
        if run.status != "complete":
            print(f"FAILED: {run.identity.predictor} under {run.identity.truth}: {run.record.error}", file=sys.stderr)
    return int(any(run.status != "complete" for run in runs))


def _describe(plan: Plan) -> str:
    identity = plan.job.identity
    verb = "run  " if plan.stored is None else "reuse"
    return f"{verb} {identity.predictor:<24} {identity.dataset}/{identity.folds}/{identity.truth}: {plan.reason}"


def _check_device(device: str) -> None:
    if device != "cuda":
        return
    import torch

    if not torch.cuda.is_available():
        raise UserError("--device cuda: torch sees no CUDA device here; use --device auto or cpu")


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"a whole number from 1 up, not {text!r}")
    return int(text)


def _above_0(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"a number above 0, not {text!r}")
    return value


def _say(line: str) -> None:
    print(line, flush=True)


def _hush(line: str) -> None:
    pass


if __name__ == "__main__":
    sys.exit(run_command(main))
