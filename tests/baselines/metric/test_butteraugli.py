"""Protects Butteraugli: how libjxl's program is called, read and waited for, by a program that really compares."""

import os
import sys
from pathlib import Path

import pytest

from baselines.metric import butteraugli as module
from baselines.metric.butteraugli import PROGRAM, Butteraugli
from datasets.common.errors import UserError

COMPARES = """
import sys
import numpy as np
from PIL import Image
first, second = (np.asarray(Image.open(path)).astype(float) for path in sys.argv[1:])
print(f"{np.abs(first - second).max() / 10:.10f}")
print("3-norm: 0.123456")
"""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs are scripts with a first line here")


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Installs a program on a PATH of its own; prints as libjxl's does: the distance, then its 3-norm."""

    def install(code: str = COMPARES) -> Path:
        path = tmp_path / PROGRAM
        path.write_text(f"#!{sys.executable}\n{code}")
        path.chmod(0o755)
        return path

    monkeypatch.setenv("PATH", str(tmp_path))
    return install


def test_it_keeps_metrics_promises(program, keeps_metrics_promises):
    program()
    assert Butteraugli().unavailable() == ""
    scores = keeps_metrics_promises(Butteraugli())
    assert scores[10] > scores[50] > scores[90] > 0


def test_the_program_sees_the_pixels_as_they_are_and_no_file_is_left(program, photograph, tmp_path, monkeypatch):
    program()
    monkeypatch.setattr(module.tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    other = photograph.copy()
    other[5, 7, 1] ^= 0b00110000
    wanted = abs(int(other[5, 7, 1]) - int(photograph[5, 7, 1])) / 10
    assert Butteraugli().against(photograph, 24.3)(other) == pytest.approx(wanted)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_3_norm_is_read_where_it_is_asked_for(program, photograph):
    """Its anchors are of this norm: the first line's number would lie above all of them."""
    program()
    predictors = {name: Butteraugli(**parameters) for name, parameters in Butteraugli.variants().items()}
    score = {name: predictor.against(photograph, 24.3)(photograph) for name, predictor in predictors.items()}
    assert score["butteraugli-konjnd"] == score["butteraugli-konjnd-bpg"] == 0.123456
    assert score["butteraugli"] == score["butteraugli-as-published"] == 0
    program("print('1.5')")
    with pytest.raises(UserError, match=r"no distance \(3 norm\)"):
        predictors["butteraugli-konjnd"].against(photograph, 24.3)(photograph)
    with pytest.raises(UserError, match="norm is one of max, 3, not '2'"):
        Butteraugli(norm="2").against(photograph, 24.3)


def test_the_program_is_an_ingredient(program):
    program()
    first = Butteraugli().ingredients()
    program(COMPARES + "# a newer version\n")
    assert set(first) == {PROGRAM}
    assert Butteraugli().ingredients() != first


def test_without_the_program_it_says_where_it_comes_from(program):
    assert "not on PATH" in Butteraugli().unavailable()
    assert "libjxl" in Butteraugli().unavailable()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys\nsys.exit('Failed to read image')", "status 1, saying: Failed to read image"),
        ("print('Usage: butteraugli')", r"printed no distance \(max norm\) but 'Usage"),
        ("", "printed no distance"),
        ("import time\ntime.sleep(60)", "took more than 0.5 s"),
    ],
    ids=["fails", "talks", "silent", "hangs"],
)
def test_a_program_that_does_otherwise_is_an_error(program, photograph, monkeypatch, code, said):
    program(code)
    monkeypatch.setattr(module, "TIMEOUT_S", 0.5)
    with pytest.raises(UserError, match=said):
        Butteraugli().against(photograph, 24.3)(photograph)


def test_a_file_that_is_no_program_is_an_error(program, photograph):
    path = program()
    score = Butteraugli().against(photograph, 24.3)
    path.write_bytes(os.urandom(64))
    with pytest.raises(UserError, match="cannot be run"):
        score(photograph)
