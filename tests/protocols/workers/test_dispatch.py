"""Whatever a predictor does to the process that runs it, it alone fails, with the reason, and all else is completed."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from baselines.metric.psnr import Psnr
from baselines.subband.watson1997 import Watson1997
from datasets.common.cache import CacheWarning
from datasets.common.process_pool import ProcessPool
from protocols.workers.dispatch import WorkerPool
from protocols.workers.measure import VisitTask
from protocols.workers.task import Monitor

_spec = importlib.util.spec_from_file_location("faulty_predictors", Path(__file__).with_name("faulty.py"))
faulty = importlib.util.module_from_spec(_spec)
sys.modules["faulty_predictors"] = faulty  # dataclasses look their module up
_spec.loader.exec_module(faulty)


pytestmark = pytest.mark.slow("starts and ends many processes")


@pytest.fixture(autouse=True)
def importable(tmp_path, monkeypatch, empty_cache):
    """Worker processes can import the faulty predictors; nothing is kept of them."""
    (tmp_path / "faulty_predictors.py").write_text(Path(faulty.__file__).read_text())
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[3]))


def _visits(experiment, predictors, pool):
    """Of a picture a source: each in which a process dies costs two processes."""
    pictures = experiment.pictures[::2]
    visits = {visit.picture: visit for _, visit in pool.run([VisitTask(picture, predictors) for picture in pictures])}
    assert visits.keys() == {picture.name for picture in pictures}
    return visits


def _errors(visits, predictor):
    return {name: visit.measured[predictor.measured_as].error for name, visit in visits.items()}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("raises", "RuntimeError: no luck"),
        ("dies", "the process that worked on it died"),
    ],
)
def test_a_measurement_that_goes_wrong_is_a_row_with_its_reason(make_experiment, empty_cache, fault, said):
    """`tests/survival` tries what hangs and what eats memory."""
    predictor = faulty.Faulty(fault=fault)
    with WorkerPool(ProcessPool(2)) as pool:
        visits = _visits(make_experiment(), [predictor, Psnr()], pool)
    assert not any(_errors(visits, Psnr()).values())
    errors = _errors(visits, predictor)
    assert all((said in error) == name.startswith("coffee") for name, error in errors.items()), errors
    assert all(visit.summary is not None for visit in visits.values())
    assert not list((empty_cache / "attempts").iterdir()), "nothing is left of attempts"


def test_what_predictors_print_does_not_mix_with_the_commands_output(make_experiment, capfd):
    predictor = faulty.Faulty(fault="prints")
    with WorkerPool(ProcessPool(1)) as pool:
        _visits(make_experiment(), [predictor], pool)
    _visits(make_experiment(), [faulty.Faulty(fault="prints", once="/nonexistent/never")], WorkerPool())
    printed = capfd.readouterr()
    assert "BUY NOW" not in printed.out and "BUY NOW" in printed.err


def test_a_predictor_that_cannot_travel_is_run_here(make_experiment):
    class Local(faulty.Faulty):
        """A class that no other process can import."""

    with WorkerPool(ProcessPool(1)) as pool, pytest.warns(UserWarning, match="cannot be sent to workers"):
        visits = _visits(make_experiment(), [Local(fault="is innocent")], pool)
    assert not any(_errors(visits, Local(fault="is innocent")).values())


def test_what_only_this_process_can_import_is_run_here(make_experiment, tmp_path, monkeypatch):
    """A worker that cannot unpack a task says so, and does not die of it."""
    predictor = faulty.Faulty(fault="is innocent")
    (tmp_path / "faulty_predictors.py").unlink()
    with WorkerPool(ProcessPool(1)) as pool, pytest.warns(UserWarning, match="workers cannot load"):
        visits = _visits(make_experiment(), [predictor], pool)
    assert not any(_errors(visits, predictor).values())


def test_digits_do_not_depend_on_the_threads_of_the_process_that_finds_them(make_experiment):
    """Sums of several threads of BLAS differ in the last digits; watson1997's did."""
    tasks = [VisitTask(picture, [Watson1997()], fresh=True) for picture in make_experiment().pictures[::2]]
    with threadpool_limits(4, user_api="blas"), WorkerPool(ProcessPool(1)) as pool:
        here, there = dict(WorkerPool().run(tasks)), dict(pool.run(tasks))
    key = Watson1997().measured_as
    for place, visit in there.items():
        np.testing.assert_equal(dict(here[place].measured[key].values), dict(visit.measured[key].values))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_fails_no_predictor(tmp_path):
    """What a task is busy with is written down for the case that its process dies; that is not worth a picture."""
    file = tmp_path / "task"
    file.symlink_to("/dev/full")
    monitor, done = Monitor(file), []
    for work in ("SRC01", "SRC02"):
        with monitor.during("psnr", work):
            done.append(work)
    monitor.end()
    assert done == ["SRC01", "SRC02"] and not file.is_symlink()


def test_workers_warnings_are_told_once_for_all_of_them(make_experiment, monkeypatch, tmp_path):
    (tmp_path / "no-folder").write_text("")
    monkeypatch.setenv("JND_BENCH_CACHE", str(tmp_path / "no-folder"))
    with warnings.catch_warnings(record=True) as caught, WorkerPool(ProcessPool(2)) as pool:
        warnings.simplefilter("always")
        _visits(make_experiment(), [Psnr(), Watson1997()], pool)
    (warning,) = caught
    assert warning.category is CacheWarning and "Set JND_BENCH_CACHE" in str(warning.message)
