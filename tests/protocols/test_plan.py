"""The plan: what is stored and still valid is reused, what changed is named, and limits touch every fold."""

from __future__ import annotations

import copy
import dataclasses
import threading

import numpy as np
import pytest

from baselines.constant.constant import Constant
from baselines.constant.fixed import Fixed
from baselines.interface.card import Card
from baselines.interface.predictor import JNDPredictor
from baselines.interface.registry import Registered
from baselines.metric.psnr import Psnr
from datasets.common.code import forget_code
from datasets.common.errors import UserError
from datasets.core.dataset import Manifest, OpenOptions
from datasets.core.folds import Folds
from datasets.core.truths import find_truth
from protocols.plan import Job, limited, plan_jobs
from protocols.runner import carry_out
from protocols.store.run_key import key_parts, run_key
from protocols.store.store import Store
from protocols.workers.dispatch import WorkerPool

CONSTANT = Registered("constant", Constant)


def _key(experiment, entry=CONSTANT, truth="mean", device="cpu"):
    return run_key(key_parts(Job(experiment, find_truth(truth), entry, device)))


def test_the_key_changes_with_everything_predictions_depend_on(make_experiment):
    experiment = make_experiment()
    dataset = dataclasses.replace(experiment.dataset, manifest=Manifest({"made": "otherwise"}))
    others = [
        _key(make_experiment(seed=1)),
        _key(experiment, truth="median"),
        _key(experiment, Registered("psnr", Psnr)),
        _key(experiment, Registered("fixed-75", Fixed, {"quality": 75})),
        _key(experiment, Registered("fixed-75", Fixed, {"quality": 76})),
        _key(dataclasses.replace(experiment, dataset=dataset)),
        _key(dataclasses.replace(experiment, folds=Folds("half", experiment.folds.fold_of, "1" * 64))),
        _key(dataclasses.replace(experiment, options=OpenOptions(jnd=2))),
        _key(dataclasses.replace(experiment, options=OpenOptions(anchor="best-level"))),
        _key(dataclasses.replace(experiment, limit=4)),
    ]
    assert len({_key(experiment), *others}) == 1 + len(others)


class Weighted(JNDPredictor):
    """Takes whatever is given."""

    card = Card("weighted", "Weighted", needs_pictures=False)
    weights: object = None

    def fit(self, pictures, levels, *, seed):
        return self

    def predict(self, picture):
        return 50.0


def test_the_key_has_the_content_of_parameters(make_experiment, tmp_path):
    experiment = make_experiment()

    def key(weights):
        forget_code()
        return _key(experiment, Registered("weighted", Weighted, {"weights": weights}))

    table = np.arange(5000.0)
    changed = table.copy()
    changed[2500] = 0.5  # the middle of a long array is left out where it is printed
    file = tmp_path / "weights.npy"
    file.write_bytes(b"first")
    values = [None, 1, 1.0, float("nan"), -0.0, 0.0, [1], (1,), {"1": 1}, {1: 1}, table, changed, file, str(file)]
    before = [key(value) for value in values]
    assert len(set(before)) == len(values)
    assert before[:12] == [key(copy.deepcopy(value)) for value in values[:12]]
    file.write_bytes(b"other")
    assert not {key(file), key(str(file))} & set(before)


def test_what_cannot_be_known_to_be_the_same_is_run_anew(make_experiment, tmp_path):
    store, experiment = Store(tmp_path), make_experiment()
    entry = Registered("weighted", Weighted, {"weights": threading.Lock()})
    for expected in ("not stored yet", "cannot be known to be the same: its parameter 'weights' has something of type"):
        with pytest.warns(UserWarning, match=r"weighted is run anew each time.*parameter 'weights'.*lock") as told:
            plans = plan_jobs([experiment], ["mean", "median"], [entry, CONSTANT], store, rerun="stale", device="cpu")
        assert len(told) == 1, "said once, and only of the predictor that it is about"
        assert plans[0].reason.startswith(expected) and plans[0].stored is None
        carry_out(plans, store, WorkerPool(), quiet=True, log=print)
    assert plans[1].stored is not None


def test_the_key_does_not_depend_on_the_device(make_experiment):
    assert _key(make_experiment(), device="cuda") == _key(make_experiment(), device="cpu")


def _plan(experiment, store, rerun="stale"):
    return plan_jobs([experiment], ["mean"], [CONSTANT], store, rerun=rerun, device="cpu")[0]


def _carry_out(experiment, store, rerun="stale"):
    plan = _plan(experiment, store, rerun)
    return carry_out([plan], store, WorkerPool(), quiet=True, log=print)[0]


def test_stored_runs_are_reused_until_something_changes(make_experiment, tmp_path):
    store, experiment = Store(tmp_path), make_experiment()
    assert _plan(experiment, store).reason == "not stored yet"
    first = _carry_out(experiment, store)
    assert _plan(experiment, store).stored == first
    changed = make_experiment(seed=7)
    assert _plan(changed, store).reason == "stale: changed since it was stored: seed"
    assert _plan(changed, store, "never").stored == first
    assert _plan(experiment, store, "always").stored is None
    second = _carry_out(changed, store)
    assert [run.key for run in store.runs()] == [second.key], "one run an identity"


def test_a_run_with_failures_is_run_again(make_experiment, tmp_path):
    store, experiment = Store(tmp_path), make_experiment()
    run = _carry_out(experiment, store)
    frame = run.predictions.assign(predicted_level=float("nan"))
    store.write(dataclasses.replace(run.record, status="failed"), frame)
    assert "failed" in _plan(experiment, store).reason
    assert _plan(experiment, store).stored is None


def test_a_limit_takes_pictures_of_every_fold_in_turn(make_experiment):
    experiment = make_experiment()
    chosen = limited(experiment.pictures, experiment.folds, 3)
    assert [p.name for p in chosen] == sorted(p.name for p in chosen)
    assert sorted(experiment.folds.fold_of[p.source] for p in chosen) == [1, 1, 2]
    assert limited(experiment.pictures, experiment.folds, 1000) == experiment.pictures
    with pytest.raises(UserError, match="at least 2"):
        limited(experiment.pictures, experiment.folds, 1)
