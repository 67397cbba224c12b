"""Protects SSIMULACRA2: its published package's own numbers and the authors', on files in memory."""

import io

import numpy as np
import PIL
import pytest
from PIL import Image

from baselines.metric.ssimulacra2 import Ssimulacra2


def test_it_keeps_metrics_promises(keeps_metrics_promises):
    scores = keeps_metrics_promises(Ssimulacra2())
    assert scores[10] < scores[50] < scores[90] < 100


@pytest.mark.parametrize(("quality", "apart"), [(30, 1.1), (85, 0.5)])
def test_scores_are_those_of_the_package_and_near_those_of_the_authors_program(reference_values, quality, apart):
    from skimage import data

    reference = reference_values["metrics"]
    row = reference["ssimulacra2_cpp_vs_py"][f"camera_q{quality}"]
    pixels = np.repeat(data.camera()[:, :, None], 3, axis=2)
    file = io.BytesIO()
    Image.fromarray(data.camera()).save(file, "JPEG", quality=quality)
    if file.tell() != reference["psnr_hvs_psnr_hvsm_pillow"]["camera"][str(quality)]["bytes"]:
        pytest.skip(f"Pillow {PIL.__version__} makes another JPEG than the one that was scored")
    score = Ssimulacra2().against(pixels, 24.3)(np.asarray(Image.open(file).convert("RGB")))
    assert score == pytest.approx(row["py_0.3.0"], abs=0.01)
    assert score == pytest.approx(row["cpp"], abs=apart)


def test_colour_counts(photograph):
    grey = np.asarray(Image.fromarray(photograph).convert("L").convert("RGB"))
    assert Ssimulacra2().against(photograph, 24.3)(grey) < 70


def test_given_thresholds_lie_in_their_order():
    """A flicker test shows more than AIC-4's comparison, and people of KonJND-1k tolerated more than both."""
    given = {key: Ssimulacra2().distance(given.score) for key, given in Ssimulacra2.given.items()}
    assert 0 < given["as-published"] < given["aic4"] < given["konjnd-bpg"] < given["konjnd"]


def test_what_knows_a_sets_labels_says_which():
    labels_of = {name: Ssimulacra2.labels_of(parameters) for name, parameters in Ssimulacra2.variants().items()}
    known = {name: dataset for name, dataset in labels_of.items() if dataset}
    assert known == {"ssimulacra2-konjnd": "konjnd-1k-jpeg", "ssimulacra2-konjnd-bpg": "konjnd-1k-bpg"}
