"""The human ceiling on simulated subjects whose spread is known, and on the published labels of MCL-JCI."""

from __future__ import annotations

import numpy as np
import pytest

from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.core.picture import Picture
from datasets.core.truths import TRUTHS
from datasets.sets import open_dataset
from protocols.scoring.ceiling import ESTIMATES, HALVES, ONE_SUBJECT, ORACLE, ceilings, has_ceiling

SPREAD, SUBJECTS, PICTURES = 8.0, 30, 400
MEAN_ABSOLUTE = np.sqrt(2 / np.pi)
"""Of a standard normal variable."""


def _subjects(count: int = SUBJECTS, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return list(rng.normal(rng.normal(50, 5, (PICTURES, 1)), SPREAD, (PICTURES, count)))


def _maes(truth: str, samples, codec=None) -> dict[str, float]:
    names = [f"p{index}" for index in range(len(samples))]
    return {c.name: float(np.abs(c.errors).mean()) for c in ceilings(truth, names, samples, codec or Jpeg())}


def test_the_oracle_errs_as_one_who_knows_all_people():
    """sigma / sqrt(n) for the mean; twice that between halves; one subject against the other n - 1."""
    found = _maes("mean", _subjects())
    assert found[ORACLE] == pytest.approx(MEAN_ABSOLUTE * SPREAD / np.sqrt(SUBJECTS), rel=0.02)
    assert found[HALVES] == pytest.approx(2 * found[ORACLE], rel=1e-9)
    assert found[ONE_SUBJECT] == pytest.approx(MEAN_ABSOLUTE * SPREAD * np.sqrt(1 + 1 / (SUBJECTS - 1)), rel=0.02)


@pytest.mark.parametrize(("truth", "share"), [("median", 0.5), ("sur50", 0.5), ("sur75", 0.75)])
def test_other_truths_err_as_often_as_asking_other_people_shows(truth, share):
    """The reference asks 30 new people of one and the same population, again and again."""
    again = ESTIMATES[truth](np.random.default_rng(9).normal(50, SPREAD, (3000, SUBJECTS)), Jpeg())
    reference = float(np.abs(again - np.mean(again)).mean())
    assert _maes(truth, _subjects())[ORACLE] == pytest.approx(reference, rel=0.12)


def test_an_odd_number_of_subjects_is_split_as_evenly_as_can_be():
    found = _maes("mean", _subjects(count=5))
    # Half the time 2 of 5 are known, half the time 3: variance sigma^2 (1 / known - 1 / 5).
    expected = MEAN_ABSOLUTE * SPREAD * (np.sqrt(1 / 2 - 1 / 5) + np.sqrt(1 / 3 - 1 / 5)) / 2
    assert found[ORACLE] == pytest.approx(expected, rel=0.04)


def test_estimates_are_the_truths_of_the_data_sets():
    samples = np.clip(np.round(np.random.default_rng(4).normal(45, 9, (12, 30))), 1, 51)
    for codec in (Jpeg(), Bpg()):
        for name, estimate in ESTIMATES.items():
            expected = [TRUTHS[name].level(Picture("p", "p", codec, 24.3, one)) for one in samples]
            off = np.abs(estimate(samples, codec) - expected)
            # A fit may stop elsewhere on the flat top of a likelihood.
            assert np.median(off) < 0.02 and off.max() < 1, (name, codec)


def test_subjects_who_agree_leave_no_error_and_no_warning():
    samples = [np.full(12, 40.0), np.full(12, 55.0)]
    for truth in ESTIMATES:
        assert max(_maes(truth, samples).values()) < 0.2


def test_pictures_with_different_numbers_of_subjects_stand_together():
    samples = [np.arange(count, dtype=float) + 30 for count in (4, 9, 4, 30)]
    for found in ceilings("mean", list("abcd"), samples, Jpeg()):
        assert found.predicted.shape[1] == 4
        assert np.isfinite(found.predicted).all() and np.isfinite(found.true).all()
    assert ceilings("mean", list("abcd"), samples, Jpeg())[0].true[0] == pytest.approx([31.5, 34, 31.5, 44.5])


def test_the_same_pictures_give_the_same_and_tabulated_truths_give_none():
    samples = _subjects()[:20]
    first, second = (_maes("median", samples) for _ in range(2))
    assert first == second
    assert _maes("sqf", samples) == {}
    assert not has_ceiling("mean", [*samples, np.array([40.0, 41.0, 42.0])])
    assert not has_ceiling("mean", [])


def test_mcl_jci_is_as_noisy_as_published_labels_say(mcl_jci_labels):
    """Halves of 15 differ by 2.98 QF (r = .895), one subject and the rest by 8.3 QF, a mean is known to 1.86."""
    pictures = open_dataset("mcl-jci", mcl_jci_labels).pictures
    names, samples = [p.name for p in pictures], [p.samples for p in pictures]
    found = {c.name: c for c in ceilings("mean", names, samples, Jpeg())}
    maes = {name: np.abs(c.errors).mean() for name, c in found.items()}
    assert maes[HALVES] == pytest.approx(2.98, abs=0.1)
    assert maes[ONE_SUBJECT] == pytest.approx(8.3, abs=0.1)
    assert maes[ORACLE] == pytest.approx(1.86 * MEAN_ABSOLUTE, abs=0.05)
    pairs = zip(found[HALVES].predicted[:200], found[HALVES].true[:200], strict=True)
    assert np.mean([np.corrcoef(*pair)[0, 1] for pair in pairs]) == pytest.approx(0.895, abs=0.02)
