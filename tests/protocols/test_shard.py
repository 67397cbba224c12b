"""Shards split a run so that nothing is done twice or left out, whoever does which."""

from __future__ import annotations

import argparse

import pytest

from baselines.interface.registry import registry
from protocols.run import main
from protocols.shard import Shard


@pytest.mark.parametrize("count", [1, 2, 3, 7, 200])
def test_shards_are_the_whole_and_have_nothing_in_common(count):
    entries = list(registry().values())
    parts = [Shard(index, count).part_of(entries) for index in range(1, count + 1)]
    assert sorted(entry.name for part in parts for entry in part) == sorted(entry.name for entry in entries)


def test_what_is_measured_together_stays_together():
    entries = list(registry().values())
    for index in (1, 2, 3):
        names = {entry.name for entry in Shard(index, 3).part_of(entries)}
        assert ("wu2013" in names) == ("wu2013-as-published" in names)


def test_what_costs_most_is_spread():
    entries = [registry()[name] for name in ("ssimulacra2", "cvvdp", "constant", "psnr")]
    names = [{entry.name for entry in Shard(index, 2).part_of(entries)} for index in (1, 2)]
    assert sorted(len({"ssimulacra2", "cvvdp"} & part) for part in names) == [1, 1]


@pytest.mark.parametrize("text", ["0/2", "3/2", "2", "a/b", "-1/2", "1/2/3", "1/0", ""])
def test_a_wrong_shard_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="I/N"):
        Shard.parse(text)


def test_a_shard_stores_runs_and_builds_no_report(tmp_path, capsys):
    flags = ["--predictors", "constant", "fixed-75", "--limit", "4", "--jobs", "1", "--shard", "1/1"]
    assert main([*flags, "--results", str(tmp_path / "results"), "--report", str(tmp_path / "report")]) == 0
    assert not (tmp_path / "report").exists()
    assert "python -m reports.build --results" in capsys.readouterr().out


def test_a_shard_without_work_is_no_error(tmp_path):
    flags = ["--predictors", "constant", "--limit", "4", "--jobs", "1", "--shard", "2/2", "-q"]
    assert main([*flags, "--results", str(tmp_path / "results")]) == 0
