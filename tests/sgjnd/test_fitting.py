"""Protects fitting: what cannot be learned from is told, what is poor still works, and sources stay apart."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines.learning.lesson import Lesson, held_out_sources, prior_of
from baselines.learning.looking import Looker
from datasets.errors import UserError
from sgjnd.config import Config
from sgjnd.fitting import fit_frozen
from sgjnd.lite import SgJndLite


@pytest.fixture
def fit(quick):
    """Fit with quick settings changed."""

    def run(pictures, levels, **settings) -> SgJndLite:
        predictor = SgJndLite(settings={**quick, "epochs": 2, **settings}, device="cpu")
        return predictor.fit(pictures, np.asarray(levels, dtype=float), seed=0)

    return run


def without_samples(pictures):
    return [picture.without_samples() for picture in pictures]


def test_no_pictures_are_told(fit):
    with pytest.raises(UserError, match="needs training pictures, and there are none"):
        fit([], [])


def test_one_picture_is_told(fit, rated_pictures):
    with pytest.raises(UserError, match="two training pictures or more"):
        fit(rated_pictures[:1], [40])


@pytest.mark.parametrize("level", [np.nan, np.inf])
def test_labels_that_are_no_numbers_are_told_by_name(fit, rated_pictures, level):
    with pytest.raises(UserError, match=r"true level of astronaut-2, coffee-1 is no number: leave such pictures out"):
        fit(rated_pictures[:6], [50, level, 50, 50, level, 50])


def test_shares_need_samples_and_the_text_says_what_does_not(fit, rated_pictures):
    with pytest.raises(UserError, match=r"no training picture has subjects' samples: train with label='hard'"):
        fit(without_samples(rated_pictures[:4]), [40, 50, 60, 70])


def test_hard_labels_need_no_samples(fit, rated_pictures):
    predictor = fit(without_samples(rated_pictures[:4]), [40, 50, 60, 70], label="hard")
    assert predictor.fitted_.share == 0.5
    assert 1 <= predictor.predict(rated_pictures[-1].without_samples()) <= 100


def test_some_pictures_without_samples_have_hard_labels_among_shares(rated_pictures):
    pictures = [rated_pictures[0], *without_samples(rated_pictures[1:2])]
    labels = Lesson(pictures, np.array([70.0, 40.0]), []).labels("share")
    assert labels.shape == (2, 100) and len(np.unique(labels[0])) > 2
    assert (labels[1] == (np.arange(1, 101) <= 40)).all()
    assert (np.diff(labels, axis=1) <= 0).all()


def test_all_levels_equal_work(fit, rated_pictures):
    predictor = fit(rated_pictures[:4], [50, 50, 50, 50])
    assert 1 <= predictor.predict(rated_pictures[-1].without_samples()) <= 100
    assert predictor.fitted_.prior.spread >= 2


def test_one_source_works(fit, rated_pictures):
    predictor = fit(rated_pictures[:2], [70, 72])
    assert 1 <= predictor.predict(rated_pictures[-1].without_samples()) <= 100


def test_training_that_was_killed_goes_on_to_the_same_bits(rated_pictures, true_levels, quick, tmp_path):
    looker = Looker(Config.of(quick), device="cpu")
    pictures = rated_pictures[:6]
    lesson = Lesson(pictures, true_levels[:6], [looker.measure(picture) for picture in pictures])
    whole, histories = fit_frozen(looker, lesson, seed=1)

    def stop(member, epoch, history) -> None:
        if (member, epoch) == (1, 1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_frozen(looker, lesson, seed=1, folder=tmp_path, say=stop)
    told = []
    resumed, again = fit_frozen(
        looker, lesson, seed=1, folder=tmp_path, say=lambda member, epoch, _: told.append((member, epoch))
    )
    assert told[0] == (1, 2) and again == histories
    state = resumed.model.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in whole.model.state_dict().items())


def test_threads_are_as_many_after_a_fit_as_before(rated_pictures, true_levels, quick):
    looker = Looker(Config.of({**quick, "epochs": 1}), device="cpu")
    lesson = Lesson(rated_pictures[:2], true_levels[:2], [looker.measure(picture) for picture in rated_pictures[:2]])

    def stop(member, epoch, history) -> None:
        assert torch.get_num_threads() == 1
        raise KeyboardInterrupt

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(KeyboardInterrupt):
            fit_frozen(looker, lesson, seed=0, say=stop)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


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
    prior = prior_of(Lesson(rated_pictures, true_levels, []), "share")
    medians = [np.median(picture.samples) - 1 for picture in rated_pictures]
    assert prior.position == pytest.approx(np.mean(medians)) and prior.spread == pytest.approx(np.std(medians))
    equal = prior_of(Lesson(without_samples(rated_pictures), np.full(8, 40.0), []), "share")
    assert (equal.position, equal.spread, equal.scale) == (39.0, 2.0, 5.0)


def test_hard_labels_have_the_truth_in_them_so_prior_and_share_are_about_it(rated_pictures, true_levels, fit):
    prior = prior_of(Lesson(rated_pictures, true_levels - 3, []), "hard")
    assert prior.position == pytest.approx(true_levels.mean() - 4)
    assert fit(rated_pictures[:4], [30, 40, 50, 60], label="hard").fitted_.share == 0.5
