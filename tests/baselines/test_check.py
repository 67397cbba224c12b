"""Protects `python -m baselines.check`: its table, its exit status, its errors, and that it runs as typed."""

import subprocess
import sys

import pytest

from baselines.check import main
from baselines.interface.contract.checks import CHECKS
from datasets.common.errors import UserError

OUT_OF_RANGE = """
from baselines.interface.card import Card
from baselines.interface.predictor import JNDPredictor

class Wide(JNDPredictor):
    card = Card("wide", "Wide", needs_pictures=True)

    def fit(self, pictures, levels, *, seed):
        return self

    def predict(self, picture):
        return 1000.0
"""


def test_a_table_with_every_check_and_status_0(capsys):
    assert main(["fixed-9?", "constant"]) == 0
    printed = capsys.readouterr().out
    for check in CHECKS:
        assert printed.count(f"  {check.name} ") == 3
    assert printed.index("fixed-90") < printed.index("fixed-95") < printed.index("constant (")
    assert "FAILED" not in printed
    assert printed.endswith("3 predictors, 0 failed\n")


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch):
    """Lines are wrapped to the terminal's width, whichever it is where tests run."""
    monkeypatch.setenv("COLUMNS", "400")


def test_a_class_on_the_path_that_fails_gets_advice_and_status_1(tmp_path, monkeypatch, capsys):
    (tmp_path / "out_of_range.py").write_text(OUT_OF_RANGE)
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["out_of_range:Wide"]) == 1
    row = next(line for line in capsys.readouterr().out.splitlines() if "level-in-range" in line)
    assert "FAILED" in row
    assert "outside QF 1..100" in row


def test_an_error_that_stops_every_check_is_told_once(tmp_path, monkeypatch, capsys):
    (tmp_path / "never_fits.py").write_text(OUT_OF_RANGE.replace("return self", "raise OSError('no weights')"))
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["never_fits:Wide"]) == 1
    printed = capsys.readouterr().out
    assert printed.count("OSError: no weights [never_fits.py, line 9]") == 1
    assert printed.count("as in fit-returns-self") >= 8


def test_list_names_every_check_and_what_it_protects(capsys):
    assert main(["--list"]) == 0
    printed = capsys.readouterr().out
    assert all(check.name in printed and check.protects in printed for check in CHECKS)


def test_unknown_and_missing_names_say_what_there_is():
    with pytest.raises(UserError, match=r"Did you mean 'psnr'.*Known: .*constant"):
        main(["pnsr"])
    with pytest.raises(UserError, match=r"Known: .*constant"):
        main([])
    with pytest.raises(UserError, match=r"ModuleNotFoundError.*package\.module:Class"):
        main(["no_such_module:Method"])


def test_as_a_user_types_it():
    """A wrong name ends with one line and status 2, without a traceback."""
    command = [sys.executable, "-m", "baselines.check", "chou1996"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: There is no predictor 'chou1996'. Did you mean 'chou1995'")
    assert "Traceback" not in ended.stderr
