"""Protects fitting: what cannot be learned from is told, what is poor still works, a kill changes nothing."""

import numpy as np
import pytest
import torch

from datasets.common.errors import UserError
from sgjnd.predictors import SgJndLite


@pytest.fixture
def fit(quick):
    """Fit with quick settings changed."""

    def run(pictures, levels, **settings) -> SgJndLite:
        predictor = SgJndLite(settings={**quick, "epochs": 2, **settings}, device="cpu")
        return predictor.fit(pictures, np.asarray(levels, dtype=float), seed=0)

    return run


def without_samples(pictures):
    return [picture.without_samples() for picture in pictures]


def test_what_cannot_be_learned_from_is_told_before_anything_is_measured(fit, rated_pictures):
    with pytest.raises(UserError, match="two training pictures or more"):
        fit(rated_pictures[:1], [40])


def test_hard_labels_need_no_samples(fit, rated_pictures):
    predictor = fit(without_samples(rated_pictures[:4]), [40, 50, 60, 70], label="hard")
    assert predictor.fitted_.share == 0.5
    assert 1 <= predictor.predict(rated_pictures[-1].without_samples()).level <= 100


def test_all_levels_equal_work(fit, rated_pictures):
    predictor = fit(rated_pictures[:4], [50, 50, 50, 50])
    assert 1 <= predictor.predict(rated_pictures[-1].without_samples()).level <= 100
    assert predictor.fitted_.prior.spread >= 2


def test_one_source_works(fit, rated_pictures):
    predictor = fit(rated_pictures[:2], [70, 72])
    assert 1 <= predictor.predict(rated_pictures[-1].without_samples()).level <= 100


def test_threads_are_as_many_after_a_fit_as_before(rated_pictures, true_levels, quick):
    def stop(member, epoch, history) -> None:
        assert torch.get_num_threads() == 1
        raise KeyboardInterrupt

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(KeyboardInterrupt):
            predictor = SgJndLite(settings={**quick, "epochs": 1}, device="cpu")
            predictor.fit(rated_pictures[:2], true_levels[:2], seed=0, progress=stop)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
