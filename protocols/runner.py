"""Carrying out a plan: visit each picture once for all predictors, apply folds and truths, store run by run."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, final

from baselines.interface.predictor import JNDPredictor
from datasets.common.commands import progress
from datasets.core.picture import Picture
from protocols.plan import Plan, named_pictures
from protocols.store.picture_facts import table_name, write_pictures
from protocols.store.record import DatasetRecord, RunRecord, machine, versions
from protocols.store.store import Store, StoredRun
from protocols.workers.dispatch import WorkerPool
from protocols.workers.measure import Visit, VisitTask, apply, stored_visit
from protocols.workers.run_folds import FoldResult, FoldTask, Row, fold_tasks, predictions_of

if TYPE_CHECKING:
    import pandas as pd


def carry_out(
    plans: Sequence[Plan],
    store: Store,
    pool: WorkerPool,
    *,
    quiet: bool,
    log: Callable[[str], None],
    fresh: bool = False,
) -> list[StoredRun]:
    """Run what the plans ask for, and return every plan's run in order, reused ones included.

    :param plans: of experiments whose pictures of one name are the same, but for their samples.
    :param log: takes one line a stored run.
    :param fresh: whether to measure anew what is stored of pictures.
    :raises DataError: where a run cannot be stored.
    """
    store.sweep()
    waiting = [plan for plan in plans if plan.stored is None]
    if not waiting:
        return [plan.stored for plan in plans if plan.stored is not None]
    for plan in waiting:
        for aside in store.set_aside(plan.job.identity):
            log(f"{aside}: set aside, damaged")
    visits = _visit(waiting, pool, quiet, fresh)
    pixels = {name: visit.pixels for name, visit in visits.items()}
    for plan in {id(plan.job.experiment.dataset): plan for plan in waiting}.values():
        pictures = plan.job.experiment.pictures
        for picture in plan.job.experiment.all_pictures:
            apply(visits[picture.name], picture)
        write_pictures(store.results / plan.job.identity.dataset / table_name(plan.key_parts), pictures, pixels)
    works = [_Work(plan, visits) for plan in waiting]
    stored: dict[int, StoredRun] = {}
    for work in progress(_finished(works, pool), "runs", len(works), quiet=quiet):
        run = work.store(store)
        stored[id(work.plan)] = run
        job = work.plan.job
        log(f"{job.identity.predictor} under {job.identity.asked}: {run.status} ({work.seconds:.1f} s after measuring)")
    return [plan.stored or stored[id(plan)] for plan in plans]


@final
class _Work:
    def __init__(self, plan: Plan, visits: dict[str, Visit]) -> None:
        self.plan = plan
        self._visits = {picture.name: visits[picture.name] for picture in plan.job.experiment.all_pictures}
        self.tasks: list[FoldTask] = fold_tasks(plan.job, self._visits)
        self.seconds = 0.0
        self._rows: dict[str, Row] = {}
        self._fitted: dict[int, dict[str, float]] = {}
        self._done = 0

    def take(self, result: FoldResult) -> bool:
        """Take what one task gave; whether that was the last."""
        self._rows |= result.rows
        self._fitted |= result.fitted
        self.seconds += result.seconds
        self._done += 1
        return self._done == len(self.tasks)

    def store(self, store: Store) -> StoredRun:
        predictions = predictions_of(self.plan.job, self._rows)
        return store.write(self._record(predictions), predictions)

    def _record(self, predictions: pd.DataFrame) -> RunRecord:
        plan, job, experiment = self.plan, self.plan.job, self.plan.job.experiment
        failed = int(predictions["predicted_level"].isna().sum())
        errors = predictions.loc[predictions["error"] != "", "error"]
        key = job.make().measured_as
        remarks = Counter(self._visits[name].measured[key].remark for name in predictions["picture"])
        measure_s = float(predictions["ms"].sum(skipna=True)) / 1000
        return RunRecord(
            identity=job.identity,
            key=plan.key,
            key_parts=plan.key_parts,
            status="complete" if failed == 0 else "failed" if failed == len(predictions) else "partial",
            error="" if errors.empty else f"{failed} of {len(predictions)} pictures failed: {errors.iloc[0]}",
            seed=experiment.seed,
            kind=job.entry.kind,
            card=job.entry.card,
            parameters=plan.key_parts["parameters"],
            fitted={str(fold): numbers for fold, numbers in sorted(self._fitted.items()) if numbers},
            labels_of=job.entry.predictor.labels_of(job.entry.parameters),
            remarks={remark: count for remark, count in sorted(remarks.items()) if remark},
            truth_meaning=job.truth.meaning,
            dataset=DatasetRecord.of(experiment.dataset, experiment.options, experiment.root),
            pictures_table=table_name(plan.key_parts),
            pictures=len(predictions),
            sources=int(predictions["source"].nunique()),
            failed=failed,
            versions=versions(),
            decoder=plan.key_parts["decoder"],
            machine=machine(),
            device=job.device,
            timings_s={"measure_and_predict": round(measure_s, 4), "fit_and_predict": round(self.seconds, 4)},
            finished=datetime.now(timezone.utc).isoformat(timespec="microseconds"),
        )


def _visit(plans: Sequence[Plan], pool: WorkerPool, quiet: bool, fresh: bool) -> dict[str, Visit]:
    """A visit to each picture, for all predictors, truths and JNDs."""
    predictors = {predictor.measured_as: predictor for predictor in (plan.job.make() for plan in plans)}
    asked = list(predictors.values())
    pictures = named_pictures(plans)
    visits: dict[str, Visit] = {}
    for visit in progress(_visits(pictures, asked, pool, fresh), "pictures", len(pictures), quiet=quiet):
        visits[visit.picture] = visit
        if visit.error:
            warnings.warn(f"{visit.picture}: no PSNR and no bytes are known: {visit.error}", stacklevel=2)
    return {name: visits[name] for name in pictures}


def _visits(
    pictures: Mapping[str, Picture], predictors: Sequence[JNDPredictor], pool: WorkerPool, fresh: bool
) -> Iterator[Visit]:
    tasks = []
    for picture in pictures.values():
        known = None if fresh else stored_visit(picture, predictors)
        if known is None:
            tasks.append(VisitTask(picture, predictors, fresh))
        else:
            yield known
    yield from (visit for _, visit in pool.run(tasks))


def _finished(works: Sequence[_Work], pool: WorkerPool) -> Iterator[_Work]:
    """Each plan's work when the last of its folds is done."""
    tasks = [(work, task) for work in works for task in work.tasks]
    for place, result in pool.run([task for _, task in tasks]):
        work, _ = tasks[place]
        if work.take(result):
            yield work
