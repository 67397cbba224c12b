"""Protects SSIM: the paper's equation, the promises of metrics, and small pictures."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from baselines.metric.ssim import Ssim
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.core.imaging import luma


def test_it_keeps_metrics_promises(keeps_metrics_promises):
    scores = keeps_metrics_promises(Ssim())
    assert 0 < scores[10] < scores[90] < 1


def test_it_is_the_papers_equation_where_windows_lie_inside(photograph):
    """Equation 13 with K1 0.01, K2 0.03 and the 11x11 Gaussian, written out on the luma."""
    codec = Jpeg()
    level = codec.decode(codec.encode(photograph, 40))
    x, y = (luma(rgb).astype(float) for rgb in (photograph, level))

    def mean(plane):
        return gaussian_filter(plane, 1.5, truncate=3.5)

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    spread = mean(x * x) - mean(x) ** 2 + mean(y * y) - mean(y) ** 2
    together = mean(x * y) - mean(x) * mean(y)
    ssim = (2 * mean(x) * mean(y) + c1) * (2 * together + c2) / ((mean(x) ** 2 + mean(y) ** 2 + c1) * (spread + c2))
    assert Ssim().against(photograph, 24.3)(level) == pytest.approx(ssim[5:-5, 5:-5].mean(), abs=1e-9)


def test_only_the_luma_counts_and_the_distance_does_not(photograph):
    grey = np.repeat(luma(photograph)[:, :, None], 3, axis=2)
    assert Ssim().against(photograph, 24.3)(grey) > 0.999
    assert Ssim().against(photograph, 10.0)(photograph[::-1]) == Ssim().against(photograph, 90.0)(photograph[::-1])


def test_pictures_smaller_than_the_window_are_an_error():
    small = np.zeros((10, 50, 3), np.uint8)
    with pytest.raises(UserError, match="at least 11 pixels"):
        Ssim().against(small, 24.3)
