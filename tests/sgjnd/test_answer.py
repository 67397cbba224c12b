"""Protects what is said of one photograph: any kind of file, the asked share of people, and a fitting checkpoint."""

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

import sgjnd.answer
from baselines.learned.network.checkpoint import load_predictor
from baselines.learned.network.nets.backbones import EfficientNetLite
from datasets.codecs.avif import Avif
from datasets.codecs.jpeg import Jpeg
from datasets.codecs.webp import WebP
from datasets.common.errors import DataError
from datasets.core.ladder import CompressedLadder
from datasets.core.picture_file import decode_rgb
from sgjnd.answer import Answer, answer, as_text, compared, keeps_own, photograph
from sgjnd.predictors import SgJnd, SgJndLite

SIDEWAYS, ORIENTATION = 6, 0x0112


def searching(checkpoint_file: Path, search: str) -> SgJndLite:
    """The checkpoint's predictor under another search."""
    predictor = load_predictor(checkpoint_file, device="cpu")
    predictor.settings = {**predictor.settings, "search": search}
    return predictor


@pytest.fixture(scope="module")
def ask(checkpoint_file) -> Callable[..., tuple[Answer, bytes]]:
    """The answer for a file, and the file compressed."""
    predictor = searching(checkpoint_file, "scan")
    return lambda path, sur=None: answer(predictor, Jpeg(), path, sur=sur)


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
def test_any_kind_of_picture_is_answered_with_a_whole_jpeg_of_its_size(ask, cat, tmp_path, kind):
    as_file(kind, cat, tmp_path / "file")
    reply, encoded = ask(tmp_path / "file")
    assert (reply.width, reply.height) == (64, 48)
    assert decode_rgb(encoded).shape == cat.shape and len(encoded) == reply.bytes


@pytest.mark.parametrize("kind", ["JPEG on its side", "TIFF on its side"])
def test_an_orientation_tag_is_followed_once(ask, cat, tmp_path, kind):
    """Viewers turn such a picture; the compressed file has no tag, so its pixels must stand upright."""
    as_file(kind, cat, tmp_path / "file")
    reply, encoded = ask(tmp_path / "file", sur=0.999)
    assert (reply.width, reply.height) == (48, 64)
    assert "exif" not in Image.open(io.BytesIO(encoded)).info
    upright = np.rot90(cat, -1).astype(float)
    assert np.abs(decode_rgb(encoded) - upright).mean() < 15


@pytest.mark.parametrize("kind", ["animated WebP", "animated GIF"])
def test_of_an_animation_the_first_frame_counts(ask, cat, tmp_path, kind):
    as_file(kind, cat, tmp_path / "file")
    _, encoded = ask(tmp_path / "file", sur=0.999)
    found = decode_rgb(encoded).astype(float)
    assert np.abs(found - cat).mean() < 20 < np.abs(found - (255 - cat.astype(float))).mean()


@pytest.mark.parametrize("shape", [(1, 1), (9, 40), (31, 33), (47, 65)])
def test_small_pictures_and_odd_sides_are_answered(ask, tmp_path, shape):
    Image.fromarray(np.ascontiguousarray(data.coffee()[: shape[0], : shape[1]])).save(tmp_path / "odd.png")
    reply, encoded = ask(tmp_path / "odd.png")
    assert (reply.height, reply.width) == shape == decode_rgb(encoded).shape[:2]
    assert 1 <= reply.level <= 100


def test_a_picture_longer_than_a_jpeg_can_be_is_told(ask, tmp_path):
    Image.new("L", (66_000, 1)).save(tmp_path / "long.png")
    with pytest.raises(DataError, match=r"long.png: is 66000x1, and JPEG takes at most 65500 pixels a side"):
        ask(tmp_path / "long.png")


