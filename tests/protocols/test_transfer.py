"""Protects transfer: what is trained on which sets, that no tested source is among it, and that sets are told apart."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from baselines.constant.constant import Constant
from datasets.codecs.webp import WebP
from datasets.core.imaging import Box
from datasets.sets import open_dataset
from datasets.sets._simulated_samples import PSNR_HVS_M, SampledPicture
from datasets.simulation.curves import SimulationSettings
from datasets.simulation.folder import Cut, SimulationFolder
from datasets.simulation.observers import LOSS_METRICS
from protocols import run_benchmark
from protocols.run import main
from protocols.store.share_names import split_transfer_name, transfer_name
from protocols.store.store import Store
from protocols.transfer import Transfer
from reports.figures.learning_curves import adaptation_curves
from reports.figures.style import styled
from reports.results.commands import commands
from reports.results.section import sections_of

NEAR, FAR = 40, 50
"""The JND of every picture of the two sets."""
THIRD = "simulated-psnr-hvs-m"
SEEN: list[tuple[str, list[str], list[float]]] = []
"""What the recorder was trained on and asked about, in order."""


class Recorder(Constant):
    """The constant, which writes its pictures' sources and levels down."""

    def fit(self, pictures, levels, *, seed):
        SEEN.append(("fit", [picture.source for picture in pictures], list(levels)))
        return super().fit(pictures, levels, seed=seed)

    def predict(self, picture):
        SEEN.append(("predict", [picture.source], []))
        return super().predict(picture)


def make(root: Path, level: int, pixels: dict[str, int], **settings) -> Path:
    """A set as `datasets.simulate` writes it, all of whose JNDs are one level.

    :param pixels: by source the number of its picture's content.
    """
    folder = SimulationFolder(root, SimulationSettings(**settings), crop=16, max_crops=1)
    folder.begin(restart=False)
    cuts, sampled = [], {}
    for source, number in pixels.items():
        cut = Cut(f"{source}-1", source, f"{source}.png", Box(0, 0, 16, 16))
        folder.keep(cut, np.random.default_rng(number).integers(0, 256, (16, 16, 3), dtype=np.uint8))
        cuts.append(cut)
        sampled[cut.name] = SampledPicture(source, np.full(3, level))
    folder.finish(sampled, cuts, [], limit=None)
    return root


def numbered(prefix: str, numbers: range) -> dict[str, int]:
    return {f"{prefix}{number}": number for number in numbers}


@pytest.fixture(scope="module")
def roots(tmp_path_factory) -> tuple[Path, Path]:
    """Three pictures whose JND is 40, and ten others whose JND is 50."""
    folder = tmp_path_factory.mktemp("sets")
    return make(folder / "near", NEAR, numbered("n", range(3))), make(folder / "far", FAR, numbered("f", range(10, 20)))


def transferred(results, train, test, predictors=("constant",), **given):
    train = [train] if isinstance(train, str | Path) else train
    train = [f"simulated:{each}" if isinstance(each, str | Path) else each for each in train]
    given = {"protocol": Transfer(fold_seeds=2), "train": train, "results": results, "quiet": True, **given}
    table = run_benchmark("simulated", predictors, root=test, **given)
    return table.assign(trained=[split_transfer_name(name)[2] for name in table["predictor"]])


def label(root) -> str:
    dataset = open_dataset("simulated", root)
    return f"{dataset.name}-{dataset.manifest.sha256[:4]}"


def test_a_name_says_the_sets_and_the_added_sources():
    for parts in (("psnr", "mcl-jci", 0), ("psnr", "mcl-jci+simulated-1a2b", 0), ("a-b", "mcl-jci+simulated-1a2b", 12)):
        assert split_transfer_name(transfer_name(*parts)) == parts
    assert split_transfer_name("psnr@25%") == ("psnr@25%", "", 0) and split_transfer_name("psnr") == ("psnr", "", 0)


