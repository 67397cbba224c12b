"""Protects `python -m datasets.check`: its table, its exit status and its errors."""

import pytest

from datasets import check
from datasets.codecs._contract import CHECKS
from datasets.common.errors import UserError
from tests.datasets.codecs.coarse import Plateaus


def test_a_table_with_every_check_and_status_0(capsys):
    assert check.main(["bpg", "vvc"]) == 0
    printed = capsys.readouterr().out
    assert all(printed.count(f"  {promise.name} ") == 2 for promise in CHECKS)
    assert "bpg (BPG QP, 51 levels)" in printed and printed.endswith("2 codecs, 0 failed\n")


def test_a_codec_that_fails_gets_advice_and_status_1(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setattr(check, "codec_named", lambda name: Plateaus())
    assert check.main(["plateaus"]) == 1
    row = next(line for line in capsys.readouterr().out.splitlines() if "bytes-differ" in line)
    assert "FAILED" in row and "take a larger step" in row and "protects: every level is one of its own" in row


def test_list_names_every_check_and_what_it_protects(capsys):
    assert check.main(["--list"]) == 0
    printed = capsys.readouterr().out
    assert all(promise.name in printed and promise.protects in printed for promise in CHECKS)


def test_unknown_and_missing_names_say_what_there_is():
    with pytest.raises(UserError, match=r"There is no codec 'webq'. Did you mean 'webp'"):
        check.main(["webq"])
    with pytest.raises(UserError, match=r"name a codec to check.*Known: avif, "):
        check.main([])
