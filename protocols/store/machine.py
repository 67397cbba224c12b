"""The machine and the packages that a run was made with, as far as numbers and timings depend on them."""

from __future__ import annotations

import functools
import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = (
    "jnd-bench",
    "numpy",
    "scipy",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "scikit-image",
    "opencv-python-headless",
    "Pillow",
    "torch",
    "torchvision",
)


@functools.cache
def versions() -> dict[str, str]:
    """Python's version and those of the packages that touch numbers; none is imported for it."""
    known = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            known[package] = version(package)
        except PackageNotFoundError:
            known[package] = "not installed"
    return known


@functools.cache
def machine() -> dict[str, Any]:
    """The machine, as far as timings depend on it."""
    return {
        "system": platform.platform(),
        "processor": _processor_name(),
        "usable_cores": usable_cores(),
    }


def usable_cores() -> int:
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor_name() -> str:
    info = Path("/proc/cpuinfo")
    name = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE) if info.is_file() else None
    return name.group(1) if name else platform.processor() or platform.machine()
