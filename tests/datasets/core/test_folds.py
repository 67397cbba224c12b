"""Protects the folds: files mean the same whatever edited them, errors name the line, made folds are balanced."""

import hashlib
from collections import Counter

import numpy as np
import pytest

from datasets.common.errors import DataError, UserError
from datasets.core.folds import FOLDER, Folds, make_folds, parse_folds, read_folds, shipped_folds
from datasets.core.truths import find_truth
from datasets.sets import open_dataset

TEXT = "source,fold\nSRC01,1\nSRC02,2\nSRC03,1\n"


def written(folder, contents: str | bytes, name: str = "mine.csv"):
    path = folder / name
    path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
    return path


def test_a_file_says_which_fold_tests_a_source(tmp_path):
    folds = parse_folds("mine", written(tmp_path, TEXT))
    assert folds.fold_of == {"SRC01": 1, "SRC02": 2, "SRC03": 1}
    assert folds.numbers == [1, 2] and folds.name == "mine" and len(folds.sha256) == 64


@pytest.mark.parametrize(
    "contents",
    [TEXT.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + TEXT.encode(), TEXT.encode("utf-8-sig")],
    ids=["CRLF", "BOM", "as spreadsheets save it"],
)
def test_line_ends_and_byte_order_marks_do_not_change_the_hash(tmp_path, contents):
    plain = parse_folds("mine", written(tmp_path, TEXT))
    assert parse_folds("mine", written(tmp_path, contents, "other.csv")) == plain


@pytest.mark.parametrize(
    ("contents", "complaint"),
    [
        ("", r"mine\.csv: expected the columns source,fold"),
        ("picture,fold\nSRC01,1\n", r"mine\.csv: expected the columns source,fold, found \['picture', 'fold'\]"),
        ("source,fold\nSRC01,1\nSRC02,\n", r"mine\.csv, line 3: .*fold '' no number"),
        ("source,fold\nSRC01,1\nSRC02\n", r"mine\.csv, line 3: .*fold None no number"),
        ("source,fold\nSRC01,one\nSRC02,2\n", r"mine\.csv, line 2: .*fold 'one' no number"),
        ("source,fold\nSRC01,²\nSRC02,2\n", r"mine\.csv, line 2: .*no number"),
        ("source,fold\nSRC01,--1\nSRC02,2\n", r"mine\.csv, line 2: .*no number"),
        ("source,fold\nSRC01,1.5\nSRC02,2\n", r"mine\.csv, line 2: .*no number"),
        ("source,fold\nSRC01,1\nSRC01,2\n", r"mine\.csv, line 3: source 'SRC01' repeated"),
        ("source,fold\nSRC01,1\nSRC02,1\n", r"mine\.csv: at least two folds are needed, found 1"),
        ("source,fold\n", r"mine\.csv: at least two folds are needed, found 0"),
        ("source,fold\nS\xe9,1\n".encode("latin-1"), r"mine\.csv: is no text in UTF-8"),
    ],
)
def test_an_error_names_the_file_and_the_line(tmp_path, contents, complaint):
    with pytest.raises(DataError, match=complaint):
        parse_folds("mine", written(tmp_path, contents))


def test_every_source_must_have_a_fold():
    folds = Folds("mine", {"SRC01": 1, "SRC02": 2}, "")
    folds.check_covers(["SRC02", "SRC01", "SRC01"])
    with pytest.raises(DataError, match=r"folds 'mine' know nothing of 2 sources: SRC03, SRC04\. Use folds"):
        folds.check_covers(["SRC04", "SRC01", "SRC03"])
    with pytest.raises(DataError, match=r"of 40 sources: A, .* \.\.\."):
        folds.check_covers([chr(65 + number) for number in range(40)])


@pytest.mark.parametrize(("sources", "count"), [(50, 5), (10, 10), (23, 4)])
def test_made_folds_are_balanced_and_cover_everything(tmp_path, sources, count):
    names = [f"SRC{number:02d}" for number in range(sources)]
    make_folds(names * 2, count, seed=3, path=tmp_path / "made.csv")
    folds = parse_folds("made", tmp_path / "made.csv")
    assert sorted(folds.fold_of) == names and folds.numbers == list(range(1, count + 1))
    sizes = Counter(folds.fold_of.values()).values()
    assert max(sizes) - min(sizes) <= 1


