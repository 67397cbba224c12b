"""What is stored of a picture comes back as it was, to the type and the bit, and what no file holds is refused."""

from __future__ import annotations

import pickle
from typing import final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from baselines.interface.card import Card
from baselines.interface.measurements import Measurement, load_measurement, measure_or_load, save_measurement
from baselines.interface.predictor import JNDPredictor
from baselines.pixel.chou1995 import Chou1995
from datasets.common.cache import StoredArrays

ARRAYS = st.dictionaries(
    st.text(min_size=1, max_size=10).filter(lambda name: name not in ("ms", "remark")),
    st.sampled_from([np.float32, np.float64, np.int16, np.uint8, np.bool_]).flatmap(
        lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0))
    ),
    max_size=4,
)


@given(values=ARRAYS, remark=st.text())
def test_arrays_come_back_as_they_were(values, remark, picture_and_predictor):
    try:
        save_measurement(*picture_and_predictor, Measurement(values, 1.5, remark=remark))
    except UnicodeEncodeError:
        return  # half a surrogate pair is no text
    stored = load_measurement(*picture_and_predictor)
    assert (stored.ms, stored.error, stored.remark) == (1.5, "", remark)
    assert stored.values.keys() == values.keys()
    for name, array in values.items():
        assert (stored.values[name].dtype, stored.values[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(stored.values[name], array)


def test_large_arrays_stay_on_disk(picture_and_predictor):
    values = {"features": np.arange(100_000.0)}
    measurement = save_measurement(*picture_and_predictor, Measurement(values, 1.0))
    assert len(pickle.dumps(measurement)) < 1_000
    np.testing.assert_array_equal(measurement.values["features"], values["features"])


def test_a_large_measurement_that_has_gone_is_made_again(empty_cache, rated_pictures):
    picture, predictor = rated_pictures[0].unmeasured(), Large()
    measure_or_load(picture, predictor)
    assert isinstance(picture.measurements[predictor.measured_as], StoredArrays)
    for file in empty_cache.rglob("*.arrays"):
        file.unlink()
    assert predictor.measurement(picture)["features"].sum() == 100_000


@final
class Large(JNDPredictor):
    """Measures more than is kept in memory."""

    card = Card(name="large", title="Large", needs_pictures=True)

    def fit(self, pictures, levels, *, seed):
        return self

    def predict(self, picture):
        return 50.0

    def measure(self, picture):
        return {"features": np.ones(100_000)}


@pytest.fixture(scope="module")
def picture_and_predictor(tmp_path_factory, rated_pictures):
    """A picture and a predictor, with a cache of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JND_BENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield rated_pictures[0], Chou1995()


@pytest.mark.parametrize("value", [object(), {1, 2}, np.array([object()]), 3 + 4j, b"bytes", "text", [lambda: 0]])
def test_what_no_file_holds_is_refused(picture_and_predictor, value):
    with pytest.raises(TypeError, match="which no file holds"):
        save_measurement(*picture_and_predictor, Measurement({"value": value}))
    with pytest.raises(TypeError, match="give a dict of arrays by name"):
        save_measurement(*picture_and_predictor, Measurement(value))
