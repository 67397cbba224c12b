"""Promises about photographs of the usual sizes, which `tests/baselines` holds on small ones."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from baselines.subband.bae2013 import Bae2013
from baselines.subband.watson1997 import Watson1997
from baselines.subband.zhang2005 import Zhang2005
from datasets.core.picture import PIXELS_PER_DEGREE
from datasets.core.picture_file import read_picture
from datasets.sets._simulated_samples import read_samples
from datasets.sets.demo import samples_file
from datasets.simulation.local_loss import LocalLoss
from datasets.simulation.make_demo import TOLERANCE, demo_jobs, demo_settings
from datasets.simulation.observers import measure_curve
from tests.baselines.pixel.test_base import EVERY
from tests.baselines.subband.profiles import PHOTOS, compressed, levels_apart, photographs
from tests.baselines.subband.test_dct_profiles import every_subband_model
from tests.baselines.subband.test_wavelet_pooling import assert_levels_stay

MAX_PEAK_BYTES = 1e9
MEAN_QF_APART = {Zhang2005: 2, Bae2013: 2, Watson1997: 1.5}
"""How far the levels of the two error sources may be apart on average; 20 for the others."""


@pytest.mark.slow(reason="decodes three photographs' ladders once for each model")
@every_subband_model
def test_how_far_apart_the_two_error_sources_are(model, capsys, survived):
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
        survived("photographs whose clipping moves no level far")


@pytest.mark.slow(reason="measures five photographs' full profiles, one of several million pixels")
@pytest.mark.parametrize("exponent", [4.0, 3.0])
def test_real_photographs_levels_stay(exponent, survived):
    """All 24 Kodak and 26 CLIC 2025 photographs (24.3 px/deg): 0.38 QF at most at any threshold, 0.015 on average."""
    if not PHOTOS.is_dir():
        pytest.skip(f"there are no photographs at {PHOTOS}")
    files = [PHOTOS / "kodak" / f"{number}.png" for number in (3, 20, 23, 24)]
    files += sorted(PHOTOS.glob("clic2025/*.png"))[: 1 if exponent == 4 else 0]
    assert_levels_stay([compressed(read_picture(file)) for file in files], exponent=exponent)
    survived("photographs of which few levels are measured", len(files))


_MEASURE = r"""
import re, sys, numpy as np
from pathlib import Path
from skimage import data, transform
from baselines.interface.registry import registry
rgb = np.round(255 * transform.resize(data.chelsea(), (1080, 1920))).astype(np.uint8)
registry()[sys.argv[1]].make().map_of(rgb)
print(int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024)
"""


@pytest.mark.slow(reason="every model draws a map of a 1080p picture in a process of its own")
@EVERY
def test_a_1080p_map_takes_less_than_a_gigabyte(entry, survived):
    if not Path("/proc/self/status").is_file():
        pytest.skip("peak memory is read the Linux way: getrusage's would count the process that started this one")
    run = subprocess.run([sys.executable, "-c", _MEASURE, entry.name], capture_output=True, text=True, check=True)
    assert int(run.stdout) < MAX_PEAK_BYTES, f"{int(run.stdout) / 1e6:.0f} MB"
    survived("JND maps of 1920x1080 pixels in a gigabyte")


@pytest.mark.slow(reason="ColorVideoVDP looks at a picture at all 100 QF")
def test_a_picture_of_the_demo_set_computed_again_gives_its_samples(survived):
    """Within 1 QF, not exactly: JPEG libraries and processors differ in the last digits."""
    job = next(job for job in demo_jobs() if job.name == "astronaut-2")
    curve = measure_curve(job.read(), LocalLoss(PIXELS_PER_DEGREE).largest)
    table = samples_file("jpeg")
    committed = json.loads(table.with_suffix(".json").read_text(encoding="utf-8"))[job.name]["loss_jod"]
    np.testing.assert_allclose(curve.loss, committed, atol=0.01)
    samples = read_samples(table, "")[job.name].jnds
    assert np.abs(demo_settings("jpeg").jnds(job.name, curve) - samples).max() <= TOLERANCE
    survived("samples of the demo set computed again", len(samples))
