"""Visits find the same in one process and in several, and a failure is written down where it happened."""

from __future__ import annotations

import dataclasses
import pickle

import cv2
import numpy as np
import pytest

from baselines.interface.card import Card
from baselines.interface.visibility import VisibilityPredictor
from baselines.metric.jpeg_recompress import JpegRecompress
from baselines.metric.psnr import Psnr
from baselines.pixel.chou1995 import Chou1995
from baselines.pixel.yang2005 import Yang2005
from baselines.subband.watson1997 import Watson1997
from baselines.subband.wei2009 import Wei2009
from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.common.cache import CacheWarning
from datasets.common.errors import DataError
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture
from datasets.core.picture_file import PictureFile
from protocols.store.picture_facts import load_ladder
from protocols.workers.measure import VisitTask, apply, stored_visit, visit
from protocols.workers.task import Monitor

METERED = [Psnr(), Chou1995(), Yang2005(color="full"), Watson1997(errors="decoded"), Wei2009(errors="decoded")]


def test_one_pass_over_the_ladder_serves_all_meters(empty_cache, make_experiment, monkeypatch):
    decoded = []
    decode = Jpeg.decode
    monkeypatch.setattr(Jpeg, "decode", lambda self, encoded: decoded.append(len(encoded)) or decode(self, encoded))
    visit(make_experiment().pictures[0], METERED)
    assert len(decoded) == 100


def test_what_is_measured_in_the_pass_is_what_is_measured_alone(empty_cache, make_experiment):
    together = visit(make_experiment().pictures[0], METERED)
    for predictor in METERED:
        alone = predictor.measure(make_experiment().pictures[0].without_samples())
        np.testing.assert_equal(dict(together.measured[predictor.measured_as].values), alone)


def test_who_fails_in_passing_takes_nobody_along(empty_cache, make_experiment):
    failing = Failing()
    found = visit(make_experiment().pictures[0], [failing, *METERED[:2]])
    assert found.measured[failing.measured_as].error == (
        f"measuring {found.picture} failed: ZeroDivisionError: at QF 37"
    )
    assert all(not found.measured[one.measured_as].error for one in METERED[:2])
    assert found.summary is not None and not found.error


def test_shown_pixels_cannot_be_changed_by_who_sees_them(empty_cache, make_experiment):
    careless = Careless()
    found = visit(make_experiment().pictures[0], [careless, *METERED[:2]])
    assert "read-only" in found.measured[careless.measured_as].error
    assert all(not found.measured[one.measured_as].error for one in METERED[:2])


def test_what_was_measured_once_costs_no_pixels_again(empty_cache, make_experiment, monkeypatch):
    before = visit(_from_a_file(empty_cache, make_experiment), METERED[:2])
    monkeypatch.setattr(Jpeg, "decode", lambda *_: pytest.fail("a level was decoded"))
    monkeypatch.setattr("datasets.core.picture_file.read_picture", lambda *_: pytest.fail("a reference was decoded"))
    again = stored_visit(_from_a_file(empty_cache, make_experiment), METERED[:2])
    assert again is not None and again.pixels == before.pixels
    np.testing.assert_array_equal(again.summary.mse, before.summary.mse)
    for key, measured in before.measured.items():
        np.testing.assert_equal(dict(again.measured[key].values), dict(measured.values))
        assert again.measured[key].ms == measured.ms


def test_one_more_predictor_costs_itself(empty_cache, make_experiment, monkeypatch):
    visit(make_experiment().pictures[0], METERED)
    asked = []
    for predictor in (Chou1995, Watson1997):
        monkeypatch.setattr(predictor, "measure", lambda self, picture: asked.append(self))
        monkeypatch.setattr(predictor, "meter", lambda self, picture: asked.append(self))
    assert stored_visit(make_experiment().pictures[0], [*METERED, Wei2009()]) is None
    found = visit(make_experiment().pictures[0], [*METERED, Wei2009()])
    assert not asked and not any(one.error for one in found.measured.values())


def test_a_fresh_visit_measures_what_is_kept(empty_cache, make_experiment, monkeypatch):
    visit(make_experiment().pictures[0], [Chou1995()])
    asked = []
    measure = Chou1995.measure
    monkeypatch.setattr(Chou1995, "measure", lambda self, picture: asked.append(self) or measure(self, picture))
    VisitTask(make_experiment().pictures[0], [Chou1995()], fresh=True).run(Monitor())
    assert len(asked) == 1


