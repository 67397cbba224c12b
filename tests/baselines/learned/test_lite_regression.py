"""Protects the control: it sees the reference alone, answers in range, and knows its training pictures."""

import dataclasses
import functools

import numpy as np
import pytest

from baselines.learned.lite_regression import ReferenceRegression
from datasets.common.errors import UserError
from datasets.core.ladder import Ladder


@pytest.fixture(scope="module")
def control(rated_pictures, true_levels) -> ReferenceRegression:
    settings = {"patch_pixels": 32, "most_patches": 4}
    return ReferenceRegression(settings=settings, device="cpu").fit(rated_pictures, true_levels, seed=0)


class Uncompressible(Ladder):
    """A picture whose levels nobody may ask for."""

    def encoded(self, level: int) -> bytes:
        raise AssertionError("a level was asked for")

    def fingerprint(self) -> str:
        return "none"

    def _name(self, level: int) -> str:
        return "none"


def test_it_uses_the_reference_alone(control, rated_pictures):
    picture = rated_pictures[0]
    ladder = Uncompressible(picture.codec, functools.partial(np.array, picture.reference))
    blind = dataclasses.replace(picture.without_samples(), ladder_or_none=ladder, measurements={})
    assert control.predict(blind).level == pytest.approx(control.predict(picture).level, abs=1e-6)


def test_training_pictures_are_known_better_than_by_a_constant(control, rated_pictures, true_levels):
    found = np.array([control.predict(one.without_samples()).level for one in rated_pictures])
    assert ((found >= 1) & (found <= 100)).all()
    constant = np.abs(np.median(true_levels) - true_levels).mean()
    assert np.abs(found - true_levels).mean() < constant


def test_what_leaves_the_range_is_clipped_and_said(control, rated_pictures, true_levels):
    steep = ReferenceRegression(settings=control.settings, device="cpu")
    steep.fit(rated_pictures, true_levels * 30, seed=0)
    found = [(steep.predict(one).level, steep.predict(one).clipped) for one in rated_pictures]
    assert all(1 <= level <= 100 for level, _ in found)
    assert all(clipped for level, clipped in found if level == 100) and any(clipped for _, clipped in found)
    assert not any(control.predict(one).clipped for one in rated_pictures)


def test_the_seed_changes_nothing(control, rated_pictures, true_levels):
    other = ReferenceRegression(settings=control.settings, device="cpu").fit(rated_pictures, true_levels, seed=9)
    assert other.predict(rated_pictures[0]).level == control.predict(rated_pictures[0]).level


def test_nothing_to_learn_from_is_told(control, rated_pictures):
    for pictures, levels in (([], []), (rated_pictures[:2], [30.0, np.nan])):
        with pytest.raises(UserError, match="needs training pictures, each with a true level that is a number"):
            ReferenceRegression(settings=control.settings, device="cpu").fit(pictures, np.array(levels), seed=0)


def test_a_slip_in_a_setting_suggests(rated_pictures, true_levels):
    predictor = ReferenceRegression(settings={"patches": 2})
    with pytest.raises(UserError, match=r"no setting of lite-regression 'patches'\. Did you mean"):
        predictor.fit(rated_pictures, true_levels, seed=0)
