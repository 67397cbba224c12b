"""What reaches a worker is the task, and the pictures of a data set are packed and unpacked once."""

from __future__ import annotations

import numpy as np

from baselines.interface.measurements import Measurement
from baselines.interface.registry import Registered
from baselines.metric.psnr import Psnr
from datasets.core.truths import find_truth
from protocols.plan import Job
from protocols.workers.measure import VisitTask, visit
from protocols.workers.parcel import Packer, unpack
from protocols.workers.run_folds import FoldTask
from protocols.workers.task import Monitor


def _task(experiment, truth="mean"):
    job = Job(experiment, find_truth(truth), Registered("psnr", Psnr, {}), "cpu")
    measured = {picture.name: Measurement() for picture in experiment.pictures}
    return FoldTask(job, experiment.folds.numbers, measured)


def test_an_unpacked_task_gives_the_rows_of_the_packed_one(make_experiment):
    task = _task(make_experiment())
    unpacked = unpack(*Packer().pack(task))
    rows, expected = unpacked.run(Monitor()).rows, task.run(Monitor()).rows
    for name in expected:
        np.testing.assert_equal({**rows[name], "ms": 0}, {**expected[name], "ms": 0})


def test_tasks_of_one_experiment_share_its_pictures(make_experiment):
    """And none finds what another has measured, which would pile up in a worker."""
    experiment, packer = make_experiment(), Packer()
    first = unpack(*packer.pack(_task(experiment)))
    first.job.experiment.pictures[0].measurements["a method"] = 1
    second = unpack(*packer.pack(_task(experiment, "median")))
    assert second.job.experiment is first.job.experiment and second.job.truth.name == "median"
    assert not second.job.experiment.pictures[0].measurements
    task, shared = packer.pack(_task(experiment))
    assert len(task) < len(shared), "pictures stand in the shared part"


def test_each_task_gets_its_own_experiment(make_experiment):
    """Also where tasks of two alternate."""
    one, other, packer = make_experiment(seed=1), make_experiment(seed=2), Packer()
    parcels = [packer.pack(_task(experiment)) for experiment in (one, other, one)]
    assert [unpack(*each).job.experiment.seed for each in parcels] == [1, 2, 1]


def test_a_visit_has_no_shared_part(make_experiment):
    picture = make_experiment().pictures[0]
    task, shared = Packer().pack(VisitTask(picture, [Psnr()]))
    assert not shared
    assert unpack(task, shared).run(Monitor()).measured.keys() == visit(picture, [Psnr()]).measured.keys()
