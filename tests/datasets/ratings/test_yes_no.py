"""Protects what yes/no answers are taken to tell: known thresholds come back, whatever the codec's direction."""

import numpy as np
import pytest
from scipy.optimize import check_grad
from scipy.special import ndtr

from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.ratings.yes_no import Answer, _Likelihood, fit_population, personal_jnds

CODECS = [Jpeg(), Bpg()]


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_answers_without_noise_give_the_jnd(codec, share):
    jnd = int(codec.level_at(round(share * len(codec.levels))))
    answers = [
        Answer("a", "p", float(level), bool(codec.position(level) <= codec.position(jnd)))
        for level in codec.levels[::2]
    ]
    told = personal_jnds(answers, codec)["a", "p"]
    assert told.level == pytest.approx(jnd, abs=1.5)
    assert told.answers == len(answers) and not told.censored


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
def test_who_notices_nothing_has_the_worst_level_and_is_censored(codec):
    answers = [Answer("a", "p", float(level), False) for level in codec.levels[:60:2]]
    told = personal_jnds(answers, codec)["a", "p"]
    assert told.censored and codec.position(told.level) < 0.12 * len(codec.levels)


def test_the_posterior_is_as_sure_as_it_says():
    rng = np.random.default_rng(13)
    off = []
    for _ in range(150):
        jnd, levels = rng.uniform(20, 70), rng.integers(5, 95, 8)
        yes = 0.03 + 0.94 * ndtr((jnd + 0.5 - levels) / 4)
        answers = [Answer("a", "p", float(q), bool(rng.random() < p)) for q, p in zip(levels, yes, strict=True)]
        told = personal_jnds(answers, Jpeg())["a", "p"]
        off.append((told.level - jnd) / told.sd)
    assert abs(np.mean(off)) < 0.25 and np.mean(np.abs(off) < 2) > 0.9


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
def test_the_populations_curve_comes_back(codec):
    rng = np.random.default_rng(14)
    levels, pictures, raters = len(codec.levels), 10, 25
    middles, biases = rng.uniform(0.3, 0.7, pictures) * levels, rng.normal(0, 0.08 * levels, raters)
    answers = []
    for rater, bias in enumerate(biases):
        for picture, middle in enumerate(middles):
            for strength in rng.integers(0, levels, 6):
                yes = 0.02 + 0.95 * ndtr((strength - middle - bias) / (0.06 * levels))
                level = float(codec.best_level - codec.sign * strength)
                answers.append(Answer(f"r{rater:02d}", f"p{picture}", level, bool(rng.random() < yes)))
    curve = fit_population(answers, codec)
    off = [
        curve.half_of[f"p{number}"] - (codec.best_level - codec.sign * (middle + biases.mean()))
        for number, middle in enumerate(middles)
    ]
    assert np.sqrt(np.mean(np.square(off))) < 0.03 * levels
    assert curve.person_sd == pytest.approx(0.08 * levels, rel=0.35)
    assert curve.slope == pytest.approx(0.06 * levels, rel=0.35)
    assert 0 < curve.guess <= 0.1 and 0 < curve.lapse <= 0.1
    assert np.corrcoef(list(curve.biases.values()), biases)[0, 1] > 0.9
    half, three_quarters = curve.half_of["p3"], curve.satisfied_level("p3", 0.75, codec)
    assert codec.position(three_quarters) > codec.position(half)


def test_what_everybody_notices_stays_within_the_codecs_range():
    answers = [Answer(f"r{r}", "p", float(q), True) for r in range(5) for q in (10, 50, 90)]
    curve = fit_population(answers, Jpeg())
    assert 90 <= curve.half_of["p"] <= 100 and np.isfinite(curve.person_sd)


def test_the_gradient_is_that_of_the_likelihood():
    fit = _Likelihood(
        np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([20.0, 30, 40, 50]), np.array([1, 0, 1, 1], bool), 2, 2
    )
    at = np.array([25.0, 35, 1, -2, np.log(8), 0.03, 0.04])
    assert check_grad(lambda x: fit._cost(x, 5.0)[0], lambda x: fit._cost(x, 5.0)[1], at) < 1e-5
