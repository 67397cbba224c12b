"""Protects the student's head: it says what the library's regression says."""

import numpy as np
import pytest
from sklearn.svm import SVR

from sgjnd.nets.kernel_regression import KernelRegression


def test_it_is_the_librarys_regression_on_standardised_features():
    draws = np.random.default_rng(5)
    features = draws.normal(3, 2, (30, 4))
    values = 20 * np.sin(features[:, 0]) + features[:, 1]
    network = KernelRegression.fitted(features, values, misfit=20.0, tolerated=1.0, reach=0.8)
    mean, spread = features.mean(axis=0), features.std(axis=0)
    theirs = SVR(C=20.0, epsilon=1.0, gamma=0.2).fit((features - mean) / spread, values)
    new = draws.normal(3, 2, (5, 4))
    assert [network(row) for row in new] == pytest.approx(theirs.predict((new - mean) / spread), abs=1e-3)
    assert len(network.get_buffer("weights")) <= 30
