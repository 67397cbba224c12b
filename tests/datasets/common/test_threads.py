"""Protects the choice of threads: what is really usable, what the user has set, and that fewer are a loan."""

import os
import threading
from collections.abc import Iterator

import pytest
import torch
from threadpoolctl import threadpool_limits

from datasets.common import threads
from datasets.common.threads import (
    map_in_threads,
    one_thread_in_children,
    one_torch_thread,
    prepare_threads,
    torch_threads,
    usable_cores,
    usable_threads,
)

COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    """So that one is fewer, also on one core."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_threads_come_back_also_after_an_error():
    with pytest.raises(KeyError), one_torch_thread():
        assert torch.get_num_threads() == 1
        raise KeyError
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (2, 2), (3, 3), (0, 2)])
def test_there_are_as_many_as_asked_for_and_0_leaves_them_alone(count, expected):
    with torch_threads(count):
        assert torch.get_num_threads() == expected
    assert torch.get_num_threads() == 2


def test_a_loan_within_a_loan_gives_back_what_it_took():
    with torch_threads(3):
        with one_torch_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 3


@pytest.fixture
def sixteen_cores(monkeypatch) -> None:
    """And an environment in which nobody has chosen anything."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(16)), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0), raising=False)
    monkeypatch.setattr(threads, "_chosen", {})
    for variable in (*COUNTS, "OMP_WAIT_POLICY"):
        monkeypatch.delenv(variable, raising=False)


V2, V1 = "0::/a/b\n", "7:memory:/x\n3:cpu,cpuacct:/a/b\n0::/\n"


@pytest.mark.parametrize(
    ("groups", "files", "cores"),
    [
        ("", {}, 16),
        (V2, {}, 16),
        (V2, {"a/b/cpu.max": "max 100000\n", "cpu.max": "max 100000\n"}, 16),
        (V2, {"a/b/cpu.max": "200000 100000\n"}, 2),
        (V2, {"a/cpu.max": "300000 100000\n", "a/b/cpu.max": "800000 100000\n"}, 3),
        (V2, {"a/cpu.max": "800000 100000\n", "a/b/cpu.max": "150000 100000\n"}, 2),
        (V2, {"a/b/cpu.max": "5000 100000\n"}, 1),
        (V2, {"a/b/cpu.max": "6400000 100000\n"}, 16),
        ("0::/../../elsewhere\n", {"cpu.max": "400000 100000\n"}, 4),
        ("0::/\n", {"cpu.max": "50000 10000\n"}, 5),
        ("0::/\n", {"cpu.max": "\n"}, 16),
        ("0::/\n", {"cpu.max": "100000 0\n"}, 16),
        (V1, {"cpu/a/b/cpu.cfs_quota_us": "-1\n", "cpu/a/b/cpu.cfs_period_us": "100000\n"}, 16),
        (V1, {"cpu/a/b/cpu.cfs_quota_us": "700000\n", "cpu/a/b/cpu.cfs_period_us": "100000\n"}, 7),
        (V1, {"cpu/cpu.cfs_quota_us": "250000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        (V1, {"cpu/cpu.cfs_quota_us": "250000\n"}, 16),
        (V1, {"memory/x/cpu.cfs_quota_us": "100000\n", "memory/x/cpu.cfs_period_us": "100000\n"}, 16),
    ],
)
def test_a_container_gives_no_more_cores_than_its_quota(groups, files, cores, tmp_path, sixteen_cores):
    for name, text in {"proc/self/cgroup": groups, **{f"sys/fs/cgroup/{name}": files[name] for name in files}}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert usable_cores(tmp_path) == cores


def test_nothing_is_known_of_control_groups_elsewhere(tmp_path, sixteen_cores):
    assert usable_cores(tmp_path) == 16


@pytest.mark.parametrize(("load", "expected"), [(0.0, 16), (15.6, 16), (18.2, 14), (31.0, 1), (100.0, 1)])
def test_an_overloaded_machine_gets_fewer_threads(load, expected, sixteen_cores, monkeypatch):
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr(threads, "usable_cores", lambda: 16)
    assert usable_threads() == expected


@pytest.mark.parametrize(("wanted", "expected"), [("1", 1), ("3", 3), ("40", 40), ("2,1", 2), ("0", 1)])
def test_the_user_has_the_last_word(wanted, expected, sixteen_cores, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", wanted)
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    before = dict(os.environ)
    prepare_threads()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
    assert {name: os.environ.get(name) for name in COUNTS} == {name: before.get(name) for name in COUNTS}
    assert usable_threads() == expected
    with one_thread_in_children():
        assert os.environ["OMP_NUM_THREADS"] == wanted
        assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_a_command_takes_the_usable_cores_and_its_children_one_each(sixteen_cores, monkeypatch):
    monkeypatch.setattr(threads, "usable_cores", lambda: 5)
    with threadpool_limits(2, user_api="blas"), pytest.MonkeyPatch.context() as patch:
        for variable in (*COUNTS, "OMP_WAIT_POLICY"):  # so that they go afterwards
            patch.setenv(variable, "")
            patch.delenv(variable)
        prepare_threads()
        assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
        assert os.environ["OMP_NUM_THREADS"] == os.environ["OPENCV_FOR_THREADS_NUM"] == "5"
        assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
        before = dict(os.environ)
        with one_thread_in_children():
            assert {os.environ[name] for name in COUNTS} == {"1"}
        assert dict(os.environ) == before


@pytest.mark.parametrize("count", [1, 2, 7])
def test_results_of_threads_come_in_order_and_each_thread_has_one_of_torch(count, monkeypatch):
    monkeypatch.setattr(threads, "usable_threads", lambda: count)
    both = threading.Barrier(min(count, 3))

    def work(item: int) -> tuple[int, int]:
        both.wait(timeout=20)  # so many are at work at once, and no more than asked for
        return item, torch.get_num_threads()

    assert map_in_threads(work, range(6), most=3) == [(item, 1) for item in range(6)]
    assert map_in_threads(work, [], most=3) == []
    assert torch.get_num_threads() == 2