def test_a_constant_is_off_by_what_the_sets_differ_and_adapts(roots, tmp_path):
    near, far = roots
    table = transferred(tmp_path / "results", near, far)
    assert table["predictor"].tolist() == [f"constant@{label(near)}"] and table["mae"].tolist() == [FAR - NEAR]
    opened = [open_dataset("simulated", far)]
    assert transferred(tmp_path / "results", opened, near)["mae"].tolist() == [FAR - NEAR]
    adapted = transferred(tmp_path / "results", near, far, adapt=[2, 3, 4])
    for _, shuffle in adapted.groupby("folds"):
        # The median of three pictures at 40 and of so many at 50.
        assert shuffle.set_index("trained")["mae"].to_dict() == {0: 10, 2: 10, 3: 5, 4: 0}
    assert adapted["folds"].nunique() == 2


def test_drawn_sources_are_nested_and_none_is_tested(roots, tmp_path):
    near, far = roots
    SEEN.clear()
    transferred(tmp_path / "results", near, far, [Recorder()], adapt=[2, 6])
    trained: list[set[str]] = []
    drawn: dict[int, list[set[str]]] = {}
    for what, sources, _ in SEEN:
        if what == "fit":
            trained.append(set(sources))
            own = {source for source in sources if ":" not in source}
            assert {f"{label(near)}:n{number}" for number in range(3)} == set(sources) - own
            drawn.setdefault(len(own), []).append(own)
        else:
            assert not set(sources) & trained[-1]
    assert {count: len(fits) for count, fits in drawn.items()} == {0: 2, 2: 10, 6: 10}, "two shuffles of five folds"
    assert all(few < many for few, many in zip(drawn[2], drawn[6], strict=True))
    assert len({frozenset(draw) for draw in drawn[2]}) > 3, "shuffles draw differently"


def test_a_picture_of_the_test_set_is_not_trained_on_under_whatever_name(tmp_path, capsys):
    """The same name, the same file under another name, and one that is new."""
    test = make(tmp_path / "test", FAR, {"a": 1, "b": 2, "c": 3})
    train = make(tmp_path / "train", NEAR, {"a": 4, "copy-of-b": 2, "d": 5})
    SEEN.clear()
    command = ["--protocol", "transfer", "--train", f"simulated:{train}", "--dataset", "simulated", "--root", str(test)]
    places = ["--results", str(tmp_path / "results"), "--report", str(tmp_path / "report"), "--jobs", "1"]
    assert main([*command, *places, "--predictors", f"{__name__}:Recorder", "--dry-run"]) == 0
    said = capsys.readouterr().err
    assert f"@{label(train)}: 2 sources are in the test set, by name or pixels, and left out: a, copy-of-b." in said
    assert f"@{label(train)}: trained on Simulated observers, 1 pictures of 1 sources." in said
    transferred(tmp_path / "results", train, test, [Recorder()])
    assert [sources for what, sources, _ in SEEN if what == "fit"] == [[f"{label(train)}:d"]]
    with pytest.raises(Exception, match="all its sources are in 'simulated', too, so nothing is left to train on"):
        transferred(tmp_path / "results", make(tmp_path / "same", NEAR, {"x": 1, "b": 7}), test)


def test_another_training_set_is_another_run_and_a_moved_one_is_not(roots, tmp_path):
    near, far = roots
    results, moved = tmp_path / "results", tmp_path / "elsewhere"
    transferred(results, near, far)
    (first,) = Store(results).current_runs()
    shutil.copytree(near, moved)
    transferred(results, moved, far)
    assert Store(results).current_runs() == [first], "reused"
    other = make(tmp_path / "other", NEAR, numbered("n", range(4)))
    transferred(results, other, far)
    transferred(results, [near, other], far, rerun="never")
    runs = {run.identity.predictor: run for run in Store(results).current_runs()}
    both = "+".join(sorted((label(near), label(other))))
    assert set(runs) == {f"constant@{name}" for name in (label(near), label(other), both)}
    assert len({run.key for run in runs.values()}) == 3
    assert any("trained on Simulated observers, 3 pictures" in note for note in first.record.dataset.notes)


