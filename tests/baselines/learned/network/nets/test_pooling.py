"""Protects pooling: a picture's probability lies between its patches', and absent patches have no say."""

import torch

from baselines.learned.network.nets.pooling import LEAST_WEIGHT, pooled


def test_by_hand():
    quality = torch.tensor([[0.0, 100.0, -100.0]])  # probabilities 1/2, 1, 0
    assert torch.allclose(pooled(quality, torch.tensor([[2.0, 1.0, 1.0]])), torch.tensor([0.5]))
    assert torch.allclose(pooled(quality, torch.tensor([[2.0, 2.0, 0.0]])), torch.tensor([0.75]))


def test_it_lies_between_the_patches_and_only_shares_of_the_weight_count():
    generator = torch.Generator().manual_seed(0)
    quality, weight = torch.randn(50, 7, generator=generator), torch.rand(50, 7, generator=generator) + LEAST_WEIGHT
    found, each = pooled(quality, weight), quality.sigmoid()
    assert (found >= each.min(dim=1).values).all() and (found <= each.max(dim=1).values).all()
    assert torch.allclose(pooled(quality, 40 * weight), found)


def test_patches_of_the_least_weight_alone_are_averaged():
    quality = torch.tensor([[1.0, -1.0, 3.0]])
    found = pooled(quality, torch.full((1, 3), LEAST_WEIGHT))
    assert torch.allclose(found, quality.sigmoid().mean(dim=1)) and found.isfinite().all()


def test_a_patch_without_weight_has_no_say_and_no_gradient():
    quality = torch.tensor([[0.3, 5.0]], requires_grad=True)
    found = pooled(quality, torch.tensor([[1.0, 0.0]]))
    assert torch.allclose(found, torch.tensor(0.3).sigmoid())
    found.sum().backward()
    assert quality.grad[0, 0] > 0 and quality.grad[0, 1] == 0
