"""Carrying out a plan: visit each picture once for all predictors, apply folds and truths, store run by run."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence

from datasets.commands import progress
from protocols.crossval import cross_validate
from protocols.job import Plan, Task
from protocols.measure import Visit, apply, visit_all
from protocols.picture_facts import table_name, write_pictures
from protocols.record import describe
from protocols.store import Store, StoredRun

Say = Callable[[str], None]


def carry_out(plans: Sequence[Plan], store: Store, *, jobs: int, quiet: bool, say: Say) -> list[StoredRun]:
    """Run what the plans ask for, in order, and return every plan's run, reused ones included.

    :param plans: of one task.
    :param jobs: worker processes for the visits.
    :param say: takes one line a stored run.
    :raises DataError: where a run cannot be stored.
    """
    store.sweep()
    waiting = [plan for plan in plans if plan.stored is None]
    visits = _visit(waiting[0].job.task, waiting, jobs, quiet) if waiting else {}
    if waiting:
        task = waiting[0].job.task
        table = store.results / task.dataset.card.name / table_name(waiting[0].key_parts)
        write_pictures(table, task.pictures, {name: visit.pixels for name, visit in visits.items()})
    done: list[StoredRun] = []
    for plan in progress(plans, "runs", quiet=quiet or not waiting):
        if plan.stored is not None:
            done.append(plan.stored)
            continue
        for aside in store.set_aside(plan.job.identity):
            say(f"{aside}: set aside, damaged")
        start = time.perf_counter()
        predictions = cross_validate(plan.job, visits)
        seconds = time.perf_counter() - start
        measure_s = float(predictions["ms"].sum(skipna=True)) / 1000
        key = plan.job.make().measurement_key()
        remarks = [visit.measured[key].remark for visit in visits.values()]
        timings = {"measure_and_predict": measure_s, "fit_and_predict": seconds}
        info = describe(plan, predictions, timings, remarks)
        run = store.write(info, predictions)
        say(
            f"{plan.job.identity.predictor} under {plan.job.truth.name}: {run.status} ({seconds:.1f} s after measuring)"
        )
        done.append(run)
    return done


def _visit(task: Task, plans: Sequence[Plan], jobs: int, quiet: bool) -> dict[str, Visit]:
    predictors = {predictor.measurement_key(): predictor for predictor in (plan.job.make() for plan in plans)}
    pictures = {picture.name: picture for picture in task.pictures}
    visits: dict[str, Visit] = {}
    found = visit_all(task.pictures, list(predictors.values()), jobs=jobs)
    for visit in progress(found, "pictures", len(pictures), quiet=quiet):
        apply(visit, pictures[visit.picture])
        visits[visit.picture] = visit
        if visit.error:
            warnings.warn(f"{visit.picture}: no PSNR and no bytes are known: {visit.error}", stacklevel=2)
    return visits
