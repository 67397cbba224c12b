"""Protects `python -m datasets.check`: its table, its exit status and its errors."""

import pytest

from datasets import check
from datasets.codecs._contract import CHECKS
from datasets.common.errors import UserError
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
