"""Protects what is said of one photograph: any kind of file, the asked share of people, and a fitting checkpoint."""

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from baselines.learned.network.extractor import Looker
from baselines.learned.network.nets.efficientnet_lite import EfficientNetLite
from datasets.common.errors import DataError, UserError
from datasets.core.codec import Jpeg
from datasets.core.picture_file import decode_rgb
from sgjnd.answer import Answerer, photograph
from sgjnd.checkpoint import load_checkpoint

SIDEWAYS, ORIENTATION = 6, 0x0112


@pytest.fixture(scope="module")
def checkpoint(checkpoint_file):
    return load_checkpoint(checkpoint_file)


@pytest.fixture(scope="module")
def answerer(checkpoint) -> Answerer:
    return Answerer(checkpoint, device="cpu")


@pytest.fixture
def cat() -> np.ndarray:
    """A crop of 64x48 pixels."""
    return np.ascontiguousarray(data.chelsea()[100:148, 150:214])


@pytest.fixture
def cat_file(cat, tmp_path):
    Image.fromarray(cat).save(tmp_path / "cat.png")
    return tmp_path / "cat.png"


def as_file(kind: str, cat: np.ndarray, path) -> None:
    """Write the crop as a kind of file that is not plain RGB."""
    image = Image.fromarray(cat)
    other = Image.fromarray(255 - cat)
    tag = Image.Exif()
    tag[ORIENTATION] = SIDEWAYS
    deep = Image.fromarray(cat.mean(axis=2).astype(np.uint16) * 257)
    transparent = Image.fromarray(np.dstack([cat, np.full(cat.shape[:2], 120, np.uint8)]))
    several = {"save_all": True, "append_images": [other], "duration": 50}
    save = {
        "CMYK JPEG": lambda: image.convert("CMYK").save(path, "JPEG"),
        "grey JPEG": lambda: image.convert("L").save(path, "JPEG"),
        "16-bit grey PNG": lambda: deep.save(path, "PNG"),
        "PNG with alpha": lambda: transparent.save(path, "PNG"),
        "palette PNG": lambda: image.convert("P").save(path, "PNG"),
        "animated WebP": lambda: image.save(path, "WEBP", lossless=True, **several),
        "animated GIF": lambda: image.save(path, "GIF", **several),
        "BMP": lambda: image.save(path, "BMP"),
        "TIFF on its side": lambda: image.save(path, "TIFF", exif=tag),
        "JPEG on its side": lambda: image.save(path, "JPEG", quality=95, exif=tag),
    }
    save[kind]()


@pytest.mark.parametrize(
    "kind",
    [
        "CMYK JPEG",
        "grey JPEG",
        "16-bit grey PNG",
        "PNG with alpha",
        "palette PNG",
        "animated WebP",
        "animated GIF",
        "BMP",
    ],
)
def test_any_kind_of_picture_is_answered_with_a_whole_jpeg_of_its_size(answerer, cat, tmp_path, kind):
    as_file(kind, cat, tmp_path / "file")
    answer, encoded = answerer.answer(tmp_path / "file", sur=None)
    assert (answer.width, answer.height) == (64, 48)
    assert decode_rgb(encoded).shape == cat.shape and len(encoded) == answer.bytes


@pytest.mark.parametrize("kind", ["JPEG on its side", "TIFF on its side"])
def test_an_orientation_tag_is_followed_once(answerer, cat, tmp_path, kind):
    """Viewers turn such a picture; the compressed file has no tag, so its pixels must stand upright."""
    as_file(kind, cat, tmp_path / "file")
    answer, encoded = answerer.answer(tmp_path / "file", sur=0.999)
    assert (answer.width, answer.height) == (48, 64)
    assert "exif" not in Image.open(io.BytesIO(encoded)).info
    upright = np.rot90(cat, -1).astype(float)
    assert np.abs(decode_rgb(encoded) - upright).mean() < 15


@pytest.mark.parametrize("kind", ["animated WebP", "animated GIF"])
def test_of_an_animation_the_first_frame_counts(answerer, cat, tmp_path, kind):
    as_file(kind, cat, tmp_path / "file")
    _, encoded = answerer.answer(tmp_path / "file", sur=0.999)
    found = decode_rgb(encoded).astype(float)
    assert np.abs(found - cat).mean() < 20 < np.abs(found - (255 - cat.astype(float))).mean()


