"""Figures whatever settings of matplotlib a user has."""

import os
import subprocess
import sys

from tests.datasets.common.test_commands import ended

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
    ({"MPLBACKEND": UNKNOWN}, {}, USUAL),
    ({}, {"matplotlibrc": b"text.usetex: True\nsavefig.dpi: 7\nfont.size: 31\nbackend: pdf"}, ("31.0", "pdf")),
    ({"MATPLOTLIBRC": "broken.rc"}, {"broken.rc": BINARY}, USUAL),
    ({"MPLCONFIGDIR": "conf"}, {"conf/matplotlibrc": BINARY, "conf/stylelib/mine.mplstyle": BINARY}, USUAL),
    ({"MPLCONFIGDIR": "/proc/nowhere", "HOME": "/proc/nowhere"}, {}, USUAL),
]


def test_figures_are_the_same_whatever_settings_a_user_has_and_these_still_hold_afterwards(tmp_path, survived):
    (tmp_path / "style.mplstyle").write_text("lines.linewidth: 4\n", encoding="utf-8")
    usual = {name: value for name, value in os.environ.items() if not name.startswith(("MPL", "MATPLOTLIB", "DISPLAY"))}
    usual["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    started = []
    for number, (variables, files, _) in enumerate(SETTINGS):
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
    assert list(zip(*afterwards, strict=True)) == [after for _, _, after in SETTINGS]
    survived("settings of matplotlib that spoil others' figures", len(SETTINGS))
