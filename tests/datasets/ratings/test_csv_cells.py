"""Protects the reading of anyone's CSV: every form gives the same cells, and no column is guessed silently."""

import pytest

from datasets.common.errors import DataError, UserError
from datasets.ratings.csv_cells import number_of, read_cells

LONG = "Subject ID,Image,QF\na,p1,40\na,p2,50\nb,p1,42\n"
SAME = [("a", "p1", "40"), ("a", "p2", "50"), ("b", "p1", "42")]


def cells(tmp_path, text, named=None, **how):
    path = tmp_path / "ratings.csv"
    path.write_text(text, encoding="utf-8")
    return read_cells(path, named or {}, **how)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (LONG, {}),
        (LONG.replace("Subject ID,Image,QF", "wer,was,wie"), {"rater": "wer", "picture": "was", "level": "wie"}),
        ("rater,p1,p2\na,40,50\nb,42,\n", {}),
        ("image,a,b\np1,40,42\np2,50,\n", {}),
    ],
)
def test_long_and_wide_are_the_same(tmp_path, text, named):
    read = cells(tmp_path, text, named)
    assert sorted((cell.rater, cell.picture, cell.level) for cell in read.cells) == SAME
    assert not read.has_answers


@pytest.mark.parametrize(
    "text",
    [
        "rater,picture,level,answer\na,p1,40,yes\na,p1,60,no\n",
        "picture,level,a\np1,40,yes\np1,60,no\n",
        "rater,level,p1\na,40,yes\na,60,no\n",
        "rater,picture,40,60\na,p1,yes,no\n",
    ],
)
def test_answers_too(tmp_path, text):
    read = cells(tmp_path, text)
    rows = [(cell.rater, cell.picture, cell.level, cell.answer) for cell in read.cells]
    assert rows == [("a", "p1", "40", "yes"), ("a", "p1", "60", "no")]
    assert read.has_answers


def test_every_guess_is_said_and_every_flag_is_not(tmp_path):
    said = cells(tmp_path, LONG, {"level": "QF"}).said
    assert said == ("Column 'Subject ID' is taken for the rater.", "Column 'Image' is taken for the picture.")
    wide = cells(tmp_path, "rater,p1,p2,age\na,1,2,30\n", ignored=["age"])
    assert wide.said[-1] == "Wide form: 2 columns each stand for a picture (p1, p2, ...)."


@pytest.mark.parametrize(
    ("text", "named", "says"),
    [
        ("worker,subject,image,qf\na,b,c,1\n", {}, r"'worker' and 'subject' could both be the rater.*--rater"),
        (LONG, {"level": "qf"}, "no column in .*'qf'"),
        (LONG, {"level": "QF", "rater": "QF"}, "two flags name the same column"),
        ("a,b,c\n1,2,3\n", {}, "cannot be told .*--rater and --picture and --level"),
        ("rater,image,Wert,Tag\na,p1,40,2\n", {}, "hold the level. Name it with --level"),
        ("rater,picture\na,p1\n", {}, "no column is left"),
    ],
)
def test_what_cannot_be_told_is_asked_for(tmp_path, text, named, says):
    with pytest.raises(UserError, match=says):
        cells(tmp_path, text, named)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rater,picture,qf\n", "no rows"),
        ("rater,p1,p2\na,,\n", "no rating in any cell"),
        ("rater,picture,qf\na,,40\n", "line 2: 'picture' is empty"),
        ("rater,picture,qf\na,p1\n", "line 2: 'qf' is empty"),
        ("rater,picture,qf\na,p1,40,7\n", "line 2: is no CSV"),
        ("rater,rater,qf\na,b,40\n", "expected the columns"),
        ("rater,p1,p2\na,40,41\na,42,43\n", "line 3: 'a' is empty or stands in two lines"),
        ('rater,picture,qf\na,"p1,40\n', "is no CSV"),
        ("rater\0,picture,qf\n", "NUL"),
    ],
)
def test_what_is_no_table_is_refused_by_its_line(tmp_path, text, says):
    with pytest.raises(DataError, match=says):
        cells(tmp_path, text)


@pytest.mark.parametrize("text", ["nan", "inf", "1e3", "0x10", "4_0", "٤٢", "", "1" * 4000, "40;5", "40,5"])
def test_only_plain_numbers_are_numbers(tmp_path, text):
    with pytest.raises(DataError, match="line 3: the level is"):
        number_of(tmp_path, 3, "the level", text)
