"""Protects `sgjnd-fast`: it sees the reference alone, its curve passes the truth, a file of it says the same."""

import dataclasses

import numpy as np
import pytest

from baselines.learned.network.checkpoint import load_predictor, save_predictor
from datasets.common.errors import UserError
from datasets.core.imaging import halved
from datasets.core.ladder import CompressedLadder
from sgjnd.fast import SgJndFast
from sgjnd.networks import shipped


@pytest.fixture(scope="module")
def fitted(rated_pictures, true_levels) -> SgJndFast:
    return SgJndFast(device="cpu").fit(rated_pictures[:6], true_levels[:6], seed=0)


def test_no_level_is_compressed(fitted, rated_pictures, monkeypatch):
    """That is what makes it fast."""
    for name in ("rgb", "encoded"):
        monkeypatch.setattr(CompressedLadder, name, lambda *_: pytest.fail("a level was compressed"))
    asked = rated_pictures[6].unmeasured().without_samples()
    assert 1 <= fitted.predict(asked).level <= 100


def test_its_curve_passes_the_level_at_the_truths_share(fitted, rated_pictures):
    for picture in rated_pictures:
        prediction = fitted.predict(picture)
        assert (np.diff(prediction.sur) >= 0).all()
        assert np.interp(prediction.level - 1, np.arange(100), prediction.sur) == pytest.approx(
            fitted.fitted_.share, abs=0.01
        )


def test_it_learns_its_training_pictures(fitted, rated_pictures, true_levels):
    levels = [fitted.predict(picture).level for picture in rated_pictures[:6]]
    assert np.corrcoef(levels, true_levels[:6])[0, 1] > 0.9


def test_a_file_of_it_gives_the_same_answers(fitted, rated_pictures, tmp_path):
    save_predictor(tmp_path / "fast.safetensors", fitted, {"data": "crops", "samples": "simulated"})
    loaded = load_predictor(tmp_path / "fast.safetensors", device="cpu")
    assert isinstance(loaded, SgJndFast)
    for picture in rated_pictures[5:]:
        answers = loaded.predict(picture.unmeasured()), fitted.predict(picture)
        assert answers[0].level == answers[1].level
        np.testing.assert_array_equal(answers[0].sur, answers[1].sur)


def test_a_picture_of_any_size_has_features(fitted, rated_pictures):
    for height, width in ((1, 1), (7, 300), (90, 3)):
        rgb = np.ascontiguousarray(np.resize(rated_pictures[0].reference, (height, width, 3)))
        features = fitted.features_of(halved(rgb))
        assert features.shape == (1038,) and np.isfinite(features).all()


def test_a_picture_of_another_codec_is_refused(fitted, bpg_pictures):
    with pytest.raises(UserError, match="the network was trained for jpeg"):
        fitted.predict(bpg_pictures[0])


def test_the_one_that_ships_is_small_and_says_what_it_was_trained_on():
    path = shipped("sgjnd-fast")["jpeg"]
    assert path.stat().st_size < 1_000_000
    predictor = load_predictor(path, device="cpu")
    assert predictor.fitted_.about["samples"] == "simulated observers"
    assert dataclasses.asdict(predictor.config())["supports"] == len(predictor.fitted_.model.get_buffer("weights"))
