"""Protects what predictors say of codecs other than JPEG: numbers that mean something, or a refusal that says why.

The ladders of such codecs have steps; people's levels lie between their rungs.
"""

import functools
from typing import ClassVar, final

import numpy as np
import pytest

from baselines.constant._open_loop import level_of_quality
from baselines.interface.predictor import Prediction
from baselines.interface.registry import registry
from baselines.interface.threshold import fit_observer
from baselines.learned.bits2025 import Bits2025
from baselines.learned.network.training_set import hard_labels, noticing_shares
from baselines.subband._dct_error import kind_of_errors
from datasets.codecs import codec_named, codecs
from datasets.codecs.avif import Avif
from datasets.codecs.jpeg import Jpeg
from datasets.codecs.webp import WebP
from datasets.common.errors import UserError
from datasets.core.dataset import Dataset, DatasetCard, Manifest
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture
from protocols import run_benchmark
from protocols.store.store import Store

NEW = ("avif", "jp2", "jpegli", "jxl", "mozjpeg", "webp")


def _crop(top: int) -> np.ndarray:
    from skimage import data

    return np.ascontiguousarray(data.astronaut()[top : top + 48, 180:244])


def picture_of(codec: str) -> Picture:
    return Picture("p", "p", codec_named(codec), 24.3)


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("fixed-90", {"avif": 90, "jpegli": 90, "jxl": 90, "mozjpeg": 90, "webp": 90, "heic": 90}),
        ("codec-default", {"avif": 75, "jxl": 90, "mozjpeg": 75, "webp": 80}),
        ("jpegli-1.0", {"jpegli": 90, "jxl": 90}),
        ("guetzli-95", {}),
    ],
)
def test_constants_are_numbers_where_the_scale_is_theirs_and_refused_elsewhere(name, levels):
    predictor = registry()[name].make().fit([], np.empty(0), seed=0)
    for codec in NEW:
        if codec in levels:
            assert Prediction.of(predictor.predict(picture_of(codec))).level == levels[codec]
            assert predictor.refuses(codec_named(codec)) == ""
        else:
            with pytest.raises(
                UserError, match=rf"{predictor.card.name} has no answer on {codec_named(codec).label}: "
            ):
                predictor.predict(picture_of(codec))


@pytest.mark.parametrize("name", ["jpeg-recompress", "image-optim", "imgmin", "guetzli-95"])
def test_jpegs_tools_answer_on_jpeg_and_refuse_every_other(name):
    predictor = registry()[name].make()
    assert predictor.refuses(Jpeg()) == ""
    assert all(predictor.refuses(codec_named(codec)) for codec in NEW)


def test_a_quality_is_itself_within_a_codecs_range():
    assert [level_of_quality(codec_named(name), 100) for name in ("jpeg", "webp", "avif", "heic")] == [100, 100, 99, 92]
    assert level_of_quality(WebP(), 75) == 75, "a default may lie between two levels"


@pytest.mark.parametrize("name", ["jpegli", "mozjpeg"])
def test_jpegs_own_tables_are_not_taken_for_its_siblings(name):
    ladder = CompressedLadder(codec_named(name), functools.partial(np.zeros, (8, 8, 3), np.uint8))
    picture = Picture("p", "p", codec_named(name), 24.3, ladder_or_none=ladder)
    assert kind_of_errors("auto", picture) == "decoded"
    with pytest.raises(UserError, match=rf"quantises as JPEG does, but p is compressed by {name}"):
        kind_of_errors("quantised", picture)


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("ssimulacra2-aic4", {"avif": 78.8, "jxl": 75.5, "jp2": 80.3}),
        ("cvvdp-aic4", {"avif": 9.68, "jxl": 9.65, "jp2": 9.67}),
        ("ssim-aic4", {}),
        ("psnr-aic4", {}),
        ("ssimulacra2-konjnd", {}),
        ("butteraugli-konjnd-bpg", {}),
    ],
)
def test_a_threshold_of_jpeg_is_replaced_by_the_codecs_own_or_refused(name, there):
    predictor = registry()[name].make()
    assert predictor.refuses(Jpeg()) == predictor.refuses(codec_named("bpg")) == ""
    for codec in map(codec_named, NEW):
        assert bool(predictor.refuses(codec)) == (codec.name not in there)
        if codec.name in there:
            assert predictor._given_distance(codec) == predictor.distance(there[codec.name])


