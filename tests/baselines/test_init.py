"""Protects the four other packages' names: a foreign package in their place is told by its file, in one line."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
IN_THE_WAY = ["datasets.py", "datasets/__init__.py", "reports.py", "sgjnd/__init__.py", "protocols.py"]
COMMANDS = ["protocols.run", "reports.build", "reports.compare", "sgjnd.predict", "sgjnd.train", "baselines.new"]


def started(*arguments: str, cwd: Path, path: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(path)}
    return subprocess.run([sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("file", IN_THE_WAY)
def test_every_command_names_the_file_that_is_in_the_way(tmp_path, file):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("raise RuntimeError('it is not even looked into')")
    name = file.partition("/")[0].removesuffix(".py")
    for command in COMMANDS if name == "datasets" else ["baselines.new"]:
        done = started("-m", command, "--help", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (1, ""), command
        assert done.stderr.startswith(f"error: {tmp_path / file}: is in the way: Python finds it as {name!r}")
        assert "Rename it" in done.stderr and done.stderr.count("\n") == 1


def test_a_script_gets_an_error_it_can_catch(tmp_path):
    (tmp_path / "datasets.py").write_text("")
    (tmp_path / "script.py").write_text("try:\n    import protocols\nexcept ImportError as error:\n    print(error)")
    assert started("script.py", cwd=tmp_path).stdout.startswith(f"{tmp_path / 'datasets.py'}: is in the way")


def test_one_that_was_installed_over_ours_is_noticed(tmp_path):
    for package in ("baselines", "datasets"):
        (tmp_path / package).mkdir()
    shutil.copy(ROOT / "baselines" / "__init__.py", tmp_path / "baselines")
    (tmp_path / "datasets" / "__init__.py").write_text("from .load import load_dataset")
    done = started("-c", "import baselines", cwd=tmp_path, path=tmp_path)
    assert f"ImportError: {tmp_path / 'datasets' / '__init__.py'}: is in the way" in done.stderr


@pytest.mark.parametrize("beside", ["datasets/data.csv", "reports/notes.txt"])
def test_folders_that_are_no_packages_are_not_in_the_way(tmp_path, beside):
    (tmp_path / beside).parent.mkdir()
    (tmp_path / beside).write_text("")
    assert started("-c", "import protocols, reports, sgjnd", cwd=tmp_path).returncode == 0
