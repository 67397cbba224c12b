"""Runs the command where disks are small, full or read-only; prints what came of it as JSON.

Started by `test_results_folder.py` in a mount namespace of its own, so that what it mounts is gone with it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

FLAGS = ["--predictors", "constant", "constant-sur", "fixed-75", "psnr", "--limit", "4", "--jobs", "1", "-q"]


def disk(folder: Path, options: str) -> Path:
    """A disk in memory, mounted anew or with other options."""
    what = ["-o", f"remount,{options}"] if folder.is_mount() else ["-t", "tmpfs", "-o", options, "none"]
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", *what, str(folder)], check=True)
    return folder


def command(main: Callable[[list[str]], int], *arguments: str) -> dict[str, Any]:
    """Its exit status and what it said."""
    from datasets.common.commands import run_command

    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        status = run_command(lambda: main(list(arguments)))
    return {"status": status, "said": said.getvalue()}


def stored(results: Path) -> dict[str, Any]:
    """The predictors whose runs are whole, when those were finished, and what else lies there."""
    from protocols.store.store import Store

    return {
        "runs": {run.identity.predictor: run.record.finished for run in Store(results).runs()},
        "left": [path.name for path in results.rglob(".*")],
    }


def results_fill_up(folder: Path) -> dict[str, Any]:
    """The disk of the results is full in the middle of a run; then there is room."""
    from protocols.run import main

    results = disk(folder / "filling", "size=80k") / "results"
    where = ["--results", str(results), "--report", str(folder / "report")]
    first, kept = command(main, *FLAGS, *where), stored(results)
    disk(folder / "filling", "size=10m")
    second, then = command(main, *FLAGS, *where), stored(results)
    return {"first": first, "kept": kept, "second": second, "then": then}


def results_are_full(folder: Path) -> dict[str, Any]:
    """The disk is full from the beginning."""
    from protocols.run import main

    results = disk(folder / "full", "size=16k") / "results"
    return command(main, *FLAGS, "--results", str(results), "--report", str(folder / "none"))


def results_are_read_only(folder: Path) -> dict[str, Any]:
    """A finished run is repeated, and another asked for, where nothing can be written."""
    from protocols.run import main

    results = folder / "filling" / "results"
    disk(folder / "filling", "ro")
    where = ["--results", str(results), "--report", str(folder / "repeated")]
    return {
        "repeated": command(main, *FLAGS, *where),
        "another": command(main, *FLAGS, "--seed", "1", *where),
        "stored": stored(results),
    }


def report_fills_up(folder: Path) -> dict[str, Any]:
    """The disk of the report is full in the middle; then there is room."""
    from reports.build import main as build

    report = disk(folder / "pages", "size=600k") / "report"
    flags = ["--results", str(folder / "filling" / "results"), "--out", str(report), "-q"]
    first = command(build, *flags)
    left = [path.name for path in report.rglob(".*")]
    disk(folder / "pages", "size=30m")
    second = command(build, *flags)
    shutil.copytree(report, folder / "grown")
    return {"first": first, "left": left, "second": second}


def cache_is_full(folder: Path) -> dict[str, Any]:
    """What was measured cannot be kept for another time."""
    from protocols import run

    os.environ["JND_BENCH_CACHE"] = str(disk(folder / "cache", "size=4k"))
    flags = ["--predictors", "ssim", "--limit", "2", "--jobs", "1", "-q"]
    run._report = lambda *_, **__: None  # the report is tried above, and drawing it takes long
    results = folder / "uncached"
    return {"ended": command(run.main, *flags, "--results", str(results)), "stored": stored(results)}


if __name__ == "__main__":
    faults = (results_fill_up, results_are_full, results_are_read_only, report_fills_up, cache_is_full)
    print(json.dumps({fault.__name__: fault(Path(sys.argv[1])) for fault in faults}))