def test_a_threshold_that_names_no_codec_holds_for_all():
    for name in ("ssimulacra2-as-published", "butteraugli-as-published", "psnr", "ssimulacra2"):
        assert not any(map(registry()[name].make().refuses, codecs().values()))


def test_bits_are_those_of_the_codecs_own_file():
    reference = _crop(0)
    picture = Picture("p", "p", WebP(), 24.3, ladder_or_none=CompressedLadder(WebP(), lambda: reference))
    assert Bits2025().feature(picture) == 8 * len(WebP().encode(reference, 48)) / reference[..., 0].size


def test_people_notice_by_their_level_and_not_by_the_nearest_rung():
    picture = Picture("p", "p", Avif(), 24.3, samples=np.array([10.0, 11.0, 12.0]))
    assert noticing_shares(picture)[:4] == pytest.approx([1, 1, 2 / 3, 0])  # at 3, 7, 11, 15
    assert hard_labels(12.0, Avif())[:4].tolist() == [1, 1, 1, 0]


def test_the_observer_is_the_same_on_a_ladder_of_every_fourth_level():
    """Subjects answer in whole numbers, so the next better number lies a quarter of a rung away."""
    generator = np.random.default_rng(3)
    envelope = np.exp(-np.arange(97) / 20)
    samples = np.round(generator.normal(50, 9, 200))
    every = fit_observer(envelope[None], [samples])
    fourth = fit_observer(np.exp(-np.arange(25) / 5)[None], [samples / 4], grain=0.25)
    assert fourth.log_median == pytest.approx(every.log_median, abs=1e-3)
    assert fourth.log_sigma == pytest.approx(every.log_sigma, abs=1e-3)


@final
class Stepped(Dataset):
    """Four crops, compressed by a codec with steps, rated by seeded random numbers."""

    card: ClassVar[DatasetCard] = DatasetCard(
        name="stepped",
        title="Test crops",
        samples="random numbers",
        terms="",
        home="",
        redistributable=True,
        needs_root=False,
    )

    @classmethod
    def open(cls, root, options):
        raise NotImplementedError

    @classmethod
    def of(cls, name: str) -> "Stepped":
        codec, generator = codec_named(name), np.random.default_rng(7)
        pictures = []
        for number, top in enumerate((0, 100, 200, 300)):
            middle = codec.level_at(generator.uniform(0.3, 0.7) * (len(codec.levels) - 1))
            samples = np.clip(np.round(generator.normal(middle, 3, 9)), codec.lowest, codec.highest)
            ladder = CompressedLadder(codec, functools.partial(_crop, top))
            pictures.append(Picture(f"p{number}", f"p{number}", codec, 24.3, samples, {}, ladder))
        return cls(tuple(pictures), Manifest({"codec": name}))

    def afresh(self):
        return self


LIGHT = ("chou1995", "watson1993", "psnr", "psnr-aic4", "constant-sur", "fixed-90", "codec-default", "guetzli-95")


@pytest.mark.parametrize("name", NEW)
def test_predictors_run_on_every_codec_and_say_why_where_they_do_not(name, tmp_path, empty_cache, capsys):
    dataset = Stepped.of(name)
    if missing := dataset.codec.unavailable():
        pytest.skip(missing)
    folds = tmp_path / "two.csv"
    folds.write_text("source,fold\np0,1\np1,1\np2,2\np3,2\n")
    run_benchmark(dataset, LIGHT, folds=str(folds), truths=["mean"], results=tmp_path / "results", quiet=True)
    for run in Store(tmp_path / "results").current_runs():
        why = registry()[run.identity.predictor].make().refuses(dataset.codec)
        errors = run.predictions["error"]
        assert errors.str.contains("has no answer on").all() if why else (errors == "").all(), run.identity.predictor
        assert run.predictions["true_bytes"].notna().all() and run.predictions["true_psnr_db"].notna().all()
    assert capsys.readouterr().out == ""


def test_what_is_not_asked_for_by_name_is_left_out_with_a_note(tmp_path, empty_cache, capsys):
    folds = tmp_path / "two.csv"
    folds.write_text("source,fold\np0,1\np1,1\np2,2\np3,2\n")
    given = {"folds": str(folds), "truths": ["mean"], "results": tmp_path / "results", "quiet": True}
    table = run_benchmark(Stepped.of("jp2"), ["fixed-*", "codec-*", "constant", "guetzli-95"], **given)
    assert sorted(table["predictor"]) == ["constant", "guetzli-95"]
    said = capsys.readouterr().err
    assert "fixed-75 is left out on JPEG 2000 dB: " in said and "guetzli-95 is left out" not in said
