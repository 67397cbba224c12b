"""Protects the profiles of 8x8-DCT models on real photographs: what the shortcut costs, and what the error source is.

Photographs are Kodak's where they stand beside the checkout, else scikit-image's.
"""

import functools
from pathlib import Path

import numpy as np
import pytest

from baselines.interface.threshold import crossings
from baselines.subband._dct_blocks import Blocks
from baselines.subband._dct_error import QuantisedErrors
from baselines.subband.bae2013 import Bae2013
from baselines.subband.watson1993 import Watson1993
from baselines.subband.wei2009 import Wei2009
from baselines.subband.zhang2005 import Zhang2005
from datasets.core.codec import Jpeg
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture
from datasets.core.picture_file import read_picture

MODELS = (Watson1993, Zhang2005, Wei2009, Bae2013)
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.card.name)
KODAK = Path(__file__).resolve().parents[4] / "shared" / "data" / "photos" / "kodak"


def compressed(rgb: np.ndarray) -> Picture:
    ladder = CompressedLadder(Jpeg(), functools.partial(np.array, rgb))
    return Picture("one", "one", Jpeg(), 24.3, ladder_or_none=ladder)


@functools.cache
def photographs() -> list[np.ndarray]:
    """Four; Kodak's 24 is the one of all 24 whose error sources differ most."""
    if KODAK.is_dir():
        return [read_picture(KODAK / f"{number}.png") for number in (1, 8, 15, 24)]
    from skimage import data

    return [np.ascontiguousarray(one[:256, :256]) for one in (data.astronaut(), data.coffee(), data.chelsea())]


def envelope(profile: np.ndarray) -> np.ndarray:
    return np.maximum.accumulate(profile[::-1])[::-1]


def levels_apart(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How far two profiles' levels are apart at a hundred thresholds that both reach, in QF, with sign."""
    ends = [(one[-1], one[0]) for one in (envelope(first), envelope(second))]
    low, high = max(end[0] for end in ends) * 1.01, min(end[1] for end in ends) * 0.99
    thresholds = np.geomspace(low, high, 100)
    positions = [crossings(envelope(one), thresholds)[0] for one in (first, second)]
    return positions[0] - positions[1]


@each_model
def test_the_shortcut_does_not_move_the_level(model):
    """Histograms of float32 coefficients against every coefficient in float64: at most 0.15 QF at any threshold."""
    for rgb in photographs()[:3]:
        one, predictor = compressed(rgb), model()
        pooling = predictor.pooling_at(one.pixels_per_degree)
        blocks = Blocks.of(one.reference_luma, np.float64)
        source, weights = QuantisedErrors(blocks), pooling.weights(predictor.thresholds(blocks, 24.3))
        full = np.array([pooling.pool(source.errors(level), weights) for level in range(1, 101)])
        fast = predictor.profile(one)
        assert fast == pytest.approx(full, rel=0.01)
        assert np.abs(levels_apart(fast, full)).max() < 0.15


@pytest.mark.slow(reason="decodes three photographs' ladders once for each model")
@each_model
def test_how_far_apart_the_two_error_sources_are(model, capsys):
    """Decoded errors exceed quantised ones where pixels clip, and from QF 96 on by rounding to 8 bits.

    On all 24 Kodak photographs (24.3 px/deg) the sources' levels at the median visibility of QF 50 differ by 4.3 QF
    on average for Watson (28 at most), 0.4 (1.8) for Zhang, 2.9 (17.5) for Wei & Ngan, 0.3 (2.0) for Bae & Kim.
    A decoder that clips white moves a block's DC, which Watson's and Wei & Ngan's thresholds guard most.
    """
    for rgb in photographs()[1:]:
        one = compressed(rgb)
        quantised, decoded = model(errors="quantised").profile(one), model(errors="decoded").profile(one)
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
        assert apart.max() < 2
        assert np.abs(apart).mean() < (2 if model in (Zhang2005, Bae2013) else 20)


@each_model
def test_the_sources_agree_where_nothing_clips(model):
    """A grey photograph between 40 and 215, up to QF 90: within 10 %, and one QF on average."""
    from skimage import data

    plane = (40 + data.camera()[:256, 128:384] * (175 / 255)).round().astype(np.uint8)
    one = compressed(np.repeat(plane[:, :, None], 3, axis=2))
    quantised, decoded = model(errors="quantised").profile(one), model(errors="decoded").profile(one)
    assert quantised[:90] == pytest.approx(decoded[:90], rel=0.1)
    assert np.abs(levels_apart(quantised[:90], decoded[:90])).mean() < 1
