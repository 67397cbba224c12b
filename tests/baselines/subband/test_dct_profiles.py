"""Protects the profiles of subband models on real photographs: what the shortcut costs, and what the error source is.

Photographs are Kodak's where they stand beside the checkout, else scikit-image's.
"""

import numpy as np
import pytest

from baselines.subband._dct_blocks import Blocks
from baselines.subband._dct_error import QuantisedErrors
from baselines.subband.bae2013 import Bae2013
from baselines.subband.watson1993 import Watson1993
from baselines.subband.watson1997 import Watson1997
from baselines.subband.wei2009 import Wei2009
from baselines.subband.zhang2005 import Zhang2005
from tests.baselines.subband.profiles import compressed, levels_apart, photographs

MODELS = (Watson1993, Zhang2005, Wei2009, Bae2013)
every_subband_model = pytest.mark.parametrize("model", (*MODELS, Watson1997), ids=lambda model: model.card.name)
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.card.name)


@each_model
def test_the_shortcut_does_not_move_the_level(model):
    """Histograms of float32 coefficients against every coefficient in float64: at most 0.15 QF at any threshold."""
    for rgb in photographs()[:3]:
        picture, predictor = compressed(np.ascontiguousarray(rgb[-256:, -256:])), model()
        pooling = predictor.pooling_at(picture.pixels_per_degree)
        blocks = Blocks.of(picture.reference_luma, np.float64)
        source, weights = QuantisedErrors(blocks), pooling.weights(predictor.thresholds(blocks, 24.3))
        full = np.array([pooling.pool(source.errors(level), weights) for level in range(1, 101)])
        fast = predictor.profile(picture)
        assert fast == pytest.approx(full, rel=0.01)
        assert np.abs(levels_apart(fast, full)).max() < 0.15


@every_subband_model
def test_the_sources_agree_where_nothing_clips(model):
    """A grey photograph between 40 and 215, up to QF 90: within 10 %, and one QF on average."""
    from skimage import data

    plane = (40 + data.camera()[:256, 128:384] * (175 / 255)).round().astype(np.uint8)
    picture = compressed(np.repeat(plane[:, :, None], 3, axis=2))
    quantised, decoded = model(errors="quantised").profile(picture), model(errors="decoded").profile(picture)
    assert quantised[:90] == pytest.approx(decoded[:90], rel=0.1)
    assert np.abs(levels_apart(quantised[:90], decoded[:90])).mean() < 1
