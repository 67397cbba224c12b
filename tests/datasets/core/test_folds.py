"""Protects the folds: files mean the same whatever edited them, errors name the line, made folds are balanced."""

from collections import Counter

import pytest

from datasets.common.errors import DataError, UserError
from datasets.core.folds import FOLDER, Folds, make_folds, parse_folds, read_folds, shipped_folds

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


def test_another_assignment_has_another_hash(tmp_path):
    first = parse_folds("mine", written(tmp_path, TEXT))
    assert parse_folds("mine", written(tmp_path, TEXT.replace("SRC03,1", "SRC03,2"))).sha256 != first.sha256


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


def test_a_file_of_ones_own_is_read_by_its_path(tmp_path):
    assert read_folds(str(written(tmp_path, TEXT)), "mcl-jci").name == "mine"


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