def test_what_a_killed_run_had_stored_is_reused(roots, tmp_path):
    near, far = roots
    results = tmp_path / "results"
    given = {"predictors": ["constant", "fixed-75", "psnr"], "adapt": [2]}
    transferred(results, near, far, **given)
    before = {run.path: run.record.finished for run in Store(results).current_runs()}
    lost = sorted(before)[3]
    shutil.rmtree(lost)
    transferred(results, near, far, **given)
    after = {run.path: run.record.finished for run in Store(results).current_runs()}
    assert set(after) == set(before)
    assert [path for path in before if before[path] != after[path]] == [lost]


def test_an_estimate_counts_what_is_trained_on_and_shards_are_the_whole(roots, tmp_path, capsys, empty_cache):
    near, far = roots
    command = ["--protocol", "transfer", "--train", f"simulated:{near}", "--dataset", "simulated", "--root", str(far)]
    command += ["--results", str(tmp_path / "results"), "--jobs", "1", "--predictors", "constant", "psnr", "fixed-75"]
    assert main([*command, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "3 runs to compute; 13 of 13 pictures to look at; about" in said and "not known" not in said
    assert f"psnr@{label(near)}" in said and "13 pictures to measure" in said
    assert main([*command, "--limit", "4", "--dry-run"]) == 0
    assert "7 of 7 pictures" in capsys.readouterr().out, "of the three that are trained on, too, four at most"
    for shard in ("1/2", "2/2"):
        assert main([*command, "--shard", shard]) == 0
    runs = Store(tmp_path / "results").current_runs()
    names = [f"{name}@{label(near)}" for name in ("constant", "fixed-75", "psnr")]
    assert sorted(run.identity.predictor for run in runs) == names


def test_the_table_has_a_row_a_training_set_and_a_column_a_test_set(roots, tmp_path):
    near, far = roots
    results = tmp_path / "results"
    third = make(tmp_path / "third", 43, {"t1": 31, "t2": 32}, metric=LOSS_METRICS[PSNR_HVS_M.name])
    for test in (far, third):
        transferred(results, near, test, ["constant", "fixed-75"])
    run_benchmark("simulated", ["constant"], root=far, results=results, quiet=True)
    transferred(results, [near, third], far)
    runs = [run for run in Store(results).current_runs() if run.identity.dataset == THIRD]
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in Transfer().summary(runs).splitlines()]
    head, _, *rows = [line for line in lines if line]
    assert head == ["predictor", "trained on", "simulated (simulated observers)", f"{THIRD} ({PSNR_HVS_M.samples})"]
    both = f"{label(near)}+{label(third)}"
    assert rows == [
        ["constant", label(near), "10.00 (10.00 to 10.00)", "3.00 (3.00 to 3.00)"],
        ["constant", both, "10.00 (10.00 to 10.00)", ""],
        ["constant", "the test set's other folds", "0.00 (0.00 to 0.00)", ""],
        ["fixed-75", label(near), "25.00 (25.00 to 25.00)", "32.00 (32.00 to 32.00)"],
    ]


def test_the_reports_figure_shows_the_error_over_the_added_sources(roots, tmp_path):
    near, far = roots
    transferred(tmp_path / "results", near, far, ["constant", "fixed-75"], adapt=[2, 4])
    section = sections_of(Store(tmp_path / "results").current_runs(), tmp_path / "results")[0]
    with styled():
        drawing = adaptation_curves(section)
    (legend,) = drawing.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["fixed-75", "constant"]
    shown = [text.get_text() for text in drawing.figure.texts]
    assert any(f"all trained on {label(near)}" in text for text in shown), shown
    assert [tick.get_text() for tick in drawing.figure.axes[0].get_xticklabels()] == ["0", "2", "4"]
    assert f"constant@{label(near)} 10.00 with 0, 10.00 with 2, 0.00 with 4" in drawing.alt


def test_a_section_is_read_against_the_constant_of_the_other_set_where_it_has_no_other(roots, tmp_path, capsys):
    near, far = roots
    transferred(tmp_path / "results", near, far, ["constant", "fixed-75"])
    (section,) = sections_of(Store(tmp_path / "results").current_runs())
    assert section.identity.folds == "by-source"
    assert section.control.predictor == f"constant@{label(near)}" and section.comparison.against_constant is not None
    assert any(f"The control is constant@{label(near)}" in note for note in section.notes)
    run_benchmark("simulated", ["constant"], root=far, results=tmp_path / "results", quiet=True)
    (section,) = sections_of(Store(tmp_path / "results").current_runs())
    assert section.control.predictor == "constant" and sum(row.is_control for row in section.rows) == 1
    own, transfer = commands(section)
    assert own.endswith("--folds by-source --truths mean --predictors constant") and "--train" not in own
    command = transfer.replace("--root DIR", f"--root {far}").replace("simulated:DIR", f"simulated:{near}").split()[3:]
    assert main([*command, "--results", str(tmp_path / "results"), "--dry-run"]) == 0
    assert capsys.readouterr().out.count("reuse") == 2, transfer


def test_sets_of_labels_alone_train_what_needs_no_pictures(make_mcl_jci, roots, tmp_path):
    root = make_mcl_jci(pictures="none")
    table = run_benchmark(
        "simulated", root=roots[1], protocol="transfer", train=[f"mcl-jci:{root}"], results=tmp_path / "r", quiet=True
    )
    assert "constant@mcl-jci" in set(table["predictor"]) and not table["failed"].any()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--protocol", "transfer"], "needs --train NAME:DIR"),
        (["--train", "demo"], "--train is for --protocol transfer, not kfold"),
        (["--protocol", "repeated-kfold", "--adapt", "2"], "--adapt is for --protocol transfer, not repeated-kfold"),
        (["--train", "simulatd:DIR"], "There is no data set 'simulatd'. Did you mean 'simulated'"),
        (["--train", "simulated:NOWHERE"], "--train simulated:NOWHERE: there is no folder NOWHERE"),
        (["--train", "simulated"], "--train simulated: needs the folder of the data set. Write --train simulated:DIR"),
        (["--train", "simulated:FAR"], "is the data set that is tested. Name another"),
        (["--train", "simulated:NEAR", "simulated:NEAR"], "is named twice"),
        (
            ["--train", "simulated:WEBP"],
            "are WebP quality from 0 .*, and those of 'simulated' are JPEG QF from 1",
        ),
        (["--train", "simulated:NEAR", "--adapt", "9"], "of the 10 sources of 'simulated', 8 are not in the fold"),
        (
            ["--train", "simulated:NEAR", "--adapt", "2", "--folds", "by-source"],
            "--folds and --adapt: .* Leave one out",
        ),
        (["--train", "simulated:NEAR", "--truths", "sqf"], "gives no 'sqf' truth"),
        (["--train", "demo", "--jnd", "2"], "simulated observers give the first JND only"),
    ],
)
def test_misuse_is_told_in_one_line(flags, said, roots, tmp_path, monkeypatch):
    near, far = roots
    monkeypatch.chdir(tmp_path)
    (tmp_path / "DIR").mkdir()
    places = {"NEAR": near, "FAR": far}
    if "WEBP" in flags[-1]:
        places["WEBP"] = make(tmp_path / "webp", NEAR, {"w": 1}, codec=WebP())
    given = [re.sub(":(NEAR|FAR|WEBP)$", lambda name: f":{places[name[1]]}", flag) for flag in flags]
    protocol = [] if "--protocol" in flags or flags == ["--train", "demo"] else ["--protocol", "transfer"]
    with pytest.raises(Exception, match=said) as error:
        main([*protocol, *given, "--dataset", "simulated", "--root", str(far), "--results", "results"])
    assert type(error.value).__name__ in ("UserError", "DataError") and "\n" not in str(error.value)
    assert not (tmp_path / "results").exists()
