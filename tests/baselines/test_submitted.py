"""Protects from wrong files of predictions: each wrong row is said, and a right one is answered as it is."""

from __future__ import annotations

import numpy as np
import pytest

from baselines.submitted import Submitted, check_submission, read_submission, sur_columns
from datasets.codecs.jp2 import Jpeg2000
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import DataError, UserError
from datasets.core.folds import Folds

JPEG = Jpeg()


def written(path, *lines: str, head: str = "picture,level"):
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


def test_levels_and_curves_are_answered_as_the_file_has_them(tmp_path, rated_pictures):
    curve = np.linspace(0, 1, 100)
    head = ",".join(["picture", "level", "remark", *sur_columns(JPEG)])
    rows = [f"{picture.name},{40.25 + n},x,{','.join(map(str, curve))}" for n, picture in enumerate(rated_pictures)]
    file = written(tmp_path / "sur.csv", *rows, head=head)
    predictor = Submitted(file=str(file)).fit(rated_pictures, np.zeros(len(rated_pictures)), seed=0)
    for number, picture in enumerate(rated_pictures):
        answer = predictor.predict(picture.without_samples())
        assert answer.level == 40.25 + number
        np.testing.assert_array_equal(answer.sur, curve)
        assert np.isnan(answer.reused_ms), "what reading a file takes is not what the method costs"


def test_another_content_is_another_ingredient(tmp_path):
    file = written(tmp_path / "a.csv", "a,50")
    before = Submitted(file=str(file)).ingredients()
    written(file, "a,51")
    assert Submitted(file=str(file)).ingredients() != before


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("b,", "line 3: level is '', expected a number"),
        ("b,nan", "line 3: level is 'nan', expected a number"),
        ("b,0.5", "line 3: the level 0.5 lies outside QF 1..100"),
        ("a,20", "line 3: the picture a stands in a line before"),
    ],
)
def test_a_wrong_row_is_said_by_its_line(tmp_path, row, says):
    with pytest.raises(DataError) as refused:
        read_submission(written(tmp_path / "a.csv", "a,50", row), JPEG)
    assert says in str(refused.value) and "--template" in str(refused.value)


@pytest.mark.parametrize(
    ("curve", "says"),
    [
        ([0.5] * 99 + [1.1], "a SUR is a share of people from 0 to 1"),
        ([0.5] * 50 + [0.4] * 50, "the SUR falls from one level to the next better one"),
        ([0.5] * 99 + [""], "has 99 SUR values and lacks sur_100: give all 100 or none"),
    ],
)
def test_a_curve_is_a_share_of_people_that_rises_with_quality(tmp_path, curve, says):
    row = ",".join(["a", "50", *map(str, curve)])
    with pytest.raises(DataError, match=says):
        read_submission(written(tmp_path / "a.csv", row, head=",".join(["picture", "level", *sur_columns(JPEG)])), JPEG)


def test_columns_of_curves_go_from_the_worst_to_the_best_level():
    assert sur_columns(JPEG)[:2] == ["sur_1", "sur_2"] and sur_columns(JPEG)[-1] == "sur_100"
    assert len(sur_columns(Jpeg2000())) == len(Jpeg2000().levels)


def test_all_that_is_wrong_is_said_at_once(tmp_path, rated_pictures):
    names = [picture.name for picture in rated_pictures]
    folds = Folds("mine", {picture.source: 1 for picture in rated_pictures}, "")
    rows = [f"{names[0]},50,2", f"{names[1][:-1]}9,50,1", *(f"{name},50,1" for name in names[2:])]
    with pytest.raises(DataError) as refused:
        check_submission(written(tmp_path / "a.csv", *rows, head="picture,level,fold"), JPEG, rated_pictures, folds)
    lines = [line.strip() for line in str(refused.value).splitlines()[1:-1]]
    assert lines == [
        f"line 2: {names[0]} is tested in fold 1 of mine, not in '2'",
        f"line 3: the data set has no picture '{names[1][:-1]}9'; near: {names[1]}",
        f"the picture {names[1]} has no row",
    ]


def test_a_file_that_is_missing_or_lacks_a_column_is_said(tmp_path):
    with pytest.raises(UserError, match="there is no such file"):
        read_submission(tmp_path / "gone.csv", JPEG)
    with pytest.raises(DataError, match="expected the columns picture,level"):
        read_submission(written(tmp_path / "a.csv", "a,50", head="image,level"), JPEG)
