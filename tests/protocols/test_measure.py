"""Visits find the same in one process and in several, and a failure is written down where it happened."""

from __future__ import annotations

import dataclasses
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from baselines.chou1995 import Chou1995
from baselines.jpeg_recompress import JpegRecompress
from baselines.psnr import Psnr
from datasets.codec import Bpg
from datasets.errors import DataError
from datasets.picture import Picture
from protocols.measure import apply, visit, visit_all


def test_two_processes_find_what_one_finds(make_task):
    predictors = [Psnr(), Chou1995()]
    pictures = make_task().pictures[:4]
    alone = {v.picture: v for v in visit_all(pictures, predictors, jobs=1)}
    together = {v.picture: v for v in visit_all(make_task().pictures[:4], predictors, jobs=2)}
    assert alone.keys() == together.keys()
    for name, one in alone.items():
        other = together[name]
        np.testing.assert_array_equal(one.summary.mse, other.summary.mse)
        np.testing.assert_array_equal(one.summary.size_bytes, other.summary.size_bytes)
        for key, measured in one.measured.items():
            np.testing.assert_array_equal(measured.value, other.measured[key].value)


def test_a_tool_for_jpeg_alone_fails_on_bpg_in_its_own_words():
    predictor = JpegRecompress()
    found = visit(Picture("SRC0505", "SRC0505", Bpg(), 24.3), [predictor, Psnr()])
    measured = found.measured[predictor.measurement_key()]
    assert measured.error.startswith("jpeg-recompress searches for a JPEG quality")


def test_a_picture_lets_its_pixels_go(make_task):
    picture = make_task().pictures[0]
    visit(picture, [Psnr()])
    assert "reference" not in vars(picture.ladder)
    assert len(pickle.dumps(picture)) < 10_000


def test_what_was_measured_is_what_predictors_get(make_task):
    picture = make_task().pictures[0]
    apply(visit(picture, [Chou1995()]), picture)
    assert picture.ladder.summary_reads > 0
    before = picture.ladder.summary_reads
    Chou1995().measurement(picture.without_samples())
    assert picture.ladder.summary_reads == before, "a measured picture must not be measured again"


def test_a_picture_without_pixels_fails_for_who_needs_them(make_task):
    picture = dataclasses.replace(make_task().pictures[0], ladder_or_none=None)
    found = visit(picture, [Psnr()])
    assert found.summary is None
    assert found.error == ""
    assert "no pixels" in found.measured[Psnr().measurement_key()].error


def test_a_damaged_picture_says_why(make_task):
    picture = make_task().pictures[0]

    def broken():
        raise DataError("SRC01.bmp: truncated")

    ladder = type(picture.ladder)(picture.codec, broken)
    found = visit(dataclasses.replace(picture, ladder_or_none=ladder), [Psnr()])
    assert found.error == "SRC01.bmp: truncated"
    assert found.measured[Psnr().measurement_key()].error == "SRC01.bmp: truncated"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")
def test_workers_do_not_outlive_a_killed_parent(tmp_path):
    program = textwrap.dedent(
        """
        import multiprocessing, os, sys, time
        from concurrent.futures import ProcessPoolExecutor
        from protocols.measure import _start_worker
        if __name__ == "__main__":
            context = multiprocessing.get_context("spawn")
            lifeline, held_end = context.Pipe(duplex=False)
            pool = ProcessPoolExecutor(1, mp_context=context, initializer=_start_worker, initargs=(lifeline,))
            print(pool.submit(os.getpid).result(), flush=True)
            time.sleep(60)
        """
    )
    (tmp_path / "parent.py").write_text(program)
    with subprocess.Popen([sys.executable, str(tmp_path / "parent.py")], stdout=subprocess.PIPE, text=True) as parent:
        worker = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait(timeout=10)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _runs(worker):
        time.sleep(0.2)
    assert not _runs(worker)


def _runs(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as stat:  # noqa: PTH123
            return stat.read().split()[2] != "Z"
    except FileNotFoundError:
        return False
