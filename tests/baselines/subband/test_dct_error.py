"""Protects the two sources of coefficient errors: what each is, and which one a picture gets."""

import dataclasses
import functools
import io

import numpy as np
import pytest
from PIL import Image

from baselines.subband._dct_blocks import Blocks, block_dct, inverse_block_dct
from baselines.subband._dct_error import DecodedErrors, QuantisedErrors, error_source, kind_of_errors
from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg, luma_table
from datasets.common.errors import UserError
from datasets.core.ladder import ShippedLadder
from datasets.core.picture import Picture

RGB = np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8)


def shipped(codec, folder) -> Picture:
    """A picture whose every level is the reference itself."""
    file = folder / "same.png"
    Image.fromarray(RGB).save(file)
    files = {int(level): file for level in codec.levels}
    return Picture("same", "same", codec, 24.3, ladder_or_none=ShippedLadder(codec, functools.partial(RGB.copy), files))


def test_quantised_errors_are_what_the_table_takes_after_the_level_shift():
    plane = np.random.default_rng(1).integers(0, 256, (16, 24), dtype=np.uint8)
    errors = QuantisedErrors(Blocks.of(plane, np.float64)).errors(40)
    shifted = block_dct(plane.astype(float) - 128, np.float64)
    step = luma_table(40)[:, :, None, None]
    multiple = (shifted - errors) / step
    assert multiple == pytest.approx(np.rint(multiple), abs=1e-9)
    assert (np.abs(errors) <= step / 2 + 1e-9).all()


@pytest.mark.parametrize("shape", [(16, 24), (13, 21)])
def test_quantised_planes_are_the_inverse_dct_of_their_errors(shape):
    """The same energy in whole blocks (Parseval), the same numbers in what is left of partial ones."""
    plane = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    source = QuantisedErrors(Blocks.of(plane, np.float64))
    found, errors = source.plane(40), source.errors(40)
    assert found.shape == shape
    assert np.array_equal(found, inverse_block_dct(errors)[: shape[0], : shape[1]])
    if shape == (16, 24):
        assert np.sum(found**2) == pytest.approx(np.sum(errors**2))
        assert block_dct(found, np.float64) == pytest.approx(errors, abs=1e-9)


def test_decoded_planes_are_the_difference(rated_pictures):
    one = rated_pictures[0]
    found = DecodedErrors(one).plane(25)
    assert found.dtype == np.float32
    assert np.array_equal(found, one.reference_luma.astype(float) - one.ladder.luma(25))


def test_nothing_is_taken_from_mid_grey():
    source = QuantisedErrors(Blocks.of(np.full((9, 17), 128, np.uint8)))
    assert all(not np.abs(source.errors(level)).max() > 1e-3 for level in range(1, 101))
    assert all(not source.errors(level)[0, 0].any() for level in range(1, 101))


@pytest.mark.parametrize("quality", [30, 60, 90])
def test_quantised_errors_are_those_an_encoder_makes(quality):
    """A grey photograph written by Pillow and read as pixels: the same errors, but for rounding to 8 bits."""
    from skimage import data

    plane = np.clip(data.camera()[:256, :256], 40, 215)
    buffer = io.BytesIO()
    Image.fromarray(plane).save(buffer, "JPEG", quality=quality)
    decoded = np.asarray(Image.open(buffer)).astype(np.int16)
    seen = block_dct(plane - decoded)
    found = QuantisedErrors(Blocks.of(plane)).errors(quality)
    assert np.sqrt(np.mean((seen - found) ** 2)) < 0.5  # more than rounding a pixel can cost
    assert np.median(np.abs(seen - found)) < 0.25


def test_decoded_errors_are_the_dct_of_the_difference(rated_pictures):
    one = rated_pictures[0]
    difference = one.reference_luma.astype(float) - one.ladder.luma(25)
    assert DecodedErrors(one).errors(25) == pytest.approx(block_dct(difference, np.float64), abs=1e-3)


def test_an_identical_level_has_no_decoded_error(tmp_path):
    assert not DecodedErrors(shipped(Bpg(), tmp_path)).errors(30).any()


def test_auto_quantises_where_jpegs_are_made_here_and_decodes_shipped_files(rated_pictures, tmp_path):
    made, jpeg, bpg = rated_pictures[0], shipped(Jpeg(), tmp_path), shipped(Bpg(), tmp_path)
    assert [kind_of_errors("auto", one) for one in (made, jpeg, bpg)] == ["quantised", "decoded", "decoded"]
    assert kind_of_errors("quantised", jpeg) == "quantised"
    assert kind_of_errors("decoded", made) == "decoded"
    assert kind_of_errors("auto", dataclasses.replace(made, ladder_or_none=None)) == "decoded"
    blocks = Blocks.of(made.reference_luma)
    assert isinstance(error_source("auto", made, blocks), QuantisedErrors)
    assert isinstance(error_source("auto", bpg, blocks), DecodedErrors)


def test_bpg_cannot_be_quantised_by_jpegs_tables(tmp_path):
    with pytest.raises(UserError, match=r"same is compressed by bpg.*errors='decoded'"):
        kind_of_errors("quantised", shipped(Bpg(), tmp_path))


def test_an_unknown_source_is_answered_by_the_known_ones(rated_pictures):
    with pytest.raises(UserError, match=r"'quantized'.*Did you mean 'quantised'"):
        kind_of_errors("quantized", rated_pictures[0])
