"""Protects what all commands share: exit statuses, progress that suits where it is shown, files written whole."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from datasets import simulate
from datasets.common.commands import progress
from protocols import run
from sgjnd import train

COMMAND = """
import sys, time, warnings
from datasets.common.commands import run_command
from datasets.common.errors import DataError

def main():
    what = sys.argv[1]
    if what == "error":
        raise DataError("SRC01.png: is damaged")
    if what == "warning":
        warnings.warn("cvvdp is slow here")
    if what == "bug":
        raise ZeroDivisionError("a bug")
    if what == "interrupted exec":
        exec("raise KeyboardInterrupt")
    if what == "wait":
        print("ready", flush=True)
        time.sleep(60)
    if what == "talk":
        print("x" * int(sys.argv[2]))
    return 3

sys.exit(run_command(main))
"""


@pytest.fixture
def command(tmp_path) -> Path:
    path = tmp_path / "command.py"
    path.write_text(COMMAND, encoding="utf-8")
    return path


def start(command: Path, *arguments: str) -> subprocess.Popen[str]:
    """The command in a process of its own, buffered as Python is by default."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, str(command), *arguments], stdout=pipe, stderr=pipe, text=True, env=environment
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_the_status_is_what_main_returns(command):
    assert ended(start(command, "nothing")) == (3, "", "")


def test_a_users_error_is_printed_without_a_traceback(command):
    assert ended(start(command, "error")) == (2, "", "error: SRC01.png: is damaged\n")


def test_a_bug_keeps_its_traceback(command):
    status, _, err = ended(start(command, "bug"))
    assert status == 1 and "Traceback" in err and "a bug" in err


def test_a_warning_is_one_line(command):
    assert ended(start(command, "warning")) == (3, "", "warning: cvvdp is slow here\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_it_with_130_and_a_word(command):
    process = start(command, "wait")
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    status, _, err = ended(process)
    assert status == 130 and "interrupted" in err and "Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends by no signal")
def test_an_interrupt_in_text_that_is_executed_ends_a_module_with_130_too(command):
    """As while a library makes a class of text; Python would end the process by the signal."""
    process = subprocess.run(
        [sys.executable, "-m", command.stem, "interrupted exec"],
        cwd=command.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 130 and "interrupted" in process.stderr and "Traceback" not in process.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows reports a closed pipe in another way")
@pytest.mark.parametrize("length", [10, 1_000_000], ids=["still buffered at the end", "more than a pipe holds"])
def test_a_reader_that_has_gone_is_no_error(command, length):
    process = start(command, "talk", str(length))
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=30), err) == (141, "")


def test_elsewhere_than_on_a_terminal_short_work_says_nothing(capsys):
    assert list(progress(range(100), "measuring")) == list(range(100))
    assert capsys.readouterr().err == ""


def test_elsewhere_than_on_a_terminal_long_work_has_a_line_now_and_then(capsys, monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr("datasets.common.commands.time.monotonic", lambda: next(clock))
    assert list(progress(range(100), "measuring")) == list(range(100))
    lines = capsys.readouterr().err.splitlines()
    assert 10 <= len(lines) <= 20
    assert all(line.startswith("measuring: ") and line.endswith("/100") for line in lines)


def test_quiet_progress_says_nothing(capsys):
    assert list(progress([1, 2], "measuring", quiet=True)) == [1, 2]
    assert list(progress([], "measuring")) == []
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_progress_is_a_bar(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert list(progress(range(3), "measuring")) == [0, 1, 2]
    assert "measuring" in (shown := capsys.readouterr().err) and "measuring: 3\n" not in shown


def test_progress_goes_no_further_than_it_is_asked():
    taken = []
    steps = progress((taken.append(item) for item in range(10)), "measuring", 10, quiet=True)
    next(steps)
    assert taken == [0]


@pytest.mark.parametrize("command", [run, simulate, train])
@pytest.mark.parametrize("seed", ["-1", "1e3", str(2**32)])
def test_every_command_refuses_the_same_seeds(command, seed, capsys):
    with pytest.raises(SystemExit):
        command.main(["photos", "--out", "x.safetensors", "--seed", seed])
    assert f"--seed: a whole number from 0 up and below 2**32, not '{seed}'" in capsys.readouterr().err
