"""Protects ColorVideoVDP as a predictor: the package's own JOD, and the study's viewing geometry."""

from importlib.util import find_spec

import numpy as np
import pytest

from baselines.metric.cvvdp import Cvvdp
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.simulation.local_loss import LocalLoss

pytestmark = pytest.mark.skipif(find_spec("pycvvdp") is None, reason="needs the extra: pip install -e '.[simulate]'")


def test_it_keeps_metrics_promises(keeps_metrics_promises):
    scores = keeps_metrics_promises(Cvvdp())
    assert 5 < scores[10] < scores[50] < scores[90] < 10


def test_one_region_as_large_as_the_picture_loses_as_much(photograph):
    """The simulated observers look at regions with the same display; at 200 px/deg a region is the whole picture."""
    level = Jpeg().decode(Jpeg().encode(photograph, 10))
    lost = Cvvdp().distance(Cvvdp().against(photograph, 200.0)(level))
    assert lost == pytest.approx(LocalLoss(200.0).largest(photograph, level), abs=1e-3)


def test_farther_away_less_is_seen(photograph):
    level = Jpeg().decode(Jpeg().encode(photograph, 30))
    near, far = (Cvvdp().against(photograph, pixels_per_degree)(level) for pixels_per_degree in (24.3, 80.0))
    assert far > near


def test_pictures_too_small_for_its_pyramid_are_an_error():
    with pytest.raises(UserError, match="at least 16 pixels"):
        Cvvdp().against(np.zeros((15, 100, 3), np.uint8), 24.3)
