"""Protects what the network is told: shares that fall with quality in either codec, and where truths stand on them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.learned.network.labels import drawing_chances, hard_labels, noticing_shares, truth_share
from datasets.common.errors import UserError
from datasets.core.codec import Bpg, Codec, Jpeg
from datasets.core.picture import Picture
from datasets.core.truths import find_truth

codecs = st.sampled_from([Jpeg(), Bpg()])


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


def test_without_samples_there_is_no_share():
    with pytest.raises(UserError, match="one: has no subjects' samples"):
        noticing_shares(picture([], Jpeg()))


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
        levels = np.array([truth.level(one) for one in rated_pictures])
        assert truth_share(rated_pictures, levels) == pytest.approx(share / 100, abs=0.04)


def test_a_truth_that_nobody_or_everybody_reaches_stays_a_share(rated_pictures):
    assert truth_share(rated_pictures, np.full(len(rated_pictures), 1.0)) == 0.02
    assert truth_share(rated_pictures, np.full(len(rated_pictures), 100.0)) == 0.98
    assert truth_share([picture([], Jpeg())], np.array([30.0])) == 0.5
