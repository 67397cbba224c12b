"""A large report stays quick and small: 40 predictors, 1,008 pictures, 2 truths."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reports import conftest as reports
from tests.reports.conftest import PICTURES_TABLE, write_pictures_table

store_run = reports.store_run

PREDICTORS, PICTURES, TRUTHS = 40, 1008, ("mean", "median")
REPOSITORY = Path(__file__).resolve().parents[2]

_CODE = r"""
import json, os, pathlib, re, sys, time
from reports.build import build
if __name__ == "__main__":
    start = time.perf_counter()
    build(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), quiet=True)
    took = os.times()
    cpu = took.user + took.system + took.children_user + took.children_system
    status = pathlib.Path("/proc/self/status")  # getrusage would count what the process was forked from
    peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.is_file() else None
    mb = int(peak[1]) / 1024 if peak else 0.0
    print(json.dumps({"wall_s": time.perf_counter() - start, "cpu_s": cpu, "mb": mb}))
"""


def make_large(results: Path, store_run) -> None:
    """Store the runs and the table of their pictures."""
    names = [f"astronaut-{index:03d}" for index in range(PICTURES)]
    write_pictures_table(results, names, names)
    for truth in TRUTHS:
        for number in range(PREDICTORS):
            name = "constant" if number == 0 else f"method-{number:02d}"
            info = {"pictures_table": PICTURES_TABLE}
            store_run(results, name, truth=truth, pictures=PICTURES, info=info, each_a_source=True)


@pytest.mark.slow(reason="builds a report of 80 runs")
def test_a_large_report_takes_a_minute_of_processor_time_and_a_gigabyte_at_most(tmp_path, store_run, survived):
    make_large(tmp_path / "results", store_run)
    command = [sys.executable, "-c", _CODE, str(tmp_path / "results"), str(tmp_path / "report")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True)
    took = json.loads(done.stdout.splitlines()[-1])
    print(took)
    # The aim is 20 s on two idle cores; processor time is the same however busy the machine is with others, nearly.
    assert took["cpu_s"] < 60, took
    assert took["mb"] < 1024, took
    survived("a report of 80 runs of 1,008 pictures")