@pytest.mark.parametrize("changed", ["geometry", "pixels", "parameters"])
def test_what_a_measurement_depends_on_is_in_its_key(empty_cache, make_experiment, changed):
    first, other = make_experiment().pictures[0], make_experiment().pictures[1]
    visit(first, [Chou1995()])
    asked = {
        "geometry": (dataclasses.replace(first, pixels_per_degree=50.0), Chou1995()),
        "pixels": (other, Chou1995()),
        "parameters": (first, Chou1995(rule="minkowski-4")),
    }
    picture, predictor = asked[changed]
    assert stored_visit(make_experiment().pictures[0], [Chou1995()]) is not None
    assert stored_visit(picture, [predictor]) is None


def _from_a_file(folder, make_experiment):
    picture = make_experiment().pictures[0]
    file = folder / "crop.png"
    if not file.exists():
        cv2.imwrite(str(file), cv2.cvtColor(picture.reference, cv2.COLOR_RGB2BGR))
    return dataclasses.replace(
        picture, ladder_or_none=CompressedLadder(picture.codec, PictureFile(file)), measurements={}
    )


class Failing(VisibilityPredictor):
    """Fails at one level."""

    card = Card("failing", "Failing", needs_pictures=True)

    def visibility(self, picture, level):
        """Divides by zero at QF 37."""
        if level == 37:
            raise ZeroDivisionError("at QF 37")
        return 1.0


class Careless(VisibilityPredictor):
    """Works on what it is shown instead of on a copy."""

    card = Card("careless", "Careless", needs_pictures=True)

    def visibility(self, picture, level):
        """Inverts the level's pixels in place."""
        pixels = picture.ladder.rgb(level)
        np.subtract(255, pixels, out=pixels)
        return float(pixels.mean())


def test_a_tool_for_jpeg_alone_fails_on_bpg_in_its_own_words():
    predictor = JpegRecompress()
    found = visit(Picture("SRC0505", "SRC0505", Bpg(), 24.3), [predictor, Psnr()])
    measured = found.measured[predictor.measured_as]
    assert measured.error.startswith("jpeg-recompress has no answer on BPG QP: it searches for a JPEG quality")


def test_a_picture_lets_its_pixels_go(make_experiment):
    picture = make_experiment().pictures[0]
    visit(picture, [Psnr()])
    assert "reference" not in vars(picture.ladder)
    assert len(pickle.dumps(picture)) < 10_000


def test_what_was_measured_is_what_predictors_get(empty_cache, make_experiment, monkeypatch):
    picture = make_experiment().pictures[0]
    apply(visit(picture, [Chou1995()]), picture)
    monkeypatch.setattr(Chou1995, "measure", lambda *_: pytest.fail("a measured picture was measured again"))
    assert Chou1995().measurement(picture.without_samples())["envelope"].shape == (100,)


def test_a_picture_without_pixels_fails_for_who_needs_them(make_experiment):
    picture = dataclasses.replace(make_experiment().pictures[0], ladder_or_none=None)
    found = visit(picture, [Psnr()])
    assert found.summary is None
    assert found.error == ""
    assert "no pixels" in found.measured[Psnr().measured_as].error


def test_a_damaged_picture_says_why(make_experiment):
    picture = make_experiment().pictures[0]

    def broken():
        raise DataError("SRC01.bmp: truncated")

    ladder = type(picture.ladder)(picture.codec, broken)
    found = visit(dataclasses.replace(picture, ladder_or_none=ladder), [Psnr()])
    assert found.error == "SRC01.bmp: truncated"
    assert found.measured[Psnr().measured_as].error == "SRC01.bmp: truncated"


@pytest.mark.parametrize("damage", ["cut off", "a bit flipped", "empty", "foreign"])
def test_a_damaged_file_is_named_and_measured_again(empty_cache, make_experiment, damage):
    before = visit(make_experiment().pictures[0], [Chou1995()])
    content = {
        "cut off": lambda data: data[:-20],
        "a bit flipped": lambda data: data[:-10] + bytes([data[-10] ^ 4]) + data[-9:],
        "empty": lambda data: b"",
        "foreign": lambda data: b'{"a": 1}',
    }[damage]
    for file in empty_cache.rglob("*.arrays"):
        file.write_bytes(content(file.read_bytes()))
    with pytest.warns(CacheWarning, match=r"\.arrays: is damaged and computed again"):
        assert load_ladder(make_experiment().pictures[0]) is None
    with pytest.warns(CacheWarning):
        again = visit(make_experiment().pictures[0], [Chou1995()])
    key = Chou1995().measured_as
    np.testing.assert_equal(again.measured[key].values, before.measured[key].values)
    assert load_ladder(make_experiment().pictures[0]) is not None
