"""The global random generators that no predictor may move: Python's, numpy's, and torch's where it is loaded."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

# ruff: noqa: NPY002 - numpy's global generator is what is watched here


@contextmanager
def random_states_kept() -> Iterator[Callable[[], dict[str, object]]]:
    """Gives a function that reads every global generator's state, and puts the generators back at the end."""
    torch = sys.modules.get("torch")
    python, numpys = random.getstate(), np.random.get_state()
    torchs = torch.get_rng_state() if torch else None
    try:
        yield _random_states
    finally:
        random.setstate(python)
        np.random.set_state(numpys)
        if torch:
            torch.set_rng_state(torchs)


def seed_globally(seed: int) -> None:
    """Seed every global generator."""
    random.seed(seed)
    np.random.seed(seed)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(seed)


def _random_states() -> dict[str, object]:
    states: dict[str, object] = {"random": random.getstate(), "numpy.random": repr(np.random.get_state(legacy=False))}
    if torch := sys.modules.get("torch"):
        states["torch"] = torch.get_rng_state().numpy().tobytes()
    return states
