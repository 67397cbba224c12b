"""Predictors with every fault at once, through the command: each is recorded as failed, everything else completes."""

from __future__ import annotations

import textwrap

import pytest

from protocols.run import main
from protocols.store.store import Store

PLUGIN = """
    import os, signal, time
    import numpy as np
    from baselines.interface.card import Card
    from baselines.interface.predictor import JNDPredictor, Prediction
    def _hang(): time.sleep(999)
    def _eat(): return [np.empty(2**27) for _ in range(64)]
    class _Base(JNDPredictor):
        def fit(self, pictures, levels, *, seed): return self
        def measure(self, picture): return {}
        def predict(self, picture): return 50.0
"""
FAULTS = {
    "raises": ("measure", "raise RuntimeError('no luck')", "RuntimeError: no luck"),
    "raises-half-a-character": ("measure", "raise RuntimeError('\\ud800')", "\\ud800"),
    "raises-a-megabyte": ("measure", "raise RuntimeError('no ' * 10**6)", "no no no"),
    "raises-what-cannot-be-told": ("measure", "raise type('Mute', (Exception,), {'__str__': None})", "Mute"),
    "exits": ("measure", "raise SystemExit(3)", "SystemExit"),
    "dies": ("measure", "os._exit(3)", "the process that worked on it died"),
    "is-killed": ("measure", "os.kill(os.getpid(), signal.SIGKILL)", "the process that worked on it died"),
    "hangs": ("measure", "_hang()", "it took more than 3 s (--timeout), in _hang"),
    "eats-memory": ("measure", "_eat()", "Unable to allocate"),
    "overflows": ("measure", "return self.measure(picture)", "RecursionError"),
    "fit-hangs": ("fit", "_hang()", "it took more than 3 s (--timeout), in _hang"),
    "fit-dies": ("fit", "os._exit(3)", "the process that worked on it died"),
    "gives-nan": ("predict", "return float('nan')", "predicted QF nan, outside 1..100"),
    "gives-101": ("predict", "return 101.0", "predicted QF 101, outside 1..100"),
    "gives-text": ("predict", "return 'fifty'", "could not convert string to float"),
    "gives-nothing": ("predict", "return None", "TypeError"),
    "gives-an-array": ("predict", "return np.ones(3)", "TypeError"),
    "measures-an-object": ("measure", "return object()", "measure gave something of type object: give a dict of"),
    "falls": ("predict", "return Prediction(50.0, np.linspace(1, 0, 100))", "falls from a worse to a better level"),
}
HARMLESS = {"prints": ("measure", "print('BUY NOW'); os.write(1, b'BUY NOW'); return {}")}
ARGUMENTS = {"fit": "self, pictures, levels, *, seed"}


def _source(name: str, method: str, body: str) -> str:
    card = f'Card("{name}", "{name}", needs_pictures=True)'
    head = f"class {name.replace('-', '_')}(_Base):\n    card = {card}\n"
    return head + f"    def {method}({ARGUMENTS.get(method, 'self, picture')}): {body}\n"


@pytest.mark.slow(reason="waits for predictors that hang, and starts processes again that others ended")
def test_no_fault_of_a_predictor_takes_another_along(tmp_path, monkeypatch, empty_cache, capfd, survived):
    faulty = {name: (method, body) for name, (method, body, _) in FAULTS.items()} | HARMLESS
    sources = [_source(name, *how) for name, how in faulty.items()]
    (tmp_path / "faulty_plugins.py").write_text(textwrap.dedent(PLUGIN) + "\n".join(sources))
    monkeypatch.syspath_prepend(str(tmp_path))
    names = [f"faulty_plugins:{name.replace('-', '_')}" for name in faulty]
    flags = ["--limit", "4", "--jobs", "2", "--timeout", "3", "--memory", "4"]
    flags += ["--results", str(tmp_path / "results"), "--report", str(tmp_path / "report")]
    assert main(["--predictors", *names, "constant", "psnr", "chou1995", *flags]) == 1
    runs = {run.identity.predictor: run for run in Store(tmp_path / "results").runs()}
    for name, (*_, said) in FAULTS.items():
        errors = runs[name].predictions["error"]
        assert runs[name].status == "failed", name
        assert errors.str.contains(said, regex=False).any(), (name, errors.tolist())
    for name in ("constant", "psnr", "chou1995", "prints"):
        assert runs[name].status == "complete", runs[name].record.error
    printed = capfd.readouterr()
    assert "BUY NOW" not in printed.out and "MAE" in printed.out
    survived(f"faults of a predictor: {', '.join([*FAULTS, *HARMLESS])}", len(FAULTS) + len(HARMLESS))
