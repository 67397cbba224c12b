"""`python -m protocols.run`: run predictors over the folds of a data set, store, score and report."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from baselines.interface.card import COSTS
from baselines.interface.registry import registry
from datasets.common.commands import command_parser, run_command, whole_number
from datasets.common.files import check_writable, users_path
from datasets.common.threads import usable_cores
from datasets.core.dataset import OpenOptions
from datasets.core.folds import shipped_folds
from datasets.core.truths import TRUTHS
from datasets.sets import dataset_classes
from protocols.benchmark import Request
from protocols.estimate import Shard, estimate
from protocols.plan import Plan, Protocol, protocols, with_settings
from protocols.store.store import StoredRun

_at_least_1 = functools.partial(whole_number, least=1)

EXAMPLES = """\
examples:
  python -m protocols.run
      the demo set (simulated observers), every predictor that costs little; leaderboard here, page in report/index.html
  python -m protocols.run --codec webp
      the demo set in WebP, its samples simulated as well
  python -m protocols.run --dataset mcl-jci --root ~/data/MCL-JCI --truths mean sqf
      the real thing, once you have it ('python -m datasets.get mcl-jci' says where from)
  python -m protocols.run --dataset mcl-jci --root ~/data/MCL-JCI --folds sur-featnet-10 --predictors 'constant*' psnr
      published folds, some predictors
  python -m protocols.run --dataset mcl-jci --root ~/data/MCL-JCI --jnd 1 2 3
      the first, second and third JND, a table each, and a page that shows them together
  python -m protocols.run --predictors '*'
      the slow ones too (metrics and small networks, minutes); heavy ones run only when named in full
  python -m protocols.run --predictors '*' --dry-run
      what that would compute, what it would reuse, and about how long it would take
  python -m protocols.run --dataset konjnd-1k-jpeg --root /shared/konjnd-1k --scheduler tcp://10.0.0.1:8786
      the same on a Dask cluster; or a part of it on each of 8 machines: --shard 1/8 to --shard 8/8
  python -m protocols.run --predictors my_package.my_module:MyPredictor
      a predictor of your own beside the stored ones; FILE.toml is one that describes a program (docs/first-method.md)
  python -m protocols.run --protocol ablation --dataset simulated --root sets/mine --results results-ablation
      what each part of SG-JND is worth, over 5 shuffles into folds; hours for hundreds of pictures
  python -m protocols.run --protocol ablation --predictors sgjnd-lite 'search-*' constant --fold-seeds 1
      some variants only; names of registered predictors are rows too
  python -m protocols.run --protocol transfer --train mcl-jci:/data/MCL-JCI --dataset konjnd-1k-jpeg --root /data/konjnd
      trained on one data set, tested on another; --adapt 10 40 adds so many rated sources of the tested one

exit status: 0 all well, 1 a predictor or a picture failed (it is in the tables, with its error), 2 a wrong request
"""


def parser() -> argparse.ArgumentParser:
    """The command's flags."""
    p = command_parser(
        "protocols.run",
        "Run picture-wise JND predictors over the folds of a data set; store predictions, print a leaderboard,\n"
        "write a report. What is stored and still valid is not computed again.",
        EXAMPLES,
    )
    data = p.add_argument_group("what is run")
    data.add_argument("--dataset", default="demo", metavar="NAME", help="data set (default: demo); see --list")
    data.add_argument("--root", type=users_path, metavar="DIR", help="folder the data set was unpacked into")
    data.add_argument("--codec", default="", metavar="NAME", help="for a set that opens in several; see --list")
    data.add_argument(
        "--predictors",
        nargs="+",
        default=(),
        metavar="NAME",
        help="names, globs, module:Class or FILE.toml (default: all that cost little; --list says what others cost)",
    )
    data.add_argument(
        "--protocol", default="kfold", metavar="NAME", help="what is trained and tested on what (default: kfold)"
    )
    data.add_argument("--folds", metavar="NAME", help="shipped folds, or a CSV file (source,fold) of yours")
    data.add_argument(
        "--fold-seeds",
        type=_at_least_1,
        metavar="N",
        help="shuffles of --protocol repeated-kfold, learning-curve, ablation, or transfer with --adapt",
    )
    data.add_argument(
        "--train", nargs="+", default=(), metavar="NAME:DIR", help="transfer: the sets that are trained on"
    )
    data.add_argument(
        "--adapt",
        nargs="+",
        type=_at_least_1,
        default=(),
        metavar="N",
        help="transfer: and N rated sources of this set",
    )
    data.add_argument(
        "--truths", nargs="+", default=(), metavar="NAME", help="what 'the JND' means (default: the data set's)"
    )
    data.add_argument(
        "--jnd",
        dest="jnds",
        type=int,
        nargs="+",
        default=(1,),
        choices=(1, 2, 3),
        help="first, second or third JND, or several of them (default: 1)",
    )
    data.add_argument("--limit", type=_at_least_1, default=0, metavar="N", help="N pictures only, for a quick look")
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
        "--jobs", type=_at_least_1, default=usable_cores(), metavar="N", help="processes (default: %(default)s)"
    )
    how.add_argument(
        "--scheduler", default="", metavar="ADDRESS", help="let the workers of a Dask cluster do it (extra [cluster])"
    )
    how.add_argument(
        "--shard",
        type=Shard.parse,
        metavar="I/N",
        help="run the I-th of N parts, each on a machine of its own; 'python -m reports.build' merges them",
    )
    how.add_argument(
        "--timeout",
        dest="timeout_s",
        type=_above_0,
        metavar="SECONDS",
        help="what a predictor may take for one picture, or for fitting one fold, before it fails there (default: any)",
    )
    how.add_argument(
        "--memory",
        dest="memory_gib",
        type=_above_0,
        metavar="GIB",
        help="what a process may allocate before what it does fails there",
    )
    how.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"), help="where networks compute")
    how.add_argument(
        "--seed", type=whole_number, default=0, metavar="N", help="all randomness derives from it (default: 0)"
    )
    how.add_argument(
        "--rerun",
        default="stale",
        choices=("never", "stale", "always"),
        help="stored runs: reuse all, reuse the still valid (default), or reuse none and measure pictures anew",
    )
    out = p.add_argument_group("where to, and how loud")
    out.add_argument(
        "--results", type=users_path, default="results", metavar="DIR", help="stored runs (default: results)"
    )
    out.add_argument(
        "--report",
        type=users_path,
        default="report",
        metavar="DIR",
        help="leaderboard, figures, page (default: report)",
    )
    out.add_argument("--dry-run", action="store_true", help="say what would be run and reused, and how long it takes")
    out.add_argument("--list", action="store_true", help="data sets, folds, truths and predictors, and stop")
    loud = out.add_mutually_exclusive_group()
    loud.add_argument("-v", "--verbose", action="store_true", help="a line a run, and why it was run or reused")
    loud.add_argument("-q", "--quiet", action="store_true", help="errors and warnings only")
    return p


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    arguments = parser().parse_args(argv)
    if arguments.list:
        print(listing())
        return 0
    request = _request(arguments)
    plans = request.plans()
    if arguments.verbose or arguments.dry_run:
        _describe_all(plans, request)
    if arguments.dry_run:
        return 0
    if not request.shard:
        check_writable(arguments.report, "--report")
    log = functools.partial(print, flush=True) if arguments.verbose else lambda line: None
    runs = request.carry_out(plans, log)
    if request.shard:
        if not request.quiet:
            print(
                f"shard {request.shard}: {len(runs)} runs in {request.results}. When all are done, merge them: "
                f"python -m reports.build --results {request.results}"
            )
    else:
        _report(request, runs, arguments.report)
    return _status(plans, runs, quiet=request.quiet)


