"""The command: a pure function of the results, written whole, checked, and tidy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from datasets.common.errors import UserError
from reports.build import build, main
from reports.pages.report_files import LIST

REPOSITORY = Path(__file__).resolve().parents[2]


def _python(code: str, *arguments: Path) -> str:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return done.stdout


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


pytestmark = pytest.mark.usefixtures("small_figures")


@pytest.fixture
def results(tmp_path, store_run) -> Path:
    folder = tmp_path / "results"
    store_run(folder, "psnr", failing=2)
    return folder


def test_a_build_imports_neither_torch_nor_a_predictor(tmp_path, results, store_run):
    """With figures. `tests/survival` compares the bytes that several processes write."""
    store_run(results, "constant")
    code = (
        "import sys, pathlib; from reports.build import build; from reports.tables.text import leaderboard_text;"
        "from protocols.store.store import Store;"
        "build(*map(pathlib.Path, sys.argv[1:]), quiet=True);"
        "leaderboard_text(Store(pathlib.Path(sys.argv[1])).current_runs());"
        "print(*sys.modules)"
    )
    modules = set(_python(code, results, tmp_path / "one").split())
    written = {path.relative_to(tmp_path / "one").as_posix() for path in (tmp_path / "one").rglob("*")}
    assert {"index.html", "leaderboard.csv", "leaderboard.md", "leaderboard.tex", LIST} <= written
    assert sum(name.endswith(".svg") for name in written) == 10
    packages = {name.partition(".")[0] for name in modules}
    assert not packages & {"torch", "torchvision", "sgjnd", "cv2", "skimage", "sklearn"}
    cards = {"baselines", "baselines.interface", "baselines.interface.card"}
    assert {name for name in modules if name.partition(".")[0] == "baselines"} <= cards
    assert "matplotlib" in packages
    assert "matplotlib.pyplot" not in modules


def test_check_finds_what_differs_and_writes_nothing(tmp_path, results, capsys):
    out = tmp_path / "out"
    flags = ["--results", str(results), "--out", str(out), "-q"]
    assert main([*flags, "--check"]) == 1
    assert not out.exists()
    assert "missing" in capsys.readouterr().err
    assert main(flags) == 0
    assert main([*flags, "--check"]) == 0
    page = out / "index.html"
    page.write_text(page.read_text(encoding="utf-8") + "<!-- edited -->", encoding="utf-8")
    edited = page.read_bytes()
    capsys.readouterr()
    assert main([*flags, "--check"]) == 1
    assert f"differs: {page}" in capsys.readouterr().err
    assert page.read_bytes() == edited


def test_files_of_an_earlier_report_go_and_other_files_stay(tmp_path, results, store_run, capsys):
    out = tmp_path / "out"
    run = store_run(results, "psnr", truth="sqf")
    build(results, out, quiet=True)
    stale = out / "figures" / "demo-kfold5-v1-sqf-jnd1" / "errors-psnr.svg"
    assert stale.is_file()
    (out / "figures" / "mine.png").write_bytes(b"mine")
    for file in run.path.iterdir():
        file.unlink()
    assert main(["--results", str(results), "--out", str(out), "--check", "-q"]) == 1
    assert f"no longer given: {stale}" in capsys.readouterr().err
    build(results, out, quiet=True)
    assert not stale.parent.exists()
    assert (out / "figures" / "mine.png").read_bytes() == b"mine"


def test_a_forged_list_removes_nothing_outside_the_report(tmp_path, results):
    out = tmp_path / "out"
    build(results, out, quiet=True)
    victim = tmp_path / "victim.txt"
    victim.write_text("precious")
    (out / LIST).write_text(json.dumps({"files": ["../victim.txt", str(victim), "a/../../victim.txt", 5, ""]}))
    build(results, out, quiet=True)
    assert victim.read_text() == "precious"


def test_a_damaged_list_is_written_anew(tmp_path, results):
    out = tmp_path / "out"
    out.mkdir()
    (out / LIST).write_text("{")
    build(results, out, quiet=True)
    assert "index.html" in json.loads((out / LIST).read_text())["files"]


def test_what_has_not_changed_is_not_written_again(tmp_path, results):
    out = tmp_path / "out"
    build(results, out, quiet=True)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    build(results, out, quiet=True)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(("made", "reason"), [(False, "there is no such folder"), (True, "holds no stored runs")])
def test_without_results_the_user_is_told_what_to_run(tmp_path, made, reason):
    folder = tmp_path / "nothing"
    if made:
        folder.mkdir()
    with pytest.raises(UserError, match=rf"{reason}.*python -m protocols\.run"):
        build(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path, results):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UserError, match=r"out: the report cannot be written"):
        build(results, tmp_path / "out", quiet=True)


def test_the_order_of_the_runs_on_disk_does_not_matter(tmp_path, store_run):
    for folder, order in (("a", ("constant", "psnr")), ("b", ("psnr", "constant"))):
        for predictor in order:
            store_run(tmp_path / folder, predictor)
        build(tmp_path / folder, tmp_path / f"report-{folder}", quiet=True)
    assert _contents(tmp_path / "report-a") == _contents(tmp_path / "report-b")
