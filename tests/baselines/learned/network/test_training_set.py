"""Protects training sets: what cannot be learned from is told, sources stay apart, labels, priors and shares fit."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.learned.network.training_set import (
    TrainingSet,
    drawing_chances,
    hard_labels,
    noticing_shares,
    prior_of,
    truth_share,
)
from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.core.codec import Codec
from datasets.core.picture import Picture
from datasets.core.truths import find_truth

codecs = st.sampled_from([Jpeg(), Bpg()])


def training_set_of(pictures, levels) -> TrainingSet:
    return TrainingSet(pictures, np.asarray(levels, dtype=float), lambda picture: {}, "features")


def without_samples(pictures):
    return [picture.without_samples() for picture in pictures]


def test_no_pictures_are_told():
    with pytest.raises(UserError, match="needs training pictures, and there are none"):
        training_set_of([], []).check("share")


def test_one_picture_is_told(rated_pictures):
    with pytest.raises(UserError, match="two training pictures or more"):
        training_set_of(rated_pictures[:1], [40]).check("hard")


@pytest.mark.parametrize("level", [np.nan, np.inf])
def test_labels_that_are_no_numbers_are_told_by_name(rated_pictures, level):
    training_set = training_set_of(rated_pictures[:6], [50, level, 50, 50, level, 50])
    with pytest.raises(UserError, match=r"true level of astronaut-2, coffee-1 is no number: leave such pictures out"):
        training_set.check("share")


def test_shares_need_samples_and_the_text_says_what_does_not(rated_pictures):
    training_set = training_set_of(without_samples(rated_pictures[:4]), [40, 50, 60, 70])
    with pytest.raises(UserError, match=r"no training picture has subjects' samples: train with label='hard'"):
        training_set.check("share")
    training_set.check("hard")


def test_some_pictures_without_samples_have_hard_labels_among_shares(rated_pictures):
    labels = training_set_of([rated_pictures[0], *without_samples(rated_pictures[1:2])], [70, 40]).labels("share")
    assert labels.shape == (2, 100) and len(np.unique(labels[0])) > 2
    assert (labels[1] == (np.arange(1, 101) <= 40)).all()
    assert (np.diff(labels, axis=1) <= 0).all()


def test_hard_labels_are_about_the_truth_whatever_the_samples(rated_pictures):
    labels = training_set_of(rated_pictures[:2], [70, 40.5]).labels("hard")
    assert (labels == (np.arange(1, 101) <= np.array([[70], [40.5]]))).all()


def test_the_lowest_steps_of_bpg_count_from_its_worst_level(bpg_pictures):
    labels = training_set_of(bpg_pictures, [30, 30, 51]).labels("hard")
    assert labels.shape == (3, 51)
    assert labels[0].sum() == 51 - 30 + 1 and labels[2].tolist() == [1] + [0] * 50


def test_a_fit_has_the_share_at_which_its_truth_stands(rated_pictures, true_levels):
    network = object()
    training_set = training_set_of(rated_pictures, true_levels)
    shares, hard = training_set.fitted(network, "share"), training_set.fitted(network, "hard")
    assert shares.model is network and shares.codec == "jpeg" and shares.backbone is None
    assert 0.4 < shares.share < 0.75, "the mean lies near the median"
    assert hard.share == 0.5, "hard labels have the truth in them"
    stricter = training_set_of(rated_pictures, true_levels + 8).fitted(network, "share")
    assert stricter.share > shares.share + 0.1


def test_a_key_names_all_that_is_learned_from(rated_pictures, true_levels):
    """A training that was killed goes on under it: another training set must not go on with this one's network."""
    pictures = list(rated_pictures[:3])
    training_set = training_set_of(pictures, true_levels[:3])
    assert training_set.key() == training_set_of(pictures, true_levels[:3]).key()
    others = [
        training_set_of(pictures, true_levels[:3] + np.array([0, 0, 1e-9])),
        training_set_of(pictures[::-1], true_levels[:3]),
        training_set_of([dataclasses.replace(pictures[0], name="other"), *pictures[1:]], true_levels[:3]),
        training_set_of([dataclasses.replace(pictures[0], source="other"), *pictures[1:]], true_levels[:3]),
        training_set_of([dataclasses.replace(pictures[0], samples=np.array([9.0])), *pictures[1:]], true_levels[:3]),
        dataclasses.replace(training_set, measured_with="other features"),
    ]
    assert len({training_set.key(), *(other.key() for other in others)}) == 1 + len(others)


