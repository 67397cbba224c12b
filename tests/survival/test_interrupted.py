"""Trainings and predictions that are interrupted: they go on to the same bits, and what was printed stays."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys

import pytest
import torch

from sgjnd import train
from sgjnd.predictors import SgJndLite
from tests.sgjnd import test_predict, test_predictors, test_train
from tests.sgjnd.conftest import checkpoint_file, quick, rated_dataset  # noqa: F401  # fixtures

few, learn, same = test_train.few, test_train.learn, test_train.same
fit, folder = test_predictors.fit, test_predict.folder


def stop_after(monkeypatch, epochs: int) -> None:
    """End the next training when so many epochs are done, as Ctrl-C would."""
    done = []

    def told(config, member, epoch, history):
        done.append((member, epoch))
        if len(done) == epochs:
            raise KeyboardInterrupt

    monkeypatch.setattr(train, "_print_epoch", told)


def test_an_interrupted_training_goes_on_and_ends_as_if_it_had_not_been(learn, empty_cache, monkeypatch, survived):
    """Interrupted after the first head's first epoch, and again after the second head's first."""
    for epochs in (1, 4):
        with monkeypatch.context() as patch:
            stop_after(patch, epochs)
            with pytest.raises(KeyboardInterrupt):
                learn()
    told, whole = [], train._print_epoch

    def counted(config, member, epoch, history):
        told.append((member, epoch))
        whole(config, member, epoch, history)

    monkeypatch.setattr(train, "_print_epoch", counted)
    resumed = learn()
    assert told == [(1, 1), (1, 2), (1, 3)], "no epoch that was done is done again"
    monkeypatch.setenv("JND_BENCH_CACHE", str(empty_cache) + "-other")
    assert same(resumed, learn())
    survived("an interrupted sgjnd.train", 2)


def test_training_that_was_killed_goes_on_to_the_same_bits(rated_pictures, true_levels, quick, empty_cache, survived):  # noqa: F811
    def fit_heads(**more) -> SgJndLite:
        predictor = SgJndLite(settings=quick, device="cpu")
        return predictor.fit(rated_pictures[:6], true_levels[:6], seed=1, **more)

    def stop(member, epoch, history) -> None:
        if (member, epoch) == (1, 1):
            raise KeyboardInterrupt

    whole, epochs = fit_heads(), []
    with pytest.raises(KeyboardInterrupt):
        fit_heads(resumes=True, progress=stop)
    resumed = fit_heads(resumes=True, progress=lambda member, epoch, _: epochs.append((member, epoch)))
    assert epochs[0] == (1, 2) and resumed.fitted_.histories == whole.fitted_.histories
    state = resumed.fitted_.model.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in whole.fitted_.model.state_dict().items())
    survived("an interrupted fit of heads")


def test_a_killed_tuning_goes_on_to_the_same_bits(fit, empty_cache, survived):
    whole, epochs = fit(epochs=2), []

    def stop(member, epoch, history) -> None:
        if (member, epoch) == (1, 0):  # heads are done, and one epoch of the whole network
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(epochs=2, progress=stop)
    resumed = fit(epochs=2, progress=lambda member, epoch, _: epochs.append((member, epoch)))
    assert epochs == [(1, 1)] and resumed.fitted_.histories == whole.fitted_.histories
    for part in ("model", "backbone"):
        states = [getattr(predictor.fitted_, part).state_dict() for predictor in (whole, resumed)]
        assert all(torch.equal(tensor, states[1][name]) for name, tensor in states[0].items()), part
    survived("an interrupted fit of a whole network")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_it_with_130_and_keeps_what_was_said(folder, checkpoint_file, survived):  # noqa: F811
    for number in range(200):
        shutil.copy(folder / "cat.png", folder / f"cat-{number:03d}.png")
    command = [sys.executable, "-m", "sgjnd.predict", str(folder), "--checkpoint", str(checkpoint_file), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and json.loads(process.stdout.readline())["width"] == 64
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in error and "Traceback" not in error
    survived("Ctrl-C of sgjnd.predict")
