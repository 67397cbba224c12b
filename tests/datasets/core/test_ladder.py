"""Protects the ladder: one pass says what level-by-level reading says, and every damaged level is named."""

import functools
import pickle

import numpy as np
import pytest
from PIL import Image
from skimage import data

from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import DataError
from datasets.core.ladder import CompressedLadder, LadderSummary, ShippedLadder
from datasets.core.picture_file import read_picture

PHOTOGRAPH = np.ascontiguousarray(data.chelsea()[40:140, 100:260])


def photograph() -> np.ndarray:
    return PHOTOGRAPH.copy()


class Reader:
    """Counts how often the reference is read."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> np.ndarray:
        self.times += 1
        return photograph()


@pytest.fixture(scope="module")
def shipped(tmp_path_factory) -> ShippedLadder:
    """A ladder of files that Jpeg's own encoder made, with a PNG as reference."""
    folder = tmp_path_factory.mktemp("ladder")
    Image.fromarray(PHOTOGRAPH).save(folder / "reference.png")
    files = {}
    for level in Jpeg().levels.tolist():
        files[level] = folder / f"SRC_{level:03d}.jpg"
        files[level].write_bytes(Jpeg().encode(PHOTOGRAPH, level))
    return ShippedLadder(Jpeg(), lambda: read_picture(folder / "reference.png"), files)


def test_the_summary_is_what_every_level_says_by_itself():
    ladder = CompressedLadder(Jpeg(), photograph)
    summary = ladder.summary()
    assert summary.mse.shape == summary.size_bytes.shape == summary.psnr_db.shape == (100,)
    for level in (1, 2, 37, 50, 99, 100):
        position = level - 1
        assert summary.mse[position] == ladder.mse(level)
        assert summary.psnr_db[position] == ladder.psnr_db(level)
        assert summary.size_bytes[position] == ladder.size_bytes(level) == len(ladder.encoded(level))


def test_luma_error_is_measured_on_the_decoded_picture():
    ladder = CompressedLadder(Jpeg(), photograph)
    error = ladder.reference_luma.astype(float) - ladder.luma(20)
    assert ladder.mse(20) == pytest.approx(np.mean(error**2), rel=1e-12)
    assert ladder.rgb(20).shape == PHOTOGRAPH.shape


def test_the_ladder_is_measured_once_and_the_reference_read_once():
    reader = Reader()
    ladder = CompressedLadder(Jpeg(), reader)
    assert reader.times == 0
    first = ladder.summary()
    assert ladder.summary() is first and reader.times == 1
    ladder.forget_pixels()
    assert ladder.summary() is first and reader.times == 1
    np.testing.assert_array_equal(ladder.reference, PHOTOGRAPH)
    assert reader.times == 2


def test_a_summary_measured_elsewhere_is_taken_over():
    reader = Reader()
    ladder = CompressedLadder(Jpeg(), reader)
    ladder.known_summary = LadderSummary(np.zeros(100), np.ones(100), 1.0)
    assert ladder.summary().mse.sum() == 0 and reader.times == 0


def test_the_reference_cannot_be_written_to():
    ladder = CompressedLadder(Jpeg(), photograph)
    for pixels in (ladder.reference, ladder.reference_luma):
        with pytest.raises(ValueError, match="read-only"):
            pixels[0] = 0


def test_files_of_the_same_encoder_give_the_same_ladder(shipped):
    compressed = CompressedLadder(Jpeg(), photograph)
    assert shipped.encoded(33) == compressed.encoded(33)
    np.testing.assert_array_equal(shipped.summary().mse, compressed.summary().mse)
    np.testing.assert_array_equal(shipped.summary().size_bytes, compressed.summary().size_bytes)


def test_it_travels_without_pixels_and_with_its_summary(shipped):
    read = functools.partial(read_picture, shipped.files[100].with_name("reference.png"))
    ladder = ShippedLadder(Jpeg(), read, shipped.files)
    before = len(pickle.dumps(ladder))
    errors = ladder.summary().mse
    packed = pickle.dumps(ladder)
    assert len(packed) - before < 4_000 < PHOTOGRAPH.nbytes
    copy = pickle.loads(packed)
    assert copy.summary().mse.tolist() == errors.tolist()
    np.testing.assert_array_equal(copy.reference, PHOTOGRAPH)
    assert copy.encoded(3) == ladder.encoded(3)


def test_a_compressed_one_travels_without_what_its_encoder_keeps():
    ladder = CompressedLadder(Jpeg(), photograph)
    encoded = ladder.encoded(3)
    packed = pickle.dumps(ladder)
    assert len(packed) < 4_000 < PHOTOGRAPH.nbytes
    assert pickle.loads(packed).encoded(3) == encoded


def copy_with(ladder: ShippedLadder, level: int, contents: bytes | None, folder) -> ShippedLadder:
    """The same files but for one, which holds other bytes, or is not there."""
    path = folder / f"SRC_{level:03d}.jpg"
    if contents is not None:
        path.write_bytes(contents)
    return ShippedLadder(ladder.codec, photograph, {**ladder.files, level: path})


def test_a_level_without_a_file_is_named(shipped):
    files = {level: path for level, path in shipped.files.items() if level != 7}
    with pytest.raises(DataError, match=r"QF 7 has no file: the set ships 99 of 100 levels.*datasets\.verify"):
        ShippedLadder(Jpeg(), photograph, files).summary()


@pytest.mark.parametrize(
    ("contents", "problem"),
    [
        (None, ": No such file"),
        (b"", ".*Copy the file again"),
        (b"not a picture", ".*Copy the file again"),
        (Jpeg().encode(PHOTOGRAPH, 42)[:900], ": the JPEG is truncated"),
        (Jpeg().encode(np.ascontiguousarray(PHOTOGRAPH[:, :80]), 5), ": is 80x100, but its reference is 160x100"),
    ],
)
def test_a_damaged_file_is_named(shipped, tmp_path, contents, problem):
    broken = copy_with(shipped, 42, contents, tmp_path)
    for read in (broken.rgb, broken.luma, broken.mse, lambda level: broken.summary()):
        with pytest.raises(DataError, match=rf"SRC_042\.jpg{problem}"):
            read(42)
    assert broken.mse(41) == shipped.mse(41)


def test_decoded_files_have_no_sizes_of_their_own(tmp_path):
    files = {}
    for level in Bpg().levels.tolist():
        files[level] = tmp_path / f"SRC0505_BPG_{level:03d}.png"
        Image.fromarray(PHOTOGRAPH // 16 * 16 if level > 25 else PHOTOGRAPH).save(files[level])
    ladder = ShippedLadder(Bpg(), photograph, files)
    assert ladder.size_bytes(1) is None
    summary = ladder.summary()
    assert np.isnan(summary.size_bytes).all()
    assert summary.mse[0] > 0 and summary.mse[-1] == 0  # from QP 51 to QP 1
    with pytest.raises(DataError, match="QP 52 has no file"):
        ladder.encoded(52)
