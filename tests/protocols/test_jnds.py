"""Protects runs of several JNDs: a table each, pictures measured once for all, and errors that say what a set has."""

from __future__ import annotations

import pytest

from datasets.common.errors import UserError
from datasets.sets import open_dataset
from protocols import run_benchmark
from protocols.benchmark import Request
from protocols.plan import with_settings
from protocols.run import main
from protocols.workers.measure import VisitTask


def test_pictures_are_measured_once_for_all_jnds(make_mcl_jci, tmp_path, empty_cache, monkeypatch):
    """Even where nothing that is stored is reused, and where a JND is asked for later."""
    known = {"root": make_mcl_jci(range(1, 5), pictures="sources"), "results": tmp_path / "results", "quiet": True}
    known |= {"predictors": ["constant", "psnr"], "truths": ["mean"]}
    visited = []
    visit = VisitTask.run
    monkeypatch.setattr(VisitTask, "run", lambda task, monitor: visited.append(task.picture) or visit(task, monitor))
    table = run_benchmark("mcl-jci", jnd=[1, 3, 1], rerun="always", **known)
    assert len(visited) == 4
    assert table["jnd"].tolist() == [1, 1, 3, 3] and (table["n"] == 4).all() and (table["failed"] == 0).all()
    assert table["bytes_saved"].notna().all(), "sizes are known of the pictures of every JND"
    later = run_benchmark("mcl-jci", jnd=(1, 2, 3), **known)
    assert len(visited) == 4 and later["jnd"].tolist() == [1, 1, 2, 2, 3, 3]
    assert later[later["jnd"] != 2]["mae"].tolist() == table["mae"].tolist()


def test_a_dry_run_says_which_jnds_are_left(make_mcl_jci, tmp_path, capsys):
    flags = ["--dataset", "mcl-jci", "--root", str(make_mcl_jci(range(1, 5), pictures="none"))]
    flags += ["--results", str(tmp_path / "results"), "--truths", "mean", "--predictors", "constant"]
    assert main([*flags, "--jnd", "2", "--shard", "1/1", "-q"]) == 0
    assert main([*flags, "--jnd", "1", "2", "3", "--dry-run"]) == 0
    printed = capsys.readouterr()
    assert "reuse constant                 mcl-jci/kfold5-v1/mean, JND 2: stored" in printed.out
    assert "run   constant                 mcl-jci/kfold5-v1/mean: not stored yet" in printed.out
    assert "run   constant                 mcl-jci/kfold5-v1/mean, JND 3: not stored yet" in printed.out
    assert "2 runs to compute; 0 of 4 pictures to look at" in printed.out
    assert printed.err.count("Labels only") == 1, "what holds for all JNDs is said once"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"jnd": [1, 2]}, "--jnd 2: simulated observers give the first JND only"),
        ({"jnd": [1, 4]}, "--jnd is 1, 2 or 3, not 4"),
        ({"jnd": "12"}, "--jnd is 1, 2 or 3, not '1'"),
        ({"dataset": open_dataset("demo"), "jnd": [1, 2]}, "give its name and its root"),
    ],
)
def test_a_jnd_that_cannot_be_run_says_so(change, says, tmp_path):
    with pytest.raises(UserError, match=says):
        run_benchmark(**{"dataset": "demo", "predictors": ["constant"], "results": tmp_path, "quiet": True, **change})
    assert not list(tmp_path.iterdir())


def test_a_truth_that_a_jnd_lacks_is_named_with_the_jnd(make_mcl_jci, tmp_path):
    root = make_mcl_jci(range(1, 5), pictures="none")
    (root / "SQF_data" / "Image_2_l_h.txt").write_text("100 60 30\n0.5 0.5\n")
    with pytest.raises(UserError, match="JND 3: SRC02: its data set gives no 'sqf' truth for this JND"):
        run_benchmark("mcl-jci", ["constant"], root=root, jnd=[1, 3], truths=["sqf"], results=tmp_path, quiet=True)


@pytest.mark.parametrize("name", ["transfer", "repeated-kfold", "learning-curve"])
def test_the_tables_of_other_protocols_name_the_jnd(make_mcl_jci, tmp_path, name):
    roots = [make_mcl_jci(range(first, first + 15), pictures="none", home=f"from-{first}") for first in (1, 21)]
    settings = {"train": (f"mcl-jci:{roots[1]}",)} if name == "transfer" else {"fold_seeds": 2}
    request = Request(
        dataset="mcl-jci",
        root=roots[0],
        predictors=["constant"],
        truths=["mean"],
        jnds=(1, 2),
        protocol=with_settings(name, settings),
        results=tmp_path / "results",
        quiet=True,
    )
    summary = request.protocol.summary(request.carry_out(request.plans()))
    assert "truth mean;" in summary and "truth mean, JND 2;" in summary
    assert summary.count("| constant") == 2


def test_published_mean_curves_of_three_jnds_on_mcl_jci(mcl_jci_labels, tmp_path):
    """The mean training SUR curve: Bhattacharyya distance 0.0989, 0.0830, 0.0606; SUR MAE 0.0666, 0.0528, 0.0378."""
    given = {"root": mcl_jci_labels, "folds": "sur-featnet-10", "truths": ["mean"], "results": tmp_path, "quiet": True}
    table = run_benchmark("mcl-jci", ["constant-sur"], jnd=[1, 2, 3], **given).set_index("jnd")
    assert table["bhattacharyya"].to_numpy() == pytest.approx([0.0989, 0.0830, 0.0606], abs=0.002)
    assert table["sur_mae"].to_numpy() == pytest.approx([0.0666, 0.0528, 0.0378], abs=0.001)