@pytest.mark.parametrize("share", [0.05, 0.5, 0.75, 0.9])
def test_the_quality_is_the_smallest_that_satisfies_the_asked_share(ask, cat_file, share):
    reply, _ = ask(cat_file, sur=share)
    assert reply.level == 100 or reply.sur >= share - 1e-4
    less, _ = ask(cat_file, sur=reply.sur + 0.001)
    assert less.level > reply.level or reply.level == 100


def test_more_satisfied_people_need_no_lower_quality(ask, cat_file):
    replies = [ask(cat_file, sur=share)[0] for share in (0.01, 0.3, 0.5, 0.9, 0.99, 0.999999)]
    qualities = [reply.level for reply in replies]
    assert qualities == sorted(qualities) and len(set(qualities)) > 2
    assert [reply.bytes for reply in replies] == sorted(reply.bytes for reply in replies)
    assert len({reply.jnd for reply in replies}) == 1, "the JND does not depend on what is asked for"


def test_without_a_share_the_quality_is_the_jnd_rounded_up(ask, checkpoint_file, cat_file):
    reply, _ = ask(cat_file)
    assert reply.level == int(np.ceil(reply.jnd))
    assert reply.sur >= load_predictor(checkpoint_file).fitted_.share - 1e-4


def test_bytes_are_those_of_the_files(ask, cat, cat_file):
    reply, encoded = ask(cat_file, sur=0.5)
    assert encoded == Jpeg().encode(cat, reply.level)
    assert reply.bytes_at_jpeg_95 == len(Jpeg().encode(cat, 95))


def test_the_default_search_agrees_with_looking_at_every_level(checkpoint_file, ask, cat_file, monkeypatch):
    """With a fifth of the passes; the network of these tests has learned little, and its curve is not smooth."""
    compressed, encoded = [], CompressedLadder.encoded
    monkeypatch.setattr(
        CompressedLadder, "encoded", lambda self, level: compressed.append(level) or encoded(self, level)
    )
    full, _ = answer(searching(checkpoint_file, "full"), Jpeg(), cat_file, sur=None)
    in_full = len(compressed)
    reply, _ = ask(cat_file)
    assert in_full == 101 and len(compressed) - in_full <= 21, "the answer's own level is compressed again"
    assert abs(reply.jnd - full.jnd) <= 3


@pytest.mark.parametrize("codec", [WebP(), Avif()], ids=lambda codec: codec.name)
def test_other_codecs_are_answered_on_their_own_levels(checkpoint_folder, cat, cat_file, codec, monkeypatch):
    """And at no other levels than the search asks for, although some of them are the grid's of a run."""
    predictor = searching(checkpoint_folder / f"sgjnd-lite-simulated-{codec.name}.safetensors", "scan")
    predictor.settings = {**predictor.settings, "grid_levels": 20}
    compressed, encode = [], CompressedLadder.encoded
    monkeypatch.setattr(
        CompressedLadder, "encoded", lambda self, level: compressed.append(level) or encode(self, level)
    )
    reply, encoded = answer(predictor, codec, cat_file, sur=None)
    assert encoded == codec.encode(cat, reply.level) and reply.level in codec.whole_levels
    assert reply.codec == codec.name and reply.level == int(np.ceil(reply.jnd))
    assert reply.bytes_at_jpeg_95 == len(Jpeg().encode(cat, 95)) and reply.bytes_as_jpeg is None
    assert len(compressed) <= 10 + 5 + 1
    more, _ = answer(predictor, codec, cat_file, sur=min(reply.sur + 0.2, 0.99))
    assert more.level > reply.level or reply.level == codec.best_level


def test_a_side_too_long_for_the_codec_is_told_before_pixels_are_decoded(tmp_path, monkeypatch):
    Image.new("L", (16_384, 1)).save(tmp_path / "long.png")
    monkeypatch.setattr(sgjnd.answer, "read_upright", lambda path: pytest.fail("it was decoded"))
    with pytest.raises(DataError, match=r"long.png: is 16384x1, and WebP takes at most 16383 pixels a side"):
        answer(SgJndLite(), WebP(), tmp_path / "long.png", sur=None)


