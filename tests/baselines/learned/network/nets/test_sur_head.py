"""Protects the SUR head: shares of any picture and level, labels that belong to their vectors, seeded epochs."""

import numpy as np
import pytest
import torch

from baselines.learned.network.nets.sur_head import SurHead, VectorExamples
from baselines.learned.network.settings import TrainingSettings

CHANNELS = (6, 9)
LEVELS, COUNT = 10, 5
CONFIG = TrainingSettings(batch=7, levels_per_picture=4)


def head_of(*, random: bool = True, dropout: float = 0.0) -> SurHead:
    """Projections fitted, layers drawn at random."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        head = SurHead(CHANNELS, 4, 8, dropout).eval()
        if random:
            torch.nn.init.normal_(head.layers[-1].weight)
    head.reference.fit([features(50)])
    head.difference.fit([features(50)])
    return head


def features(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).gamma(2, 1, (count, sum(CHANNELS))).astype(np.float32)


def test_there_is_a_share_for_every_level_whatever_their_order():
    head, reference, levels = head_of(), features(1, 3)[0], features(8, 4)
    found = head.shares(reference, levels)
    assert found.shape == (8,) and found.dtype == np.float64 and ((found > 0) & (found < 1)).all()
    assert found.std() > 0
    assert np.allclose(head.shares(reference, levels[[5, 2]]), found[[5, 2]], atol=1e-6)
    assert not np.allclose(head.shares(features(1, 9)[0], levels), found), "the reference is looked at too"


def test_an_untrained_head_answers_one_half():
    assert head_of(random=False).shares(features(1, 3)[0], features(8, 4)).tolist() == [0.5] * 8


def test_no_change_at_all_is_finite():
    found = head_of().shares(np.zeros(sum(CHANNELS), np.float32), np.zeros((3, sum(CHANNELS)), np.float32))
    assert np.isfinite(found).all()


def test_vectors_train_what_pictures_ask():
    """Training looks at vectors that were projected before, prediction projects them itself."""
    head, reference, levels = head_of(), features(1, 3)[0], features(8, 4)
    vectors = head.reference(torch.from_numpy(reference)).expand(8, -1), head.difference(torch.from_numpy(levels))
    logits, weights = head(*vectors)
    assert logits.shape == weights.shape == (8, 1) and (weights == 1).all()
    assert np.allclose(logits[:, 0].sigmoid().detach(), head.shares(reference, levels), atol=1e-6)


def test_gradients_reach_every_parameter_and_the_state_holds_all_else():
    head = head_of()
    width = sum(head.reference.widths), sum(head.difference.widths)
    head.train()(torch.randn(5, width[0]), torch.randn(5, width[1]))[0].square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in head.parameters())
    other = SurHead(CHANNELS, 4, 8, 0.0).eval()
    other.load_state_dict(head.eval().state_dict())
    given = features(1, 3)[0], features(8, 4)
    assert np.array_equal(other.shares(*given), head.shares(*given))


def test_dropout_is_off_in_evaluation():
    head, given = head_of(dropout=0.5), (features(1, 3)[0], features(8, 4))
    assert np.array_equal(head.shares(*given), head.shares(*given))


def examples(trained=(0, 1, 2, 4), held_out=(3,)) -> VectorExamples:
    """Vectors that say whose they are; how levels are drawn is tested with the heads of SG-JND."""
    pictures, levels = torch.arange(COUNT), torch.arange(LEVELS)
    difference = (10 * pictures[:, None] + levels).float()[..., None]
    return VectorExamples(pictures.float()[:, None], difference, labels(), trained, held_out, CONFIG)


def labels() -> np.ndarray:
    return np.clip(1 - np.arange(LEVELS) / (LEVELS - 1) + 0.01 * np.arange(COUNT)[:, None], 0, 1)


def rows(batches) -> list[tuple[int, int]]:
    """Picture and level of every row, after checking that all of it belongs together."""
    found = []
    for batch in batches:
        reference, difference = batch.inputs
        for row, number in enumerate(difference[:, 0].int().tolist()):
            picture, level = divmod(number, 10)
            assert float(reference[row, 0]) == picture
            assert float(batch.target[row]) == pytest.approx(labels()[picture, level])
            found.append((picture, level))
        assert batch.present.shape == (len(reference), 1) and batch.present.all()
    return found


def test_an_epoch_has_other_levels_of_every_trained_picture():
    batches = list(examples().epoch(0))
    seen = rows(batches)
    assert len(batches) == examples().steps() == 3
    assert len(seen) == 16 == len(set(seen)) and {picture for picture, _ in seen} == {0, 1, 2, 4}


def test_held_out_pictures_are_asked_at_every_level():
    assert rows(examples().held_out()) == [(3, level) for level in range(LEVELS)]
    assert list(examples(held_out=()).held_out()) == []
