"""Protects MS-SSIM: the promises of metrics, its scales, and pictures too small for them."""

import numpy as np
import pytest
import torch

from baselines.metric.ms_ssim import MsSsim
from datasets.common.errors import UserError
from datasets.core.imaging import luma


def test_it_keeps_metrics_promises(keeps_metrics_promises):
    scores = keeps_metrics_promises(MsSsim())
    assert 0 < scores[10] < scores[90] < 1


def test_fine_noise_costs_less_than_coarse_noise_of_the_same_error(photograph):
    """What sets it apart from SSIM: an error of one pixel's size shows at one scale alone."""
    noise = np.random.default_rng(0).choice([-8, 8], photograph.shape[:2])
    coarse = np.kron(np.random.default_rng(0).choice([-8, 8], (24, 25)), np.ones((8, 8), int))
    score = MsSsim().against(photograph, 24.3)
    middle = np.clip(photograph, 8, 247)
    fine, blocks = (np.uint8(middle + error[:, :, None]) for error in (noise, coarse))
    assert score(fine) > score(blocks)


def test_it_uses_one_thread_and_gives_them_back(photograph, monkeypatch):
    import pytorch_msssim

    seen = []
    whole = pytorch_msssim.ms_ssim

    def watched(*arguments, **named):
        seen.append(torch.get_num_threads())
        return whole(*arguments, **named)

    monkeypatch.setattr(pytorch_msssim, "ms_ssim", watched)
    before = torch.get_num_threads()
    MsSsim().against(photograph, 24.3)(photograph)
    assert seen == [1]
    assert torch.get_num_threads() == before


def test_only_the_luma_counts(photograph):
    grey = np.repeat(luma(photograph)[:, :, None], 3, axis=2)
    assert MsSsim().against(photograph, 24.3)(grey) > 0.999


@pytest.mark.parametrize("shape", [(160, 300, 3), (300, 160, 3)])
def test_pictures_too_small_for_five_scales_are_an_error(shape):
    with pytest.raises(UserError, match=r"at least 161 pixels a side.*this picture is"):
        MsSsim().against(np.zeros(shape, np.uint8), 24.3)
    assert MsSsim().against(np.zeros((161, 161, 3), np.uint8), 24.3)(np.zeros((161, 161, 3), np.uint8)) == 1
