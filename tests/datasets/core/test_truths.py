"""Protects the named truths: each has its own value on one known picture, and says so where it has none."""

import numpy as np
import pytest

from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.core.gev import sur_level
from datasets.core.picture import Picture
from datasets.core.truths import TRUTHS, find_truth

SAMPLES = np.array([52.0, 40, 30, 28, 26, 25, 24, 22, 20, 18])


def picture(samples=SAMPLES, codec=None, **tabulated) -> Picture:
    return Picture("SRC01", "SRC01", codec or Jpeg(), 47.0, samples=samples, tabulated=tabulated)


def test_each_truth_is_what_its_name_says():
    levels = {name: truth.level(picture(sqf=36.0)) for name, truth in TRUTHS.items()}
    assert levels["mean"] == pytest.approx(28.5)
    assert levels["median"] == pytest.approx(25.5)
    assert levels["sqf"] == 36.0
    assert levels["sur50"] == sur_level(SAMPLES, Jpeg(), 0.5)
    assert levels["sur75"] == sur_level(SAMPLES, Jpeg(), 0.75)
    assert levels["sur50"] < levels["sur75"] < 40
    assert levels["sur50"] == pytest.approx(25.5, abs=1.5)


def test_sur75_is_the_better_quality_in_both_directions():
    bpg = picture(codec=Bpg(), samples=np.array([25.0, 28, 30, 31, 33]))
    assert TRUTHS["sur75"].level(bpg) < TRUTHS["sur50"].level(bpg)


def test_every_truth_has_its_key_as_name_and_a_meaning():
    assert all(truth.name == key and truth.meaning for key, truth in TRUTHS.items())
    assert set(TRUTHS) == {"mean", "median", "sur50", "sur75", "sqf"}


def test_an_unknown_truth_suggests_near_ones():
    assert find_truth("sur75") is TRUTHS["sur75"]
    with pytest.raises(UserError, match=r"no truth 'sur57'\. Did you mean .*'sur75'.*Known: mean, median"):
        find_truth("sur57")


def test_a_set_without_sqf_says_which_truths_to_use():
    with pytest.raises(UserError, match=r"SRC01: its data set gives no 'sqf'.*--truths mean"):
        TRUTHS["sqf"].level(picture())


@pytest.mark.parametrize("name", ["mean", "median", "sur50", "sur75"])
def test_a_picture_without_samples_has_no_truth(name):
    with pytest.raises(UserError, match="SRC01: no subject's sample"):
        TRUTHS[name].level(picture(samples=np.empty(0)))
