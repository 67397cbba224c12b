"""Protects the command: what is wrong is said in one line before anything is made or served."""

import socket
import sys

import pytest

from datasets import rate
from datasets.common.errors import UserError
from tests.datasets.ratings.study.conftest import photos  # noqa: F401  # a fixture


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--per-rater", "0"], "1 or more"),
        (["--distance-cm", "5"], "20 to 300"),
        (["--host", "0.0.0.0"], "--address"),
        (["--address", "rate.example.org"], "https://rate.example.org"),
        (["--consent", "nowhere.txt"], "nowhere.txt"),
        (["--invite", "-1"], "--invite"),
        (["--port", "70000"], "--port"),
    ],
)
def test_what_cannot_be_a_study(photos, tmp_path, more, says):  # noqa: F811
    with pytest.raises(UserError, match=says):
        rate.main([str(photos), "--out", str(tmp_path / "study"), *more])
    assert not (tmp_path / "study").exists()


def test_folders_of_something_else_stay(photos, tmp_path):  # noqa: F811
    for name, text, says in (
        ("notes.txt", "mine", "is not empty"),
        ("rated.json", '{"made_by": "datasets.import_ratings"}', "holds a set"),
        ("rated.json", "{", "is damaged"),
    ):
        root = tmp_path / says.replace(" ", "-")
        root.mkdir()
        (root / name).write_text(text)
        with pytest.raises(UserError, match=says):
            rate.main([str(photos), "--out", str(root)])
        assert [path.name for path in root.iterdir()] == [name]
    with pytest.raises(UserError, match="no photographs"):
        rate.main([str(tmp_path), "--out", str(tmp_path / "study")])


def test_a_study_goes_on_with_the_same_settings_only(photos, tmp_path, capsys):  # noqa: F811
    given = [str(photos), "--out", str(tmp_path), "--crop", "none", "--limit", "2"]
    assert rate.main([*given, "--finish"]) == 1
    assert "no set" in capsys.readouterr().out
    with pytest.raises(UserError, match=r"other settings.*\n.*--flicker: 8 before, now 6"):
        rate.main([*given, "--flicker", "6"])


def test_a_taken_port_and_a_missing_package_are_named(photos, tmp_path, monkeypatch):  # noqa: F811
    given = [str(photos), "--out", str(tmp_path), "--crop", "none", "--limit", "1"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError, match="cannot be served"):
            rate.main([*given, "--port", str(taken.getsockname()[1])])
    monkeypatch.setitem(sys.modules, "waitress", None)
    with pytest.raises(UserError, match=r"waitress is not installed.*jnd-bench\[rate\]"):
        rate.main(given)
