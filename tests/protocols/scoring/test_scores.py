"""Scores against values worked out by hand or by another library, and what is undefined stays empty."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from protocols.scoring.scores import SCORES, bhattacharyya, mae_interval, score
from protocols.store.store import COLUMNS


def _frame(true, predicted, **columns):
    n = len(true)
    frame = pd.DataFrame({name: [None] * n for name in COLUMNS})
    defaults = {
        "picture": [f"p{i}" for i in range(n)],
        "source": [f"s{i}" for i in range(n)],
        "codec": ["jpeg"] * n,
        "fold": [i % 2 for i in range(n)],
        "true_level": np.array(true, float),
        "predicted_level": np.array(predicted, float),
        "clipped": [False] * n,
        "error": [""] * n,
    }
    for name in ("true_psnr_db", "predicted_psnr_db", "true_bytes", "predicted_bytes", "best_bytes", "ms"):
        defaults[name] = np.full(n, np.nan)
    return frame.assign(**{**defaults, **columns})


def test_hand_worked():
    found = score(_frame([10, 20, 30, 40], [10, 24, 24, 51], ms=[1.0, 2.0, 3.0, 6.0]))
    assert found["n"] == 4
    assert found["failed"] == 0
    assert found["mae"] == pytest.approx((0 + 4 + 6 + 11) / 4)
    assert found["rmse"] == pytest.approx(np.sqrt((16 + 36 + 121) / 4))
    assert found["bias"] == pytest.approx(9 / 4)
    assert (found["within_3"], found["within_5"], found["within_10"]) == (0.25, 0.5, 0.75)
    assert (found["overshoot"], found["undershoot"]) == (0.5, 0.25)
    assert found["ms_per_picture"] == 3.0


def test_a_correlation_keeps_its_sign():
    found = score(_frame([1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]))
    assert [found["plcc"], found["srcc"], found["krcc"]] == pytest.approx([-1, -1, -1])


def test_failed_pictures_stay_in_n_and_out_of_errors():
    found = score(_frame([10, 20, 30], [11, np.nan, 31]))
    assert (found["n"], found["failed"], found["mae"]) == (3, 1, 1.0)


def test_a_run_that_failed_altogether_has_no_scores():
    found = score(_frame([10, 20], [np.nan, np.nan]))
    assert (found["n"], found["failed"]) == (2, 2)
    assert all(found[record.name] is None for record in SCORES)
    assert found["mae_low"] is None


def test_psnr_and_bytes():
    frame = _frame(
        [10, 20, 30],
        [12, 22, 33],
        true_psnr_db=[30.0, 31.0, 32.0],
        predicted_psnr_db=[30.5, 31.5, 33.0],
        predicted_bytes=[10.0, 20.0, 30.0],
        best_bytes=[100.0, 100.0, 100.0],
        fold=[1, 1, 2],
    )
    found = score(frame)
    assert found["psnr_mae_db"] == pytest.approx(2 / 3)
    assert found["psnr_plcc"] == pytest.approx(stats.pearsonr([30, 31, 32], [30.5, 31.5, 33]).statistic)
    assert found["psnr_srcc"] == pytest.approx(1)
    assert found["bytes_saved"] == pytest.approx(0.8)


def test_sur_scores():
    rising, later = np.linspace(0, 1, 100), np.linspace(0, 1, 100) ** 2
    found = score(_frame([10, 20], [10, 20], true_sur=[rising, rising], sur=[later, None]))
    assert found["sur_mae"] == pytest.approx(np.mean(rising - later))
    assert found["bhattacharyya"] == pytest.approx(bhattacharyya(rising, later))
    assert score(_frame([10, 20], [10, 20]))["sur_mae"] is None


def test_bhattacharyya_of_two_normals_is_known():
    levels = np.arange(1, 101)
    first, second = stats.norm.cdf(levels, 40, 6), stats.norm.cdf(levels, 46, 6)
    assert bhattacharyya(first, second) == pytest.approx(6**2 / (8 * 6**2), rel=0.01)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=40), st.lists(st.floats(0, 1), min_size=2, max_size=40))
def test_bhattacharyya_is_a_finite_symmetric_distance(first, second):
    size = min(len(first), len(second))
    one, two = np.sort(first[:size]), np.sort(second[:size])
    assert bhattacharyya(one, one) == pytest.approx(0, abs=1e-9)
    assert 0 <= bhattacharyya(one, two) < 1000
    assert bhattacharyya(one, two) == pytest.approx(bhattacharyya(two, one))


def test_interval_resamples_sources_not_pictures():
    generator = np.random.default_rng(2)
    per_source = np.repeat(generator.exponential(5, 20), 10)
    frame = _frame(np.zeros(200), per_source, source=[f"s{i // 10}" for i in range(200)])
    low, high = mae_interval(frame)
    apart_low, apart_high = mae_interval(frame.assign(source=frame["picture"]))
    assert low < per_source.mean() < high
    assert high - low > 2 * (apart_high - apart_low), "ten crops of one picture are not ten pictures"


def test_interval_covers_as_often_as_it_says():
    generator = np.random.default_rng(3)
    inside = 0
    for repeat in range(100):
        errors = generator.exponential(5, 60)
        names = [f"{repeat}-{i}" for i in range(60)]
        low, high = mae_interval(_frame(np.zeros(60), errors, source=names))
        inside += low <= 5 <= high
    assert 86 <= inside <= 99


def test_interval_draws_are_the_same_for_every_method():
    true = np.arange(10.0)
    low, high = mae_interval(_frame(true, true + 2))
    assert (low, high) == (2, 2)
    assert mae_interval(_frame(true, true * 2)) == mae_interval(_frame(true, true * 0))


def test_one_source_has_no_interval():
    assert mae_interval(_frame([1, 2], [2, 3], source=["s", "s"])) == (None, None)
