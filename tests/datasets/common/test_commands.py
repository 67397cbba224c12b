"""Protects what all commands share: exit statuses, progress that suits where it is shown, files written whole, and
figures that no setting of the user's changes."""

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


DRAWING = """
import hashlib, io, os, sys
from pathlib import Path
from datasets.common.commands import default_matplotlib

if "--half-loaded" in sys.argv:  # as a library leaves it that catches whatever its import raises
    try:
        import matplotlib.pyplot
    except ValueError:
        pass
drawn = io.BytesIO()
with default_matplotlib(Path(os.environ["STYLE"])):
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained")
    figure.suptitle("letters \u5b57 of any script")
    axes = figure.subplots()
    axes.plot([1, 2, 4], label="a line")
    axes.legend()
    figure.savefig(drawn, format="png", metadata={"Software": None})
import matplotlib
backend = dict.__getitem__(matplotlib.rcParams, "backend")  # as it is set; else it would be chosen now
backend = backend if isinstance(backend, str) else "unset"
print(hashlib.sha256(drawn.getvalue()).hexdigest(), matplotlib.rcParams["font.size"], backend)
"""
UNKNOWN, BINARY, ODD = "module://matplotlib_inline.backend_inline", b"\xff\xfe\x00backend", b"font.size: 31\nno: key\n"
USUAL = ("10.0", "unset")
Settings = tuple[dict[str, str], dict[str, bytes], tuple[str, str]]
SETTINGS: list[Settings] = [
    ({}, {}, USUAL),
    ({"MPLBACKEND": "nonsense", "half-loaded": "yes"}, {"matplotlibrc": BINARY}, USUAL),
    ({"MPLBACKEND": "svg"}, {"matplotlibrc": ODD}, ("31.0", "svg")),
]
RARE_SETTINGS: list[Settings] = [
    ({}, {}, USUAL),
    ({"MPLBACKEND": UNKNOWN}, {}, USUAL),
    ({}, {"matplotlibrc": b"text.usetex: True\nsavefig.dpi: 7\nfont.size: 31\nbackend: pdf"}, ("31.0", "pdf")),
    ({"MATPLOTLIBRC": "broken.rc"}, {"broken.rc": BINARY}, USUAL),
    ({"MPLCONFIGDIR": "conf"}, {"conf/matplotlibrc": BINARY, "conf/stylelib/mine.mplstyle": BINARY}, USUAL),
    ({"MPLCONFIGDIR": "/proc/nowhere", "HOME": "/proc/nowhere"}, {}, USUAL),
]


def test_figures_are_the_same_whatever_settings_of_matplotlib_a_user_has_and_these_still_hold_afterwards(tmp_path):
    """A few of them; `tests/survival` tries rare ones."""
    assert_the_same_figures(SETTINGS, tmp_path)


def assert_the_same_figures(settings: list[Settings], tmp_path: Path) -> None:
    (tmp_path / "style.mplstyle").write_text("lines.linewidth: 4\n", encoding="utf-8")
    usual = {name: value for name, value in os.environ.items() if not name.startswith(("MPL", "MATPLOTLIB", "DISPLAY"))}
    usual["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    started = []
    for number, (variables, files, _) in enumerate(settings):
        folder = tmp_path / str(number)
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        folder.mkdir(exist_ok=True)
        command = [sys.executable, "-c", DRAWING, *(["--half-loaded"] if "half-loaded" in variables else [])]
        environment = {**usual, "STYLE": str(tmp_path / "style.mplstyle"), **variables}
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True))
    results = [ended(process) for process in started]
    assert {status for status, _, _ in results} == {0}
    assert {err for _, _, err in results} <= {"", "Cannot decode configuration file 'matplotlibrc' as utf-8.\n"}
    digests, *afterwards = zip(*(out.split() for _, out, _ in results), strict=True)
    assert len(set(digests)) == 1
    assert list(zip(*afterwards, strict=True)) == [after for _, _, after in settings]


@pytest.mark.parametrize("command", [run, simulate, train])
@pytest.mark.parametrize("seed", ["-1", "1e3", str(2**32)])
def test_every_command_refuses_the_same_seeds(command, seed, capsys):
    with pytest.raises(SystemExit):
        command.main(["photos", "--out", "x.safetensors", "--seed", seed])
    assert f"--seed: a whole number from 0 up and below 2**32, not '{seed}'" in capsys.readouterr().err
