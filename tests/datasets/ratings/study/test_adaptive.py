"""Protects the choice of yes/no questions: thresholds come back, and nothing is asked beyond what may flicker."""

import numpy as np
from scipy.special import ndtr

from datasets.ratings.study.adaptive import next_step
from datasets.ratings.study.plan import QUESTIONS
from datasets.ratings.study.settings import CODEC, level_of
from datasets.ratings.yes_no import Answer, personal_jnds


def _asked(threshold, slope, lapses, rng, last_step=100):
    shown, noticed = [], []
    for _ in range(QUESTIONS):
        shown.append(next_step(shown, noticed, last_step))
        z = (shown[-1] - threshold) / slope if slope else np.inf * (shown[-1] - threshold + 0.5)
        noticed.append(bool(rng.random() < lapses + (1 - 2 * lapses) * ndtr(z)))
    answers = (Answer("r", "p", level_of(step), saw) for step, saw in zip(shown, noticed, strict=True))
    return shown, personal_jnds(answers, CODEC)["r", "p"]


def test_noisy_observers_come_back_within_three_standard_errors():
    rng = np.random.default_rng(3)
    truths = rng.uniform(15, 85, 150)
    jnds = [_asked(truth, 4.0, 0.03, rng)[1] for truth in truths]
    errors = np.array([101 - jnd.level for jnd in jnds]) - truths
    assert abs(errors.mean()) < 3 * errors.std(ddof=1) / np.sqrt(len(errors))
    within = np.abs(errors) < 3 * np.array([jnd.sd for jnd in jnds])
    assert within.mean() > 0.96
    assert np.sqrt((errors**2).mean()) < 6


def test_whoever_answers_without_noise_is_found_within_a_few_levels():
    rng = np.random.default_rng(0)
    for threshold in range(3, 98, 5):
        shown, jnd = _asked(threshold, 0, 0, rng)
        assert abs(101 - jnd.level - threshold) < 4 and len(set(shown)) > 4


def test_nothing_beyond_the_last_step_is_asked():
    rng = np.random.default_rng(1)
    shown, jnd = _asked(90, 0, 0, rng, last_step=40)
    assert max(shown) == 40 and jnd.censored
