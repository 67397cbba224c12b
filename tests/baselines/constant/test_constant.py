"""Protects the constant: the training median, on any codec, from labels alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from baselines.constant.constant import Constant
from baselines.interface.predictor import NotFittedError
from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.core.picture import Picture


@given(arrays(float, st.integers(1, 9), elements=st.floats(1, 100)))
def test_no_other_constant_has_a_lower_training_error(levels):
    level = Constant().fit([], levels, seed=0).predict(Picture("p", "p", Jpeg(), 24.3)).level
    error = np.abs(levels - level).mean()
    assert error <= np.abs(levels[:, None] - np.linspace(1, 100, 400)).mean(axis=0).min() + 1e-9


@pytest.mark.parametrize("codec", [Jpeg(), Bpg()])
def test_it_needs_no_pixels_and_keeps_the_codecs_unit(codec):
    predictor = Constant().fit([], np.array([20.0, 30.0, 44.0]), seed=0)
    assert predictor.predict(Picture("p", "p", codec, 24.3)).level == 30.0


def test_before_fit_it_says_so():
    with pytest.raises(NotFittedError, match="call fit"):
        Constant().predict(Picture("p", "p", Jpeg(), 24.3))
    assert not hasattr(Constant(), "level_")
