"""Protects directions: nothing is guessed silently, and answers that deny what was said are not read."""

import numpy as np
import pytest

from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import DataError, UserError
from datasets.ratings.directions import Scale, check_trend, noticed, scale_of, trend, yes_is_told


@pytest.mark.parametrize(
    ("named", "column", "codec", "scale"),
    [
        ("distortion", "d", Jpeg(), "distortion"),
        (None, "JND_QF", Jpeg(), "qf"),
        (None, "Slider", Jpeg(), "distortion"),
        (None, "level", Jpeg(), None),
        (None, "level", Bpg(), "qp"),
        ("qp", "", Bpg(), "qp"),
    ],
)
def test_the_scale_is_the_flags_the_names_or_nobodys(named, column, codec, scale):
    found = scale_of(named, column, codec)
    assert (found and found.name) == scale


@pytest.mark.parametrize(
    ("named", "column", "codec"),
    [("qf", "x", Bpg()), ("distortion", "x", Bpg()), ("qp", "x", Jpeg()), (None, "qp", Jpeg()), (None, "qf", Bpg()),
     ("distortion", "jnd_qf", Jpeg())],
)  # fmt: skip
def test_scales_that_deny_each_other_are_refused(named, column, codec):
    with pytest.raises(UserError):
        scale_of(named, column, codec)


def test_distortion_counts_from_the_other_end():
    assert Scale("distortion", "").level(31, Jpeg()) == 70
    assert Scale("qf", "").level(31, Jpeg()) == 31


def test_words_of_answers(tmp_path):
    assert (
        noticed(tmp_path, 1, "Yes", None)
        and noticed(tmp_path, 1, "0", "same")
        and noticed(tmp_path, 1, "visible", "same")
    )
    assert not noticed(tmp_path, 1, "same", None) and not noticed(tmp_path, 1, "true", "same")
    with pytest.raises(DataError, match="line 7: the answer is 'maybe'"):
        noticed(tmp_path, 7, "maybe", None)


def test_what_yes_means_is_known_or_not():
    assert yes_is_told("same", None, ["1"]) and yes_is_told(None, "Noticed", ["1"])
    assert yes_is_told(None, "answer", ["same", "different"])
    assert not yes_is_told(None, "answer", ["1", "0"])


def test_a_trend_is_told_only_where_it_is_clear_and_within_pictures():
    rng = np.random.default_rng(15)
    numbers = np.tile(np.arange(10.0), 8)
    pictures = [f"p{number // 10}" for number in range(80)]
    assert trend(pictures, numbers, numbers > 4) == 1
    assert trend(pictures, numbers, numbers < 4) == -1
    assert trend(pictures, numbers, rng.random(80) < 0.5) == 0
    assert trend(["a", "b"], [1.0, 9.0], [0, 1]) == 0  # pictures differ, and nothing within one


def test_answers_tell_the_scale_or_deny_it(tmp_path):
    assert check_trend(tmp_path, None, 1, Jpeg()).name == "distortion"
    assert check_trend(tmp_path, None, -1, Jpeg()).name == "qf"
    assert check_trend(tmp_path, Scale("qf", ""), 0, Jpeg()).name == "qf"
    for name, rises in (("qf", 1), ("distortion", -1), ("qp", -1)):
        with pytest.raises(UserError, match=r"Either the scale is another .* or 'yes' means"):
            check_trend(tmp_path, Scale(name, ""), rises, Jpeg())
    with pytest.raises(UserError, match="--scale qf"):
        check_trend(tmp_path, None, 0, Jpeg())
