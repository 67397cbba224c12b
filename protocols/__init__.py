"""Experiments with predictors: what is trained and tested on what, the store of predictions, and scores.

`run_benchmark` is the door for Python, `python -m protocols.run` the command over it. Here stand the commands (`run`,
`score`), one file for each protocol (`kfold`, `ablation`), and what is the same for all of them: `plan` (jobs and what
is reused), `measure` (pictures), `crossval` (folds), `runner` (all of it in order), `estimate` (what it will cost).
Stored runs are in `store/`, worker processes in `workers/`, scores in `scoring/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from protocols.benchmark import run_benchmark

__all__ = ["run_benchmark"]


def __getattr__(name: str) -> Any:
    if name != "run_benchmark":
        raise AttributeError(f"module 'protocols' has no attribute {name!r}")
    from protocols.benchmark import run_benchmark

    return run_benchmark
