"""Running predictors: what is trained and tested on what, the store of runs, and scores.

From Python, call `run_benchmark`; from a shell, `python -m protocols.run`. The commands are `run`, `submit`, `score`.
Each protocol is one file: `kfold`, `learning_curve`, `transfer`, `ablation`. What they share: `plan` lists the
jobs, `runner` carries them out, `estimate` says what they will cost. `workers/` measures pictures, fits and predicts,
in processes; `store/` keeps runs and decides which are reused, `scoring/` computes scores.
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
