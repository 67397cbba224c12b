"""Running predictors: what is trained and tested on what, the store of runs, and scores.

From Python, call `run_benchmark`; from a shell, `python -m protocols.run`. The commands are `run` and `score`. Each
protocol is one file: `kfold`, `repeated_kfold`, `ablation`. What all protocols share: `plan` lists the jobs, `measure`
measures pictures, `run_folds` fits and predicts, `runner` does all of this in order, `estimate` says what it will cost.
`store/` keeps runs and decides which are reused, `workers/` gives tasks to processes, `scoring/` computes scores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import baselines  # noqa: F401  # which refuses packages of others that have our names

if TYPE_CHECKING:
    from protocols.benchmark import run_benchmark

__all__ = ["run_benchmark"]


def __getattr__(name: str) -> Any:
    if name != "run_benchmark":
        raise AttributeError(f"module 'protocols' has no attribute {name!r}")
    from protocols.benchmark import run_benchmark

    return run_benchmark