def _request(arguments: argparse.Namespace) -> Request:
    options = OpenOptions(anchor=arguments.anchor, level_direction=arguments.level_direction, codec=arguments.codec)
    known = {field.name for field in fields(Request)}
    given = {name: value for name, value in vars(arguments).items() if name in known}
    return Request(**{**given, "protocol": _protocol(arguments), "options": options})


def _protocol(arguments: argparse.Namespace) -> Protocol:
    """The protocol with those of its settings that flags give."""
    given = {"fold_file": arguments.folds, "fold_seeds": arguments.fold_seeds}
    given |= {"train": tuple(arguments.train), "adapt": tuple(arguments.adapt)}
    return with_settings(arguments.protocol, {name: value for name, value in given.items() if value})


def _describe_all(plans: Sequence[Plan], request: Request) -> None:
    work = estimate(plans, request.jobs, fresh=request.rerun == "always")
    for plan in plans:
        identity, verb = plan.job.identity, "run  " if plan.stored is None else "reuse"
        line = f"{verb} {identity.predictor:<24} {identity.dataset}/{identity.folds}/{identity.asked}: {plan.reason}"
        missing = work.to_measure.get(plan.job.entry.name, 0) if plan.stored is None else 0
        print(line + (f"; {missing} pictures to measure" if missing else ""))
    print(work.sentences())


def listing() -> str:
    """Everything that flags can name."""
    lines = ["data sets (folds)"]
    for name, cls in dataset_classes().items():
        folds = ", ".join(shipped_folds(name)) or "its own"
        codecs = f"; --codec {', '.join(cls.card.codecs)}" if len(cls.card.codecs) > 1 else ""
        lines.append(f"  {name:<18} {cls.card.title}, {cls.card.samples} ({folds}){codecs}")
    lines += ["protocols", *(f"  {name:<18} {protocol.meaning}" for name, protocol in protocols().items())]
    lines += ["truths", *(f"  {truth.name:<18} {truth.meaning}" for truth in TRUTHS.values()), "predictors"]
    for name, entry in registry().items():
        card = entry.card
        parameters = ", ".join(f"{key}={value!r}" for key, value in entry.parameters.items())
        cost = "" if entry.cost == "light" else f"; {entry.cost}"
        missing = f"; not here: {why}" if (why := entry.unavailable()) else ""
        given = f" ({parameters})" if parameters else ""
        lines.append(f"  {name:<24} {entry.kind:<9} {card.title}{given}{cost}{missing}")
    lines += ["costs", *(f"  {cost:<18} {meaning}" for cost, meaning in COSTS.items())]
    return "\n".join(lines)


def _report(request: Request, runs: Sequence[StoredRun], out: Path) -> None:
    from reports.build import refresh
    from reports.tables.text import leaderboard_text

    results = request.results
    stamp = refresh(results, out, quiet=request.quiet)
    if not request.quiet:
        print(request.protocol.summary(runs) or stamp.text(runs, lambda: leaderboard_text(runs, results)))
        print(f"\nreport: {out / 'index.html'}   stored runs: {results}")


def _status(plans: Sequence[Plan], runs: Sequence[StoredRun], *, quiet: bool) -> int:
    reused = sum(plan.stored is not None for plan in plans)
    if reused and not quiet:
        print(f"{reused} of {len(plans)} runs were stored and still valid; -v says why, --rerun always computes them")
    for run in runs:
        if run.status != "complete":
            print(f"FAILED: {run.identity.predictor} under {run.identity.asked}: {run.record.error}", file=sys.stderr)
    return int(any(run.status != "complete" for run in runs))


def _above_0(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"a number above 0, not {text!r}")
    return value


if __name__ == "__main__":
    sys.exit(run_command(main))
