"""Files are written whole; temporary names tell who writes: living processes, here or elsewhere, keep theirs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from datasets.common import files
from datasets.common.errors import UserError
from datasets.common.files import (
    check_writable,
    host,
    is_abandoned,
    partial_beside,
    sweep,
    users_path,
    write_atomically,
)


def _old(path, days):
    os.utime(path, (time.time() - days * 86400,) * 2)


def test_no_two_calls_and_no_two_processes_get_one_name(tmp_path):
    names = {partial_beside(tmp_path / "a") for _ in range(100)}
    program = (
        "import sys, pathlib; from datasets.common.files import *; print(partial_beside(pathlib.Path(sys.argv[1])))"
    )
    printed = subprocess.run([sys.executable, "-c", program, str(tmp_path / "a")], capture_output=True, text=True)
    assert len(names) == 100
    assert printed.stdout.strip() and printed.stdout.strip() not in map(str, names)


def test_a_name_that_the_file_system_just_takes_has_a_temporary_one(tmp_path):
    (tmp_path / ("x" * 255)).touch()
    partial_beside(tmp_path / ("x" * 255)).touch()


def test_a_dead_process_of_this_machine_has_left_what_it_wrote(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    mine = partial_beside(tmp_path / "a")
    dead = mine.with_name(mine.name.replace(f"-{os.getpid()}-", f"-{ended.pid}-"))
    for path in (mine, dead):
        path.touch()
        _old(path, 3)
    assert is_abandoned(dead)
    assert not is_abandoned(mine), "it may have been stopped for long"


@pytest.mark.parametrize("changed", ["name", "_boot", "_process_space"])
def test_another_machine_restart_or_container_is_another_host(monkeypatch, changed):
    before = host()
    if changed == "name":
        monkeypatch.setattr("platform.node", lambda: "another")
    else:
        monkeypatch.setattr(files, changed, lambda: "another")
    assert host.__wrapped__() != before


@pytest.mark.parametrize(
    "name",
    [".partial-another.01234567-{pid}-0-a", ".partial-another.01234567-999999999-0-a", ".partial-999999999-a"],
    ids=["a number that lives here", "one that is dead here", "a name of an older form"],
)
def test_what_another_machine_writes_is_left_for_a_day(tmp_path, name):
    path = tmp_path / name.format(pid=os.getpid())
    path.touch()
    assert not is_abandoned(path)
    _old(path, 0.9)
    assert not is_abandoned(path)
    _old(path, 1.1)
    assert is_abandoned(path)


def test_a_sweep_takes_files_and_folders_and_no_link_s_target(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "precious").touch()
    folder, file, link = (tmp_path / f".partial-{host()}-999999999-{number}-a" for number in range(3))
    folder.mkdir()
    (folder / "run.json").touch()
    file.touch()
    link.symlink_to(target)
    sweep([folder, file, link, tmp_path / ".partial-gone"])
    assert sorted(tmp_path.iterdir()) == [target]
    assert (target / "precious").exists()


@pytest.mark.parametrize(("content", "expected"), [("grün\n", "grün\n".encode()), (b"\r\n\0", b"\r\n\0"), ("", b"")])
def test_a_file_holds_exactly_what_was_written(tmp_path, content, expected):
    path = tmp_path / "new" / "folder" / "file.csv"
    write_atomically(path, content)
    assert path.read_bytes() == expected
    assert [entry.name for entry in path.parent.iterdir()] == ["file.csv"]


def test_an_old_file_is_replaced(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text("much longer than the new one", encoding="utf-8")
    write_atomically(path, "new")
    assert path.read_text(encoding="utf-8") == "new"


def test_a_failure_leaves_the_old_file_and_nothing_partial(tmp_path):
    folder = tmp_path / "file.csv"
    (folder / "inside").mkdir(parents=True)
    with pytest.raises(OSError):
        write_atomically(folder, "cannot take the place of a folder")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.csv"]
    with pytest.raises(TypeError):
        write_atomically(tmp_path / "other.csv", object())  # type: ignore[arg-type]
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.csv"]


@pytest.mark.parametrize(
    ("text", "path"),
    [("~", ""), ("~/x", "x"), ("~/Tür 字/x", "Tür 字/x"), ("a/~/b", None), ("with space", None)],
)
def test_a_users_path_may_begin_at_home(text, path, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert users_path(text) == (Path(text) if path is None else tmp_path / path)


@pytest.mark.parametrize(("text", "said"), [("", "a path is empty"), ("~nobody-of-this-name/x", "no such home folder")])
def test_a_path_that_leads_nowhere_is_told(text, said):
    with pytest.raises(UserError, match=said):
        users_path(text)


def test_whether_a_folder_can_be_written_is_found_out_without_making_it(tmp_path):
    check_writable(tmp_path / "new" / "deeper", "--out")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match=r"--out: .*file.* cannot be written"):
            check_writable(folder, "--out")


def test_every_flag_that_takes_a_path_takes_one_that_begins_at_home():
    """A shell expands `--out ~/x`, and not `--out=~/x`."""
    root, flags = Path(__file__).resolve().parents[3], []
    for package in ("datasets", "baselines", "sgjnd", "protocols", "reports"):
        for file in (root / package).glob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                options = {word.arg: word.value for word in node.keywords} if isinstance(node, ast.Call) else {}
                shown = getattr(options.get("metavar"), "value", "")
                if re.fullmatch(r"DIR|FILE|FILE\.\w+|PHOTOS|A|B", shown):
                    flags.append(getattr(options.get("type"), "id", f"{file.name}: {ast.unparse(node)}"))
    assert set(flags) == {"users_path"} and len(flags) > 20
