"""The door to the benchmark: a request in Python, which the command `protocols.run` makes from its flags."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, final

from baselines.interface.registry import Registered, Wanted
from datasets.common.cache import VARIABLE, cache_folder
from datasets.common.code import forget_code
from datasets.common.errors import UserError
from datasets.common.files import users_path
from datasets.common.process_pool import ProcessPool
from datasets.core.dataset import Dataset, OpenOptions
from datasets.core.picture import Picture
from datasets.core.truths import find_truth
from datasets.sets import check_codec, open_dataset
from protocols.estimate import Shard
from protocols.kfold import KFold
from protocols.plan import Experiment, Plan, Protocol, limited, plan_jobs, with_settings
from protocols.runner import carry_out
from protocols.scoring.scores import score
from protocols.store.store import Store, StoredRun
from protocols.workers.dask import DaskWorkers
from protocols.workers.dispatch import WorkerPool

if TYPE_CHECKING:
    import pandas as pd


@final
@dataclass(frozen=True, kw_only=True)
class Request:
    """What is run, and how: as `run_benchmark` takes it, and what only the command has.

    :param jnds: which JNDs; none for that of `options`.
    :param scheduler: address of a Dask cluster that does the work; empty for none.
    :param shard: the part of the predictors that is run; None for all.
    :param memory_gib: what a process may allocate; None for any amount.
    """

    dataset: str | Dataset = "demo"
    predictors: Sequence[Wanted] = ()
    root: Path | None = None
    protocol: Protocol = field(default_factory=KFold)
    truths: Sequence[str] = ()
    options: OpenOptions = field(default_factory=OpenOptions)
    jnds: Sequence[int] = ()
    limit: int = 0
    device: str = "auto"
    seed: int = 0
    rerun: str = "stale"
    results: Path = Path("results")
    jobs: int = 1
    scheduler: str = ""
    shard: Shard | None = None
    timeout_s: float | None = None
    memory_gib: float | None = None
    quiet: bool = False

    def plans(self) -> list[Plan]:
        """Everything that is asked for, with what is stored already.

        :raises UserError: for a request that cannot be carried out.
        """
        _check_device(self.device)
        forget_code()
        jnds = dict.fromkeys(self.jnds or [self.options.jnd])
        opened = [(options, self._open(options)) for options in (replace(self.options, jnd=jnd) for jnd in jnds)]
        _, (dataset, protocol) = opened[0]
        if not self.quiet:
            for note in dict.fromkeys(note for _, (each, _) in opened for note in each.notes):
                _note(f"{dataset.title}: {note}")
        if dataset.has_pixels:
            dataset.codec.check_available()
        entries = self._entries(protocol, dataset)
        if self.shard:
            entries = self.shard.part_of(entries)
        plans = []
        for options, (each, its_protocol) in opened:
            experiments = self._experiments(its_protocol, each, options)
            truths = list(dict.fromkeys(self.truths or _default_truths(each, its_protocol.training)))
            _check_truths(truths, experiments[0])
            store = Store(self.results)
            plans += plan_jobs(experiments, truths, entries, store, rerun=self.rerun, device=self.device)
        return plans

    def carry_out(self, plans: Sequence[Plan], log: Callable[[str], None] = lambda line: None) -> list[StoredRun]:
        """As `protocols.runner.carry_out`, once it is known that runs can be stored."""
        store = Store(self.results)
        store.check_writable(plan.job.identity for plan in plans if plan.stored is None)
        with self._worker_pool() as pool:
            return carry_out(plans, store, pool, quiet=self.quiet, log=log, fresh=self.rerun == "always")

    def _open(self, options: OpenOptions) -> tuple[Dataset, Protocol]:
        dataset = self._open_dataset(options)
        limit = self.limit if self.limit < len(dataset.pictures) else 0
        protocol = self.protocol.opened(dataset, options, limit)
        if protocol.notes:
            dataset = replace(dataset, notes=(*dataset.notes, *protocol.notes))
        return dataset, protocol

    def _open_dataset(self, options: OpenOptions) -> Dataset:
        dataset = self.dataset
        if isinstance(dataset, str):
            return open_dataset(dataset, None if self.root is None else str(self.root), options)
        if len(set(self.jnds)) > 1:
            raise UserError("an opened data set has the samples of one JND: to run several, give its name and its root")
        check_codec(dataset, options)
        return dataset.afresh()

    def _experiments(self, protocol: Protocol, dataset: Dataset, options: OpenOptions) -> list[Experiment]:
        folds = protocol.folds(dataset)
        for each in folds:
            each.check_covers(picture.source for picture in dataset.pictures)
        pictures = dataset.pictures
        if self.limit:
            pictures = limited(pictures, folds[0], self.limit)
        limit = self.limit if len(pictures) < len(dataset.pictures) else 0
        return [Experiment(protocol, dataset, pictures, each, options, limit, self.seed, self.root) for each in folds]

    def _entries(self, protocol: Protocol, dataset: Dataset) -> list[Registered]:
        entries, notes = protocol.predictors(self.predictors)
        for note in notes:
            _note(note)
        named = {wanted if isinstance(wanted, str) else wanted.card.name for wanted in self.predictors}
        for entry in list(entries):
            if entry.name not in named and (why := entry.make().refuses(dataset.codec)):
                if self.predictors:  # what runs by default is a choice of ours, and each codec has its own
                    _note(f"{entry.name} is left out on {dataset.codec.label}: {why}")
                entries.remove(entry)
        if self.predictors or (dataset.has_pixels and all(picture.has_pixels for picture in protocol.training)):
            return entries
        _note("a root holds labels only: predictors that look at pictures are left out")
        return [entry for entry in entries if not entry.card.needs_pictures]

    def _worker_pool(self) -> WorkerPool:
        if self.scheduler:
            if self.memory_gib is not None:
                raise UserError("--memory: a cluster's workers have limits of their own ('dask worker --memory-limit')")
            return WorkerPool(DaskWorkers(self.scheduler, [self.root] if self.root else []), self.timeout_s)
        alone = self.jobs == 1 and self.timeout_s is None and self.memory_gib is None
        return WorkerPool(None if alone else ProcessPool(self.jobs, self.memory_gib), self.timeout_s)


def run_benchmark(
    dataset: str | Dataset = "demo",
    predictors: Sequence[Wanted] = (),
    *,
    root: str | Path | None = None,
    codec: str = "",
    protocol: str | Protocol = "kfold",
    folds: str = "",
    train: Sequence[str | Dataset] = (),
    adapt: Sequence[int] = (),
    truths: Sequence[str] = (),
    jnd: int | Sequence[int] = 1,
    limit: int = 0,
    device: str = "auto",
    seed: int = 0,
    rerun: str = "stale",
    results: str | Path | None = None,
    jobs: int = 1,
    timeout_s: float | None = None,
    quiet: bool = False,
) -> pd.DataFrame:
    """Run predictors over the folds of a data set and score them.

    A method is measured once, and its runs are reused until it changes, or anything that it uses; one that stands in a
    notebook or in the script that was started is run in this process.

    :param dataset: a name, or an opened data set.
    :param predictors: names, globs, classes, or objects with their parameters, which go by their cards' names; empty
        for all that cost little.
    :param root: the folder the data set was unpacked into.
    :param codec: the name of the codec, for a set that opens in several, as the demo set does; empty for the set's own.
    :param protocol: a name, or an object with its settings.
    :param folds: shipped folds by name, or a CSV file (source,fold); for the protocol `kfold`.
    :param train: the data sets to train on, as `NAME:DIR` or opened; for the protocol `transfer`, and so is
    :param adapt: how many rated sources of the data set are added to them, each number a row of its own.
    :param truths: what 'the JND' means, e.g. `["mean"]`; empty for the data set's own.
    :param jnd: 1, 2 or 3, the first, second or third JND; or several of them.
    :param limit: so many pictures only; 0 for all.
    :param device: where networks compute: `auto`, `cpu` or `cuda`.
    :param seed: from which all randomness derives.
    :param rerun: `stale` reuses stored runs that are still valid, `never` reuses all, `always` none.
    :param results: the folder of stored runs, from which `python -m reports.build` makes a report; None for one in the
        cache folder.
    :param jobs: processes; 1 does everything in this one.
    :param timeout_s: what a predictor may take for one picture, or for fitting one fold; None for any time.
    :returns: a row a predictor, truth and JND (and fold file), by MAE; columns: what the run is, its status, `n`,
        `failed`, and every score of `protocols.scoring.scores` by its name, `mae_low` and `mae_high` with them.
    :raises UserError: for a request that cannot be carried out.
    """
    settings = {"fold_file": folds, "train": tuple(train), "adapt": tuple(adapt)}
    protocol = with_settings(protocol, {name: value for name, value in settings.items() if value})
    request = Request(
        dataset=dataset,
        predictors=predictors,
        root=None if root is None else users_path(root),
        protocol=protocol,
        truths=truths,
        options=OpenOptions(codec=codec),
        jnds=[jnd] if isinstance(jnd, int) else jnd,
        limit=limit,
        device=device,
        seed=seed,
        rerun=rerun,
        results=_cached_results() if results is None else users_path(results),
        jobs=jobs,
        timeout_s=timeout_s,
        quiet=quiet,
    )
    table = score_table(request.carry_out(request.plans()))
    return table.sort_values(["jnd", "truth", "folds", "mae"], ignore_index=True, kind="stable")


def score_table(runs: Iterable[StoredRun]) -> pd.DataFrame:
    """One row a run: its identity, status, n, failed and every score."""
    import pandas as pd

    rows = ({**dataclasses.asdict(run.identity), "status": run.status, **score(run.predictions)} for run in runs)
    return pd.DataFrame(rows)


def _cached_results() -> Path:
    try:
        return cache_folder() / "results"
    except OSError as error:
        raise UserError(
            f"results=None: the cache has no folder ({error}). Give results=DIR, or set {VARIABLE}"
        ) from error


def _default_truths(dataset: Dataset, training: Sequence[Picture]) -> list[str]:
    tabulated = all("sqf" in picture.tabulated for picture in (*dataset.pictures, *training))
    known = [truth for truth in dataset.card.default_truths if truth != "sqf" or tabulated]
    for truth in set(dataset.card.default_truths) - set(known):
        _note(f"truth {truth!r} is left out: not every picture has it")
    return known


def _check_truths(truths: Sequence[str], experiment: Experiment) -> None:
    """:raises UserError: for a picture that has not every truth."""
    for truth in map(find_truth, truths):
        for picture in experiment.all_pictures:
            try:
                truth.level(picture)
            except UserError as error:
                raise UserError(f"JND {experiment.options.jnd}: {error}") from error


def _check_device(device: str) -> None:
    if device != "cuda":
        return
    import torch

    if not torch.cuda.is_available():
        raise UserError("--device cuda: torch sees no CUDA device here; use --device auto or cpu")


def _note(line: str) -> None:
    print(line, file=sys.stderr)
