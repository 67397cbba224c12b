"""Protects batches: tokens, levels and labels belong together, held-out pictures stay out, and epochs are seeded."""

import numpy as np
import pytest
import torch

from baselines.learned.network.nets.training import Batch
from sgjnd.config import Config
from sgjnd.nets.examples import HeadExamples, Tokens

LEVELS = 10
COUNTS = (1, 2, 5, 3, 4)
CONFIG = Config(batch=7, levels_per_picture=4, patches_per_picture=3)


def code(picture: int, patch: int, level: int) -> float:
    return 1000 * picture + 10 * patch + level


def tokens_of(picture: int, patches: int) -> Tokens:
    """Every number says where it comes from."""
    at = [[code(picture, patch, level) for patch in range(patches)] for level in range(LEVELS)]
    difference = torch.tensor(at).view(LEVELS, patches, 1, 1).expand(-1, -1, 2, 3)
    reference = torch.tensor([code(picture, patch, 0) for patch in range(patches)]).view(patches, 1, 1)
    return Tokens(
        reference.expand(-1, 2, 4), difference, difference[..., :1] + 0.5, torch.arange(LEVELS) / (LEVELS - 1)
    )


def label(picture: int, level: int) -> float:
    return float(torch.sigmoid(torch.tensor((2.0 * picture - level) / 2)))


def examples(trained=(0, 1, 2, 4), held_out=(3,), labels=None, config: Config = CONFIG) -> HeadExamples:
    pictures = [tokens_of(number, patches) for number, patches in enumerate(COUNTS)]
    if labels is None:
        labels = np.array([[label(picture, level) for level in range(LEVELS)] for picture in range(len(COUNTS))])
    return HeadExamples(pictures, labels, trained, held_out, config)


def rows(batch: Batch):
    """Of each row: the picture, its present patches and its level, as the numbers say."""
    for row in range(len(batch.target)):
        there = batch.present[row].bool()
        codes = batch.inputs[1][row, there, 0, 0]
        yield row, int(codes[0]) // 1000, (codes % 1000 // 10).int().tolist(), int(codes[0]) % 10


def test_what_belongs_together_stays_together():
    for batch in examples().epoch(3):
        reference, difference, distance, level = batch.inputs
        for row, picture, patches, at in rows(batch):
            there = batch.present[row].bool()
            assert float(level[row]) == pytest.approx(at / (LEVELS - 1))
            assert float(batch.target[row]) == pytest.approx(label(picture, at))
            assert torch.equal(difference[row] + 0.0, difference[row, :, :1, :1].expand_as(difference[row]))
            assert torch.equal(distance[row, there], difference[row, there][..., :1] + 0.5)
            assert torch.equal(reference[row, there][..., 0], difference[row, there][..., 0] - at)
            assert len(set(patches)) == len(patches) == min(COUNTS[picture], 3)


def test_an_epoch_has_the_steps_that_are_told_and_the_pictures_that_are_trained_on():
    batches = list(examples().epoch(0))
    assert len(batches) == examples().steps() == 3  # four pictures at four levels, in batches of seven
    seen = [(picture, at) for batch in batches for _, picture, _, at in rows(batch)]
    assert len(seen) == 16 == len(set(seen)) and {picture for picture, _ in seen} == {0, 1, 2, 4}


def test_a_seed_repeats_an_epoch_and_another_does_not():
    one, same, other = (list(examples().epoch(seed)) for seed in (5, 5, 6))
    assert all(torch.equal(a.inputs[1], b.inputs[1]) for a, b in zip(one, same, strict=True))
    assert not all(torch.equal(a.target, b.target) for a, b in zip(one, other, strict=True))
    before = torch.get_rng_state()
    list(examples().epoch(7))
    assert torch.equal(before, torch.get_rng_state())


def test_held_out_pictures_are_looked_at_whole():
    (batch,) = examples().held_out()
    assert all(picture == 3 for _, picture, _, _ in rows(batch))
    assert batch.present.all() and batch.present.shape[1] == COUNTS[3]
    assert [at for _, _, _, at in rows(batch)] == list(range(0, LEVELS, 2))
    assert list(examples(trained=range(5), held_out=()).held_out()) == []


def drawn(labels: np.ndarray | None = None) -> torch.Tensor:
    """How often each level of each picture is drawn in many epochs, shape (pictures, levels)."""
    found, source = torch.zeros(len(COUNTS), LEVELS), examples(labels=labels)
    for seed in range(100):
        for batch in source.epoch(seed):
            for _, picture, _, at in rows(batch):
                found[picture, at] += 1
    return found


def test_levels_about_which_people_disagree_are_drawn_more_often():
    found = drawn()
    for picture in (1, 2, 4):
        assert found[picture].min() > 0, "certain levels too"
        assert found[picture, 2 * picture] > 1.5 * found[picture, (2 * picture + 6) % LEVELS]


def test_of_hard_labels_the_levels_near_the_step_are():
    steps = np.array([1, 3, 5, 7, 9])
    found = drawn((np.arange(LEVELS) < steps[:, None]).astype(float))
    assert found[2, 4:6].min() > 2 * found[2, [0, 9]].max()


def test_more_levels_than_there_are_is_all_of_them():
    source = examples(config=Config(batch=100, levels_per_picture=50, patches_per_picture=50))
    (batch,) = source.epoch(0)
    assert len(batch.target) == 4 * LEVELS and source.steps() == 1
    assert all(len(patches) == COUNTS[picture] for _, picture, patches, _ in rows(batch))
