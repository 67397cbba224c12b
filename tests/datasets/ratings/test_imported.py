"""Protects what a file's cells are taken for: levels in range, names that can name files, shares and matrices."""

import numpy as np
import pytest

from datasets.codecs.jpeg import Jpeg
from datasets.codecs.vvc import Vvc
from datasets.common.errors import DataError, UserError
from datasets.ratings.csv_cells import read_cells
from datasets.ratings.imported import import_ratings, import_shares, read_vvc_jnd


def imported(tmp_path, text, scale=None, yes=None):
    path = tmp_path / "ratings.csv"
    path.write_text(text, encoding="utf-8")
    return import_ratings(read_cells(path, {}), Jpeg(), scale, yes)


def shares(tmp_path, text):
    path = tmp_path / "shares.csv"
    path.write_text(text, encoding="utf-8")
    return import_shares(read_cells(path, {}, raters=False), Jpeg())


def test_both_directions_give_the_same_jnds(tmp_path):
    up = imported(tmp_path, "rater,image,source,jnd,censored\na,x/k 1.PNG,k,40,0\nb,x/k 1.PNG,k,1,1\n", "qf")
    down = imported(
        tmp_path, "rater,image,source,jnd,censored\na,x/k 1.PNG,k,61,0\nb,x/k 1.PNG,k,100,1\n", "distortion"
    )
    assert up.jnds == down.jnds
    assert [(jnd.picture, jnd.level, jnd.censored) for jnd in up.jnds] == [("k-1", 40, False), ("k-1", 1, True)]
    assert up.source_of == {"k-1": "k"}


@pytest.mark.parametrize(
    ("rows", "scale", "says"),
    [
        ("a,p,0\n", "qf", "line 2: 0 is no level, expected 1 to 100"),
        ("a,p,101\n", "qf", "worst level, 1$"),
        ("a,p,0\n", "distortion", r"0 is no level.*101 - QF.*worst level, 100$"),
        ("a,p,40\na,p.png,41\n", "qf", "line 3: the picture 'p.png' has no name"),
        ("a,P,40\na,p,41\n", "qf", "same one as 'P'"),
        ("a,..,40\n", "qf", "no name of letters"),
        ("a,p,forty\n", "qf", "line 2: the level is 'forty'"),
        (f"{'a' * 101},p,40\n", "qf", "no name of a rater"),
        ("a\x1b[2J,p,40\n", "qf", "no name of a rater"),
    ],
)
def test_what_is_no_rating_is_refused_by_its_line(tmp_path, rows, scale, says):
    with pytest.raises(DataError, match=says):
        imported(tmp_path, "rater,image,jnd\n" + rows, scale)


def test_a_picture_with_two_sources_is_refused(tmp_path):
    with pytest.raises(DataError, match="line 3: p has two sources"):
        imported(tmp_path, "rater,image,source,qf\na,p,s,40\nb,p,t,41\n")


def test_jnds_without_a_direction_are_not_read(tmp_path):
    with pytest.raises(UserError, match="nothing tells whether a higher number is better"):
        imported(tmp_path, "rater,image,jnd\na,p,40\n")


def answers(jnd=50, *, distortion=False, yes="1", no="0", column="answer"):
    levels = range(5, 100, 10)
    rows = [f"{who},p,{101 - q if distortion else q},{yes if q <= jnd else no}" for who in "abc" for q in levels]
    return f"rater,image,level,{column}\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("text", "scale", "yes"),
    [
        (answers(), "qf", None),
        (answers(distortion=True), "distortion", None),
        (answers(distortion=True, column="noticed"), None, None),
        (answers(yes="different", no="same"), None, None),
        (answers(yes="no", no="yes"), "qf", "same"),
        (answers(distortion=True, yes="no", no="yes"), None, "same"),
    ],
)
def test_answers_are_the_same_whichever_way_they_run(tmp_path, text, scale, yes):
    read = imported(tmp_path, text, scale, yes)
    assert [(answer.level, answer.noticed) for answer in read.answers[:10]] == [
        (float(q), q <= 50) for q in range(5, 100, 10)
    ]


def test_neither_scale_nor_meaning_is_asked_for_and_denied_ones_refused(tmp_path):
    with pytest.raises(UserError, match="neither which levels are better nor what 'yes' means"):
        imported(tmp_path, answers())
    with pytest.raises(UserError, match="noticed more often at higher ones"):
        imported(tmp_path, answers(distortion=True), "qf")


@pytest.mark.parametrize("form", ["long", "wide", "percent"])
@pytest.mark.parametrize("noticed", [True, False])
def test_shares_of_people_are_read_in_both_directions(tmp_path, form, noticed):
    """MIDD-CAP: 24 pictures, JPEG QF 20 to 90, shares of those who noticed or who saw nothing."""
    levels, pictures = range(20, 100, 10), [f"kodim{number:02d}.png" for number in range(1, 25)]
    share = {(p, q): min(max(0.5 + (55 + n % 7 - q) / 60, 0), 1) for n, p in enumerate(pictures) for q in levels}
    factor = 100 if form == "percent" else 1
    cell = {key: f"{factor * (of if noticed else 1 - of):.3f}" for key, of in share.items()}
    if form == "wide":
        lines = ["image," + ",".join(map(str, levels))]
        lines += [p + "," + ",".join(cell[p, q] for q in levels) for p in pictures]
    else:
        lines = ["image,quality,ratio", *(f"{p},{q},{cell[p, q]}" for p in pictures for q in levels)]
    read = shares(tmp_path, "\n".join(lines) + "\n")
    assert len(read.of) == 24
    np.testing.assert_allclose(read.of["kodim03"][1], [share["kodim03.png", q] for q in levels], atol=0.001)
    assert f"people who {'noticed' if noticed else 'saw no difference'}" in read.said[-1]


def test_shares_that_run_nowhere_or_stand_twice_are_refused(tmp_path):
    with pytest.raises(UserError, match="neither rise nor fall"):
        shares(tmp_path, "image,qf,ratio\n" + "".join(f"p,{q},0.5\n" for q in range(20, 100, 10)))
    rows = "".join(f"p,{q},{q / 100}\n" for q in range(20, 100, 10))
    with pytest.raises(DataError, match=r"line 10: .* twice"):
        shares(tmp_path, "image,qf,ratio\n" + rows + "p,20,0.2\n")


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("pictures", [50, 51])
def test_a_matrix_of_vvc_jnd(tmp_path, pictures, turned):
    matrix = np.random.default_rng(16).integers(13, 52, (pictures, 20))
    rows = [[str(cell) for cell in row] for row in (matrix.T if turned else matrix)]
    read = read_vvc_jnd(tmp_path, rows, Vvc())
    assert len(read.jnds) == matrix.size
    assert {(jnd.picture, jnd.rater): jnd.level for jnd in read.jnds}["p03", "r07"] == matrix[2, 6]


def test_another_shape_or_another_number_is_no_vvc_jnd(tmp_path):
    with pytest.raises(DataError, match=r"has 2 rows of 1, 2 cells, expected 50 or 51 rows"):
        read_vvc_jnd(tmp_path, [["30"], ["30", "31"]], Vvc())
    with pytest.raises(DataError, match="line 50: 99 is no level, expected 13 to 51"):
        read_vvc_jnd(tmp_path, [["30"] * 20] * 49 + [["30"] * 19 + ["99"]], Vvc())
