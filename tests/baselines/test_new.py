"""Protects `python -m baselines.new`: what it writes works and keeps the contract unedited; it never overwrites."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from baselines.interface.contract.checks import run_contract
from baselines.interface.registry import find_predictors
from baselines.new import BASES, HERE, main, write_template
from datasets.common.contract import OK
from datasets.common.errors import UserError


@pytest.mark.parametrize("base", BASES)
def test_the_template_keeps_the_contract_unedited(base, tmp_path, monkeypatch, rated_pictures):
    path = write_template(f"fresh-{base}", tmp_path, base)
    monkeypatch.syspath_prepend(tmp_path)
    entry = find_predictors([f"{path.stem}:Fresh{base.capitalize()}"])[0]
    assert entry.name == f"fresh-{base}"
    outcomes = list(run_contract(entry, rated_pictures))
    assert {(o.check.name, o.verdict, o.reason) for o in outcomes} == {(o.check.name, OK, "") for o in outcomes}


@pytest.mark.parametrize("base", BASES)
def test_the_template_is_short_and_each_comment_says_who_calls_and_what_comes_back(base, tmp_path):
    lines = write_template("short", tmp_path, base).read_text().splitlines()
    assert 25 <= len(lines) <= 50
    assert max(map(len, lines)) <= 120
    comments = " ".join(line.strip() for line in lines if line.strip().startswith("#")).split(" # ")
    assert "$" not in "".join(lines)
    assert any("Called" in comment or "Read by" in comment for comment in comments)
    assert " ".join(comments).count("must") >= len(
        [c for c in comments if c.lstrip("# ").startswith(("Called", "Read"))]
    )


def test_it_prints_the_next_three_commands_and_the_first_two_work_from_anywhere(tmp_path, capsys):
    assert main(["my-method", "--folder", str(tmp_path)]) == 0
    first, *commands = capsys.readouterr().out.splitlines()
    assert str(tmp_path / "my_method.py") in first
    assert len(commands) == 3
    assert commands[0].strip() == f"PYTHONPATH={tmp_path} python -m baselines.check my_method:MyMethod"
    assert "python -m protocols.run --predictors my_method:MyMethod" in commands[1]


@pytest.mark.parametrize(
    ("flags", "kind", "base"),
    [
        ([], "pixel", "Visibility"),
        (["--kind", "subband"], "subband", "Visibility"),
        (["--kind", "metric"], "metric", "Metric"),
        (["--kind", "learned"], "learned", "JND"),
        (["--kind", "pixel", "--base", "predictor"], "pixel", "JND"),
    ],
)
def test_the_kind_is_the_folder_and_next_commands_there_go_by_name(flags, kind, base, tmp_path, monkeypatch, capsys):
    (tmp_path / kind).mkdir()
    (tmp_path / "templates").symlink_to(HERE / "templates")
    monkeypatch.setattr("baselines.new.HERE", tmp_path)
    assert main(["my-method", *flags]) == 0
    assert f"class MyMethod({base}Predictor):" in (tmp_path / kind / "my_method.py").read_text()
    commands = [line.strip() for line in capsys.readouterr().out.splitlines()[1:]]
    assert commands[0] == "python -m baselines.check my-method"
    assert commands[1].startswith("python -m protocols.run --predictors my-method ")
    assert commands[2].endswith("-k my-method")


@pytest.mark.parametrize("kind", ["pixel", "learned"])
def test_where_it_is_installed_it_writes_into_the_current_folder_and_says_how_it_is_found(
    kind, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("baselines.new._IS_CHECKOUT", False)
    monkeypatch.chdir(tmp_path)
    before = set(HERE.rglob("*.py"))
    assert main(["my-method", "--kind", kind]) == 0
    first, *commands = capsys.readouterr().out.splitlines()
    assert first.startswith("wrote my_method.py.")
    assert commands[0].strip() == "PYTHONPATH=. python -m baselines.check my_method:MyMethod"
    assert (tmp_path / "my_method.py").is_file() and set(HERE.rglob("*.py")) == before


@pytest.mark.parametrize("name", ["numpy", "datasets", "protocols"])
def test_a_file_that_would_hide_a_module_is_not_written(name, tmp_path):
    with pytest.raises(UserError, match=f"Python has a module '{name}'"):
        write_template(name, tmp_path, "visibility")
    assert not list(tmp_path.iterdir())


def test_a_name_with_a_dot_becomes_a_module_and_a_class_that_python_takes(tmp_path, monkeypatch):
    path = write_template("fresh-1.5", tmp_path, "visibility")
    assert path.name == "fresh_1_5.py"
    monkeypatch.syspath_prepend(tmp_path)
    assert find_predictors(["fresh_1_5:Fresh15"])[0].name == "fresh-1.5"


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "mine.py").write_text("years of work")
    with pytest.raises(UserError, match=r"mine\.py exists already.*'mine-2'"):
        write_template("mine", tmp_path, "visibility")
    assert (tmp_path / "mine.py").read_text() == "years of work"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("MyMethod", "'my-method'"),
        ("My Method!", "'my-method'"),
        ("my_method", "'my-method'"),
        ("2afc", "'jnd-2afc'"),
        ("-x-", "'x'"),
        ("???", "'my-method'"),
        ("class", "'jnd-class'"),
        ("json", "'jnd-json'"),
        ("psnr", "'psnr-2'"),
        ("fixed-90", "'fixed-90-2'"),
    ],
)
def test_bad_and_taken_names_get_a_suggestion(name, suggestion, tmp_path):
    with pytest.raises(UserError, match=suggestion):
        write_template(name, tmp_path, "visibility")
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(UserError, match="there is no such folder"):
        write_template("mine", tmp_path / "absent", "visibility")


def test_as_a_user_types_it(tmp_path):
    """From another folder, with the default kind; the path is printed as it would be typed there."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    command = [sys.executable, "-m", "baselines.new", "typed-method", "--folder", "."]
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("wrote typed_method.py.")
    assert (tmp_path / "typed_method.py").is_file()
