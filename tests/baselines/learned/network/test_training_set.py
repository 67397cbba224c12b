"""Protects lessons: what cannot be learned from is told, sources stay apart, priors and shares fit the label."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.learned.network.training_set import Lesson, held_out_sources, prior_of
from datasets.common.errors import UserError


def lesson_of(pictures, levels) -> Lesson:
    return Lesson(pictures, np.asarray(levels, dtype=float), [{"key": picture.name} for picture in pictures])


def without_samples(pictures):
    return [picture.without_samples() for picture in pictures]


def test_no_pictures_are_told():
    with pytest.raises(UserError, match="needs training pictures, and there are none"):
        lesson_of([], []).check("share")


def test_one_picture_is_told(rated_pictures):
    with pytest.raises(UserError, match="two training pictures or more"):
        lesson_of(rated_pictures[:1], [40]).check("hard")


@pytest.mark.parametrize("level", [np.nan, np.inf])
def test_labels_that_are_no_numbers_are_told_by_name(rated_pictures, level):
    lesson = lesson_of(rated_pictures[:6], [50, level, 50, 50, level, 50])
    with pytest.raises(UserError, match=r"true level of astronaut-2, coffee-1 is no number: leave such pictures out"):
        lesson.check("share")


def test_shares_need_samples_and_the_text_says_what_does_not(rated_pictures):
    lesson = lesson_of(without_samples(rated_pictures[:4]), [40, 50, 60, 70])
    with pytest.raises(UserError, match=r"no training picture has subjects' samples: train with label='hard'"):
        lesson.check("share")
    lesson.check("hard")


def test_some_pictures_without_samples_have_hard_labels_among_shares(rated_pictures):
    labels = lesson_of([rated_pictures[0], *without_samples(rated_pictures[1:2])], [70, 40]).labels("share")
    assert labels.shape == (2, 100) and len(np.unique(labels[0])) > 2
    assert (labels[1] == (np.arange(1, 101) <= 40)).all()
    assert (np.diff(labels, axis=1) <= 0).all()


def test_hard_labels_are_about_the_truth_whatever_the_samples(rated_pictures):
    labels = lesson_of(rated_pictures[:2], [70, 40.5]).labels("hard")
    assert (labels == (np.arange(1, 101) <= np.array([[70], [40.5]]))).all()


def test_the_lowest_steps_of_bpg_count_from_its_worst_level(bpg_pictures):
    labels = lesson_of(bpg_pictures, [30, 30, 51]).labels("hard")
    assert labels.shape == (3, 51)
    assert labels[0].sum() == 51 - 30 + 1 and labels[2].tolist() == [1] + [0] * 50


def test_a_fit_has_the_share_at_which_its_truth_stands(rated_pictures, true_levels):
    network = object()
    lesson = lesson_of(rated_pictures, true_levels)
    shares, hard = lesson.fitted(network, "share"), lesson.fitted(network, "hard")
    assert shares.model is network and shares.codec == "jpeg" and shares.backbone is None
    assert 0.4 < shares.share < 0.75, "the mean lies near the median"
    assert hard.share == 0.5, "hard labels have the truth in them"
    stricter = lesson_of(rated_pictures, true_levels + 8).fitted(network, "share")
    assert stricter.share > shares.share + 0.1


def test_a_key_names_all_that_is_learned_from(rated_pictures, true_levels):
    """A training that was killed goes on under it: another lesson must not go on with this one's network."""
    pictures = list(rated_pictures[:3])
    lesson = lesson_of(pictures, true_levels[:3])
    assert lesson.key() == lesson_of(pictures, true_levels[:3]).key()
    others = [
        lesson_of(pictures, true_levels[:3] + np.array([0, 0, 1e-9])),
        lesson_of(pictures[::-1], true_levels[:3]),
        lesson_of([dataclasses.replace(pictures[0], name="other"), *pictures[1:]], true_levels[:3]),
        lesson_of([dataclasses.replace(pictures[0], source="other"), *pictures[1:]], true_levels[:3]),
        lesson_of([dataclasses.replace(pictures[0], samples=np.array([9.0])), *pictures[1:]], true_levels[:3]),
        Lesson(pictures, true_levels[:3], [{"key": "other"} for _ in pictures]),
    ]
    assert len({lesson.key(), *(other.key() for other in others)}) == 1 + len(others)


@given(st.integers(1, 30), st.integers(1, 6), st.integers(0, 9), st.integers(1, 3))
def test_members_stop_by_other_sources_and_always_have_some_to_train_on(sources, members, seed, crops):
    pictures = [_Named(f"s{number % sources}") for number in range(sources * crops)]
    seen: set[int] = set()
    for held_out in held_out_sources(pictures, members, seed):
        inside = {pictures[number].source for number in held_out}
        outside = {p.source for number, p in enumerate(pictures) if number not in held_out}
        assert not inside & outside and outside
        assert held_out or sources == 1
        assert members > sources or not held_out & seen, "fewer sources than members must be shared"
        seen |= held_out


@dataclasses.dataclass
class _Named:
    source: str


def test_the_prior_is_about_medians_and_never_certain(rated_pictures, true_levels):
    prior = prior_of(lesson_of(rated_pictures, true_levels), "share")
    medians = [np.median(picture.samples) - 1 for picture in rated_pictures]
    assert prior.position == pytest.approx(np.mean(medians)) and prior.spread == pytest.approx(np.std(medians))
    equal = prior_of(lesson_of(without_samples(rated_pictures), np.full(8, 40.0)), "share")
    assert (equal.position, equal.spread, equal.scale) == (39.0, 2.0, 5.0)


def test_hard_labels_have_the_truth_in_them_so_the_prior_is_about_it(rated_pictures, true_levels):
    prior = prior_of(lesson_of(rated_pictures, true_levels - 3), "hard")
    assert prior.position == pytest.approx(true_levels.mean() - 4)
