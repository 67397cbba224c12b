"""Protects `python -m datasets.check`: its table, its exit status and its errors."""

import numpy as np
import pytest
from PIL import Image

from datasets import check
from datasets.codecs._contract import CHECKS
from datasets.common.errors import DataError, UserError
from datasets.sets import open_dataset
from datasets.sets._contract import CHECKS as OF_SETS
from tests.datasets.codecs.coarse import Plateaus


def test_a_table_with_every_check_and_status_0(capsys):
    assert check.main(["bpg", "vvc"]) == 0
    printed = capsys.readouterr().out
    assert all(printed.count(f"  {promise.name} ") == 2 for promise in CHECKS)
    assert "bpg (BPG QP, 51 levels)" in printed and printed.endswith("2 checked, 0 failed\n")


def test_a_codec_that_fails_gets_advice_and_status_1(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setattr(check, "codec_named", lambda name: Plateaus())
    monkeypatch.setattr(check, "check_name", lambda what, name, known: None)
    assert check.main(["plateaus"]) == 1
    row = next(line for line in capsys.readouterr().out.splitlines() if "bytes-differ" in line)
    assert "FAILED" in row and "take a larger step" in row and "protects: every level is one of its own" in row


def test_list_names_every_check_and_what_it_protects(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    assert check.main(["--list"]) == 0
    printed = capsys.readouterr().out
    assert all(promise.name in printed and promise.protects in printed for promise in (*CHECKS, *OF_SETS))


def test_unknown_and_missing_names_say_what_there_is():
    with pytest.raises(UserError, match=r"There is no codec or data set 'webq'. Did you mean 'webp'"):
        check.main(["webq"])
    with pytest.raises(UserError, match=r"name what to check.*Known codecs: avif, .*data sets: demo, "):
        check.main([])


def test_a_data_set_is_checked_in_its_folder(make_mcl_jci, capsys):
    assert check.main(["mcl-jci", "--root", str(make_mcl_jci())]) == 0
    printed = capsys.readouterr().out
    assert "MCL-JCI" in printed and all(f"  {promise.name} " in printed for promise in OF_SETS)


@pytest.fixture
def study(tmp_path):
    """A folder in the form that the template documents: two crops of one picture, and another picture."""
    rng = np.random.default_rng(0)
    for name in ("lake", "tower-left", "tower-right"):
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(tmp_path / f"{name}.png")
    rows = ["picture,source,level", "lake,,40", "tower-left,tower,50", "lake,,44.5", "tower-right,tower,60"]
    (tmp_path / "jnds.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def test_a_new_data_set_works_as_it_stands(study, tmp_path_factory, monkeypatch, capsys):
    here = tmp_path_factory.mktemp("here")
    monkeypatch.chdir(here)
    monkeypatch.syspath_prepend(str(here))
    assert check.main(["--new", "fresh-study"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("wrote fresh_study.py. ")
    assert "python -m datasets.check fresh_study:FreshStudy --root DIR" in printed
    assert check.main(["fresh_study:FreshStudy", "--root", str(study)]) == 0
    printed = capsys.readouterr().out
    assert all(f"  {promise.name} " in printed for promise in OF_SETS) and "3 pictures of 2 sources" in printed
    pictures = {picture.name: picture for picture in open_dataset("fresh_study:FreshStudy", study).pictures}
    assert pictures["lake"].samples.tolist() == [40, 44.5]
    (study / "jnds.csv").write_text("picture,level\nlake,good\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"jnds\.csv, line 2: the level of 'lake' is 'good', and no number"):
        open_dataset("fresh_study:FreshStudy", study)


@pytest.mark.parametrize(
    ("name", "says"),
    [("My Study", "Try 'my-study'"), ("demo", "taken by datasets.sets.demo:Demo"), ("???", "Try 'my-set'")],
)
def test_a_name_that_no_data_set_can_have_is_refused(name, says, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=says):
        check.main(["--new", name])
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_is_left_as_it_is(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_study.py").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match=r"my_study\.py exists already and is left as it is"):
        check.main(["--new", "my-study"])
    assert (tmp_path / "my_study.py").read_text(encoding="utf-8") == "mine"