@given(st.integers(1, 30), st.integers(1, 6), st.integers(0, 9), st.integers(1, 3))
def test_members_stop_by_other_sources_and_always_have_some_to_train_on(sources, members, seed, crops):
    pictures = [SimpleNamespace(source=f"s{number % sources}") for number in range(sources * crops)]
    seen: set[int] = set()
    for trained, held_out in training_set_of(pictures, np.zeros(len(pictures))).held_out(members, seed):
        assert sorted(trained + held_out) == list(range(len(pictures)))
        inside, outside = ({pictures[number].source for number in numbers} for numbers in (held_out, trained))
        assert not inside & outside and outside
        assert held_out or sources == 1
        assert members > sources or not seen & set(held_out), "fewer sources than members must be shared"
        seen |= set(held_out)


def test_the_prior_is_about_medians_and_never_certain(rated_pictures, true_levels):
    prior = prior_of(training_set_of(rated_pictures, true_levels), "share")
    medians = [np.median(picture.samples) - 1 for picture in rated_pictures]
    assert prior.position == pytest.approx(np.mean(medians)) and prior.spread == pytest.approx(np.std(medians))
    equal = prior_of(training_set_of(without_samples(rated_pictures), np.full(8, 40.0)), "share")
    assert (equal.position, equal.spread, equal.scale) == (39.0, 2.0, 5.0)


def test_hard_labels_have_the_truth_in_them_so_the_prior_is_about_it(rated_pictures, true_levels):
    prior = prior_of(training_set_of(rated_pictures, true_levels - 3), "hard")
    assert prior.position == pytest.approx(true_levels.mean() - 4)


def picture(samples, codec: Codec) -> Picture:
    return Picture("one", "one", codec, 24.3, np.asarray(samples, dtype=float))


@given(codecs, st.lists(st.integers(1, 51), min_size=1, max_size=30))
def test_shares_fall_with_quality_and_everybody_notices_the_worst(codec, samples):
    shares = noticing_shares(picture(samples, codec))
    assert shares.shape == codec.levels.shape and shares[0] == 1
    assert (np.diff(shares) <= 0).all() and shares.min() >= 0


def test_a_subject_notices_at_their_own_level_and_below():
    assert noticing_shares(picture([40], Jpeg())).tolist() == [1.0] * 40 + [0.0] * 60
    assert noticing_shares(picture([40], Bpg())).tolist() == [1.0] * 12 + [0.0] * 39  # QP 51 down to 40


@given(codecs, st.integers(4, 204).map(lambda quarters: quarters / 4))
def test_hard_labels_are_one_step_at_the_true_level(codec, level):
    labels = hard_labels(level, codec)
    worse_or_same = codec.levels <= level if codec.sign > 0 else codec.levels >= level
    assert np.array_equal(labels, worse_or_same.astype(float)) and labels[0] == 1


def test_levels_are_drawn_near_the_jnd_more_often_and_every_one_sometimes():
    shares = np.stack([noticing_shares(picture(samples, Jpeg())) for samples in ([30, 40, 50], [60, 61, 90])])
    hard = np.stack([hard_labels(level, Jpeg()) for level in (1, 40.5, 100)])
    for labels, near in ((shares, [(0, 35), (1, 80)]), (hard, [(0, 0), (1, 40), (2, 99)])):
        chances = drawing_chances(labels)
        assert chances.shape == labels.shape and (chances > 0).all()
        for row, position in near:
            assert chances[row, position] > 4 * chances[row, 10]


def test_a_truth_is_recognised_by_where_it_stands(rated_pictures):
    for share in (75, 50):
        truth = find_truth(f"sur{share}")
        levels = np.array([truth.level(picture) for picture in rated_pictures])
        assert truth_share(rated_pictures, levels) == pytest.approx(share / 100, abs=0.04)


def test_a_truth_that_nobody_or_everybody_reaches_stays_a_share(rated_pictures):
    assert truth_share(rated_pictures, np.full(len(rated_pictures), 1.0)) == 0.02
    assert truth_share(rated_pictures, np.full(len(rated_pictures), 100.0)) == 0.98
    assert truth_share([picture([], Jpeg())], np.array([30.0])) == 0.5