@pytest.mark.parametrize("shape", [(1, 1), (9, 40), (31, 33), (47, 65)])
def test_small_pictures_and_odd_sides_are_answered(answerer, tmp_path, shape):
    Image.fromarray(np.ascontiguousarray(data.coffee()[: shape[0], : shape[1]])).save(tmp_path / "odd.png")
    answer, encoded = answerer.answer(tmp_path / "odd.png", sur=None)
    assert (answer.height, answer.width) == shape == decode_rgb(encoded).shape[:2]
    assert 1 <= answer.quality <= 100


def test_a_picture_longer_than_a_jpeg_can_be_is_told(answerer, tmp_path):
    Image.new("L", (66_000, 1)).save(tmp_path / "long.png")
    with pytest.raises(DataError, match=r"long.png: is 66000x1, and a side of a JPEG has at most 65500"):
        answerer.answer(tmp_path / "long.png", sur=None)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.75, 0.9])
def test_the_quality_is_the_smallest_that_satisfies_the_asked_share(answerer, cat_file, share):
    answer, _ = answerer.answer(cat_file, sur=share)
    assert answer.quality == 100 or answer.sur >= share - 1e-4
    less, _ = answerer.answer(cat_file, sur=answer.sur + 0.001)
    assert less.quality > answer.quality or answer.quality == 100


def test_more_satisfied_people_need_no_lower_quality(answerer, cat_file):
    found = [answerer.answer(cat_file, sur=share)[0] for share in (0.01, 0.3, 0.5, 0.9, 0.99, 0.999999)]
    qualities = [answer.quality for answer in found]
    assert qualities == sorted(qualities) and len(set(qualities)) > 2
    assert [answer.bytes for answer in found] == sorted(answer.bytes for answer in found)
    assert len({answer.jnd_qf for answer in found}) == 1, "the JND does not depend on what is asked for"


def test_without_a_share_the_quality_is_the_jnd_rounded_up(answerer, checkpoint, cat_file):
    answer, _ = answerer.answer(cat_file, sur=None)
    assert answer.quality == int(np.ceil(answer.jnd_qf))
    assert answer.sur >= checkpoint.fitted.share - 1e-4


def test_bytes_are_those_of_the_files(answerer, cat, cat_file):
    answer, encoded = answerer.answer(cat_file, sur=0.5)
    assert encoded == Jpeg().encode(cat, answer.quality)
    assert answer.bytes_at_95 == len(Jpeg().encode(cat, 95))


def test_the_default_search_agrees_with_looking_at_every_level(checkpoint, answerer, cat_file):
    """With a fifth of the passes; the network of these tests has learned little, and its curve is not smooth."""
    full = Answerer(checkpoint, search="full", device="cpu")
    one, other = answerer.answer(cat_file, sur=None)[0], full.answer(cat_file, sur=None)[0]
    assert one.levels_tried <= 20 and other.levels_tried == 100
    assert abs(one.jnd_qf - other.jnd_qf) <= 3


def test_a_checkpoint_for_another_codec_is_refused(checkpoint):
    other = dataclasses.replace(checkpoint, fitted=dataclasses.replace(checkpoint.fitted, codec="bpg"))
    with pytest.raises(UserError, match=r"trained for bpg, and photographs are made JPEG"):
        Answerer(other, device="cpu")


def test_a_checkpoint_of_other_backbone_weights_is_refused(checkpoint):
    """Heads say nothing of features that they do not know."""
    with pytest.raises(DataError, match=r"trained on other backbone weights \(abcabc.*than are installed"):
        Answerer(dataclasses.replace(checkpoint, backbone_sha256="abc" * 20), device="cpu")


def test_a_checkpoint_that_brings_its_backbone_looks_through_it_and_needs_no_other(checkpoint, cat_file):
    """Whoever gets such a file need not have the weights that training started from."""
    own = EfficientNetLite("efficientnet-lite0").eval()
    fitted = dataclasses.replace(checkpoint.fitted, backbone=own)
    config = dataclasses.replace(checkpoint.config, weights="weights that are not here.pth")
    brought = Answerer(dataclasses.replace(checkpoint, fitted=fitted, config=config), device="cpu")
    seen = brought.gaze(photograph(cat_file)).reference
    pretrained = Looker(checkpoint.config, device="cpu").gaze(photograph(cat_file)).reference
    assert seen.shape == pretrained.shape and not np.allclose(seen, pretrained)
    assert 1 <= brought.answer(cat_file, sur=None)[0].quality <= 100
