"""Predictors with every fault that ends or hinders a process, importable by worker processes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from baselines.interface.card import Card
from baselines.interface.predictor import JNDPredictor


class Faulty(JNDPredictor):
    """Answers 50, and on one source does what it should not, in one of its methods."""

    fault: str = ""
    where: str = "measure"
    source: str = "coffee"
    once: str = ""

    card = Card("faulty", "Faulty", needs_pictures=True)

    def fit(self, pictures, levels, *, seed):
        """Learn nothing; misbehave where the source is in training."""
        if any(picture.source == self.source for picture in pictures):
            self._misbehave("fit")
        return self

    def measure(self, picture):
        """1, or a fault."""
        if picture.source == self.source:
            self._misbehave("measure")
        return {"value": np.ones(1)}

    def predict(self, picture):
        """50, or a fault."""
        if picture.source == self.source:
            self._misbehave("predict")
        return 50.0

    def _misbehave(self, where):
        if where == self.where and not (self.once and Path(self.once).exists()):
            if self.once:
                Path(self.once).touch()
            _FAULTS[self.fault]()


def _raise():
    raise RuntimeError("no luck")


def _hang():
    while True:
        time.sleep(0.1)


def _hang_in_c():
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
    (b"a" * 40).replace(b"a", b"b")
    import re

    re.match(r"(a|a)*b", "a" * 40)


def _eat():
    return [np.empty(2**27) for _ in range(64)]


_FAULTS = {
    "raises": _raise,
    "dies": lambda: os._exit(3),
    "is killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "hangs": _hang,
    "hangs in C": _hang_in_c,
    "eats memory": _eat,
    "prints": lambda: print("BUY NOW"),
    "is innocent": lambda: None,
}
