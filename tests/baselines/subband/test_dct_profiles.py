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
MEAN_QF_APART = {Zhang2005: 2, Bae2013: 2, Watson1997: 1.5}
"""How far the levels of the two error sources may be apart on average; 20 for the others."""
every_subband_model = pytest.mark.parametrize("model", (*MODELS, Watson1997), ids=lambda model: model.card.name)
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.card.name)


@each_model
def test_the_shortcut_does_not_move_the_level(model):
    """Histograms of float32 coefficients against every coefficient in float64: at most 0.15 QF at any threshold."""
    for rgb in photographs()[:3]:
        picture, predictor = compressed(rgb), model()
        pooling = predictor.pooling_at(picture.pixels_per_degree)
        blocks = Blocks.of(picture.reference_luma, np.float64)
        source, weights = QuantisedErrors(blocks), pooling.weights(predictor.thresholds(blocks, 24.3))
        full = np.array([pooling.pool(source.errors(level), weights) for level in range(1, 101)])
        fast = predictor.profile(picture)
        assert fast == pytest.approx(full, rel=0.01)
        assert np.abs(levels_apart(fast, full)).max() < 0.15


@pytest.mark.slow(reason="decodes three photographs' ladders once for each model")
@every_subband_model
def test_how_far_apart_the_two_error_sources_are(model, capsys):
    """Decoded errors exceed quantised ones where pixels clip, and from QF 96 on by rounding to 8 bits.

    On all 24 Kodak photographs (24.3 px/deg) the sources' levels at the median visibility of QF 50 differ by 4.3 QF
    on average for Watson 1993 (28 at most), 0.4 (1.8) for Zhang, 2.9 (17.5) for Wei & Ngan, 0.3 (2.0) for Bae & Kim,
    0.4 (1.3) for Watson 1997, whose levels at a hundred thresholds of each differ by 0.3 (3.6).
    A decoder that clips white moves a block's DC, which Watson's DCT thresholds and Wei & Ngan's guard most.
    """
    for rgb in photographs()[-3 if model is Watson1997 else 1 :]:
        picture = compressed(rgb)
        quantised, decoded = model(errors="quantised").profile(picture), model(errors="decoded").profile(picture)
        ratio = quantised / decoded
        apart = levels_apart(quantised, decoded)
        with capsys.disabled():
            print(
                f"\n{model.card.name}: quantised / decoded {ratio[:90].min():.3f}..{ratio[:90].max():.3f} up to QF 90, "
                f"{ratio[95:].min():.3f}.. above 95; levels {np.abs(apart).mean():.2f} QF apart, {apart.min():.1f} to "
                f"{apart.max():+.1f}"
            )
        assert ratio[:90].min() > 0.5
        assert ratio[:90].max() < 1.2
        assert np.abs(ratio[:30] - 1).max() < 0.25
        assert apart.max() < (5 if model is Watson1997 else 2)
        assert np.abs(apart).mean() < MEAN_QF_APART.get(model, 20)
        if model is Watson1997:
            assert ratio[:90] == pytest.approx(1, abs=0.1)
            assert np.abs(apart).max() < 5


@every_subband_model
def test_the_sources_agree_where_nothing_clips(model):
    """A grey photograph between 40 and 215, up to QF 90: within 10 %, and one QF on average."""
    from skimage import data

    plane = (40 + data.camera()[:256, 128:384] * (175 / 255)).round().astype(np.uint8)
    picture = compressed(np.repeat(plane[:, :, None], 3, axis=2))
    quantised, decoded = model(errors="quantised").profile(picture), model(errors="decoded").profile(picture)
    assert quantised[:90] == pytest.approx(decoded[:90], rel=0.1)
    assert np.abs(levels_apart(quantised[:90], decoded[:90])).mean() < 1
