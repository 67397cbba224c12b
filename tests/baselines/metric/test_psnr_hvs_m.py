"""Protects PSNR-HVS-M: reference numbers, silence of a talkative package, and pictures of any size."""

import io

import numpy as np
import PIL
import pytest
from PIL import Image

from baselines.metric.psnr_hvs_m import PsnrHvsM
from datasets.common.errors import UserError

pytest.importorskip("psnr_hvsm._psnr_hvsm", reason="needs the extra: pip install -e '.[hvsm]'")


def test_it_keeps_metrics_promises(keeps_metrics_promises):
    scores = keeps_metrics_promises(PsnrHvsM())
    assert scores[10] < scores[50] < scores[90] < 100


@pytest.mark.parametrize("quality", [20, 50, 90])
def test_reference_numbers(reference_values, quality):
    from skimage import data

    reference = reference_values["metrics"]
    row = reference["psnr_hvs_psnr_hvsm_pillow"]["camera"][str(quality)]
    file = io.BytesIO()
    Image.fromarray(data.camera()).save(file, "JPEG", quality=quality)
    if file.tell() != row["bytes"]:
        pytest.skip(f"Pillow {PIL.__version__} makes another JPEG than the one that was scored")
    pixels = np.repeat(data.camera()[:, :, None], 3, axis=2)
    score = PsnrHvsM().against(pixels, 24.3)(np.asarray(Image.open(file).convert("RGB")))
    assert score == pytest.approx(row["psnr_hvsm"], abs=1e-6)


def test_rows_and_columns_beyond_whole_blocks_are_left_out(photograph):
    level = photograph // 2 * 2
    whole = PsnrHvsM().against(photograph[:184, :192], 24.3)(level[:184, :192])
    assert PsnrHvsM().against(photograph[:190, :199], 24.3)(level[:190, :199]) == whole
    with pytest.raises(UserError, match="at least 8 pixels"):
        PsnrHvsM().against(photograph[:7], 24.3)


def test_flat_pictures_have_a_score(photograph):
    """The package divides by their energy, which is nothing."""
    flat = np.full((32, 32, 3), 100, np.uint8)
    metric = PsnrHvsM()
    assert metric.distance(metric.against(flat, 24.3)(flat)) == 0
    assert 0 < metric.distance(metric.against(flat, 24.3)(flat + np.uint8(10))) < 255


def test_distance_is_in_grey_levels():
    assert PsnrHvsM().distance(20 * np.log10(255 / 4)) == pytest.approx(4)