def test_a_file_is_kept_where_it_is_no_better_or_little_is_saved():
    jpeg, webp = Jpeg(), WebP()
    assert not keeps_own(jpeg, 50, 900, None, 1000) and keeps_own(jpeg, 50, 951, None, 1000)
    assert keeps_own(jpeg, 50, 500, 50, 1000) and not keeps_own(jpeg, 50, 500, 51, 1000)
    assert not keeps_own(webp, 50, 500, 40, 1000), "of its quality nothing is known on another codec's scale"
    assert keeps_own(webp, 50, 951, 90, 1000)


@pytest.mark.parametrize("quality", [10, 60, 95])
def test_a_jpegs_own_quality_is_told_and_no_other_files(ask, cat, tmp_path, quality):
    Image.fromarray(cat).save(tmp_path / "a.jpg", quality=quality)
    assert ask(tmp_path / "a.jpg")[0].own_jpeg_quality == quality
    Image.fromarray(cat).save(tmp_path / "a.webp", quality=quality)
    assert ask(tmp_path / "a.webp")[0].own_jpeg_quality is None


def test_the_smallest_file_comes_first_and_each_is_compared_with_jpeg(ask, cat_file):
    reply, _ = ask(cat_file)
    others = [dataclasses.replace(reply, codec=name, bytes=size) for name, size in (("webp", 10**6), ("avif", 10))]
    replies = compared([reply, *others])
    assert [answer.codec for answer in replies] == ["avif", "jpeg", "webp"]
    assert {answer.bytes_as_jpeg for answer in replies} == {reply.bytes}
    assert {answer.bytes_as_jpeg for answer in compared(others)} == {None}


def test_what_is_said_is_true_of_more_and_of_fewer_bytes(ask, cat_file):
    reply = dataclasses.replace(ask(cat_file)[0], codec="avif", level=52, sur=0.503, bytes=600, keep_own=False)
    reply = dataclasses.replace(reply, bytes_at_jpeg_95=3000, bytes_as_jpeg=500)
    said = "AVIF quality 52, at which 50 % of people see no difference; 600 bytes, 80 % fewer than JPEG quality 95"
    assert as_text(reply).endswith(f"cat.png (64x48): {said}, 20 % more than JPEG at its own JND")
    assert as_text(reply, sur=0.5).endswith(", 20 % more than JPEG for as many people")
    kept = dataclasses.replace(reply, keep_own=True, bytes_before=610, own_jpeg_quality=48)
    assert as_text(kept).endswith(
        "600 bytes. The photograph's own file is a JPEG of about quality 48 with 610 bytes: compressing it again loses "
        "quality and saves 1.6 %. Keep it"
    )
    kept = dataclasses.replace(kept, bytes_before=600, own_jpeg_quality=None)
    assert as_text(kept).endswith("own file has 600 bytes: compressing it loses quality and saves nothing. Keep it")
    assert "JPEG 2000 at 37 dB, at which" in as_text(dataclasses.replace(reply, codec="jp2", level=37))


def test_a_predictor_that_brings_its_backbone_uses_it_and_needs_no_other(checkpoint_file, cat_file):
    """Whoever gets such a file need not have the weights that training started from."""
    pretrained = load_predictor(checkpoint_file, device="cpu")
    settings = {**pretrained.settings, "weights": "weights that are not here.pth", "search": "scan"}
    own = EfficientNetLite("efficientnet-lite0").eval()
    brought = SgJnd(settings=settings, device="cpu")
    brought.fitted_ = dataclasses.replace(pretrained.fitted_, backbone=own)
    at = np.array([30])
    features, others = (
        predictor.features_of(photograph(cat_file, Jpeg()))(at).reference for predictor in (brought, pretrained)
    )
    assert features.shape == others.shape and not np.allclose(features, others)
    assert 1 <= answer(brought, Jpeg(), cat_file, sur=None)[0].level <= 100