def test_made_folds_depend_on_the_seed_alone(tmp_path):
    names = [f"SRC{number:02d}" for number in range(30)]
    paths = [tmp_path / f"{number}.csv" for number in range(3)]
    make_folds(names, 5, seed=1, path=paths[0])
    make_folds(names[::-1], 5, seed=1, path=paths[1])
    make_folds(names, 5, seed=2, path=paths[2])
    assert paths[0].read_bytes() == paths[1].read_bytes() != paths[2].read_bytes()


def test_an_unknown_name_lists_the_shipped_ones():
    with pytest.raises(UserError, match=r"no fold file for mcl-jci 'kfold9-v1'"):
        read_folds("kfold9-v1", "mcl-jci")
    with pytest.raises(UserError, match=r"'nowhere/mine\.csv'"):
        read_folds("nowhere/mine.csv", "mcl-jci")


def test_shipped_folds_can_be_read():
    files = sorted(FOLDER.glob("*.csv"))
    for file in files:
        dataset, name, _ = file.name.split(".")
        assert shipped_folds(dataset)[name] == file
        assert len(read_folds(name, dataset).numbers) >= 2


NUMBERED = {
    "mcl-jci": ("SRC{:02d}", 1, 50),
    "konjnd-1k-jpeg": ("SRC{:04d}", 1, 504),
    "konjnd-1k-bpg": ("SRC{:04d}", 505, 1008),
}

SHIPPED = {
    ("mcl-jci", "kfold5-v1"): "4a661dd388351fb1306ecd535bb8579364e59a5e7e9a6b92c44409a57e84b527",
    ("mcl-jci", "sur-featnet-10"): "eb4697e5ac657da24bcc5d16f3411af8a7a378223ef3e1ac63e9678be28eeb09",
    ("konjnd-1k-jpeg", "kfold5-v1"): "dd5e136b617679764f410cc388b24e1b0f2f63e9bdc43de47074e0790c3c81c0",
    ("konjnd-1k-bpg", "kfold5-v1"): "c8d3ef0618e2b8bd27da6661fbe301caa374e15a9cf46d28fd7cc58676c807fb",
}


@pytest.mark.parametrize(("dataset", "name"), SHIPPED)
def test_a_shipped_file_is_never_edited(dataset, name):
    folds = read_folds(name, dataset)
    assert folds.sha256 == SHIPPED[dataset, name]
    assert hashlib.sha256(shipped_folds(dataset)[name].read_bytes()).hexdigest() == SHIPPED[dataset, name]


@pytest.mark.parametrize(("dataset", "name"), SHIPPED)
def test_folds_cover_their_set_evenly(dataset, name):
    template, first, last = NUMBERED[dataset]
    folds = read_folds(name, dataset)
    assert set(folds.fold_of) == {template.format(number) for number in range(first, last + 1)}
    assert folds.numbers == list(range(1, 11 if name == "sur-featnet-10" else 6))
    sizes = np.bincount(list(folds.fold_of.values()))[1:]
    assert sizes.max() - sizes.min() <= 1


def test_every_set_has_its_default_folds_documented():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for dataset, name in SHIPPED:
        assert f"`{dataset}.{name}.csv`" in text


def test_the_published_folds_are_the_published_ones(mcl_jci_labels):
    published = parse_folds("published", mcl_jci_labels / "sur_featnet_10_folds.csv")
    assert read_folds("sur-featnet-10", "mcl-jci").fold_of == published.fold_of


@pytest.mark.parametrize(("truth", "mae_qf"), [("mean", 5.58), ("median", 5.04), ("sqf", 7.82)])
def test_the_training_median_has_the_known_error(mcl_jci_labels, truth, mae_qf):
    fold_of = read_folds("sur-featnet-10", "mcl-jci").fold_of
    pictures = open_dataset("mcl-jci", mcl_jci_labels).pictures
    levels = np.array([find_truth(truth).level(picture) for picture in pictures])
    folds = np.array([fold_of[picture.source] for picture in pictures])
    errors = [abs(levels[index] - np.median(levels[folds != fold])) for index, fold in enumerate(folds)]
    assert np.mean(errors) == pytest.approx(mae_qf, abs=0.005)
