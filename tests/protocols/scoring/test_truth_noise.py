"""How far other people would move a score, on simulated panels whose spread is known."""

from __future__ import annotations

import numpy as np
import pytest

from datasets.codecs.jpeg import Jpeg
from protocols.scoring.ceiling import ESTIMATES
from protocols.scoring.truth_noise import redrawn_truths, truth_noise

SPREAD, PICTURES = 8.0, 120
NAMES = [f"p{index}" for index in range(PICTURES)]
CENTRES = np.random.default_rng(3).uniform(35, 60, PICTURES)


def _panel(subjects: int, seed: int = 0) -> np.ndarray:
    """Normal JNDs about each picture's centre, shape (pictures, subjects), all with a spread of exactly `SPREAD`."""
    drawn = np.random.default_rng(seed).normal(size=(PICTURES, subjects))
    drawn -= drawn.mean(axis=1, keepdims=True)
    return CENTRES[:, None] + SPREAD * drawn / drawn.std(axis=1, ddof=1, keepdims=True)


@pytest.mark.parametrize("subjects", [5, 30])
def test_the_interval_of_a_score_and_of_a_difference_is_as_wide_as_theory_says(subjects):
    """An MAE of errors of one sign moves as the truth does, 1.96 sigma / sqrt(n pictures), and two of them together."""
    errors = np.array([np.full(PICTURES, 25.0), np.full(PICTURES, 30.0), np.full(PICTURES, -25.0)])
    noise = truth_noise("mean", NAMES, list(_panel(subjects)), Jpeg(), CENTRES + errors)
    own = 1.96 * SPREAD / np.sqrt(subjects * PICTURES)
    assert np.diag(noise) == pytest.approx(own, rel=0.03)
    assert noise[0, 1] == pytest.approx(0, abs=1e-6), "both are moved alike, so their difference is not"
    assert noise[0, 2] == noise[2, 0] == pytest.approx(2 * own, rel=0.03)


@pytest.mark.parametrize("truth", ["mean", "median", "sur75"])
def test_other_panels_move_scores_as_far_as_redrawing_one_says(truth):
    """The reference asks new people of the same population, again and again, about pictures that are predicted well."""
    rng, codec = np.random.default_rng(7), Jpeg()
    asked = rng.normal(CENTRES[:, None], SPREAD, (60, PICTURES, 30))
    truths = ESTIMATES[truth](asked.reshape(-1, 30), codec).reshape(60, PICTURES)
    predicted = truths[0] + rng.normal(0, [[3.0], [6.0]], (2, PICTURES))
    maes = np.abs(predicted[:, None] - truths).mean(axis=2)
    noise = truth_noise(truth, NAMES, list(asked[0]), codec, predicted)
    assert np.diag(noise) == pytest.approx(1.96 * maes.std(axis=1), rel=0.3)
    assert noise[0, 1] == pytest.approx(1.96 * (maes[0] - maes[1]).std(), rel=0.3)


def test_failed_pictures_are_left_out():
    panel, predicted = list(_panel(20)), CENTRES + 25.0
    half = np.where(np.arange(PICTURES) % 2, predicted, np.nan)
    noise = truth_noise("mean", NAMES, panel, Jpeg(), np.array([predicted, half]))
    assert noise[1, 1] == pytest.approx(np.sqrt(2) * noise[0, 0], rel=0.1)
    assert np.isfinite(truth_noise("mean", NAMES, panel, Jpeg(), np.full((1, PICTURES), np.nan))).all()


def test_truths_are_redrawn_by_their_own_definition_and_come_out_the_same_again():
    panel = [row[:count] for row, count in zip(_panel(30), np.arange(PICTURES) % 3 + 28, strict=True)]
    first, again, mean = (redrawn_truths(truth, NAMES, panel, Jpeg()) for truth in ("sur75", "sur75", "mean"))
    assert np.array_equal(first, again)
    assert first.mean() == pytest.approx(mean.mean() + 0.67 * SPREAD, abs=1)


def test_what_cannot_be_redrawn_has_no_noise():
    panel = list(_panel(10))
    assert truth_noise("sqf", NAMES, panel, Jpeg(), CENTRES[None]) is None
    assert truth_noise("mean", NAMES, [*panel[:-1], np.array([40.0])], Jpeg(), CENTRES[None]) is None
