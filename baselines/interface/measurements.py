"""The store of what predictors measured of pictures: on disk, under a key of all that it depends on.

A key hashes the picture's files, the viewing geometry and the method with its code, and neither fold nor truth: another
fold file, truth or predictor costs no pixels that were measured before. Nothing is ever unpickled.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from baselines.interface.predictor import JNDPredictor
from datasets.common.cache import StoredArrays, is_stored, load_arrays, save_arrays
from datasets.common.errors import UserError
from datasets.common.hashing import key_of
from datasets.core.picture import Picture

VERSION = 3
"""To be raised where the same pixels are measured otherwise by the code that calls predictors."""

_MS, _REMARK = "ms", "remark"
_LARGE_BYTES = 2**18
"""Measurements of more bytes stay on disk and are read when they are used: the features of a network, say."""


@dataclass(frozen=True)
class Measurement:
    """What one predictor measured of one picture.

    :param values: arrays by name, as `measure` gave them; empty where it measures nothing or failed.
    :param ms: what it took, the pass over the ladder included where the method used it.
    :param error: why it failed; empty where it did not.
    :param remark: what the predictor says of how it measured the picture.
    """

    values: Mapping[str, np.ndarray] = field(default_factory=dict)
    ms: float = 0.0
    error: str = ""
    remark: str = ""


def measurement_id(picture: Picture, predictor: JNDPredictor) -> str:
    """Names everything that a predictor's measurement of a picture depends on.

    :raises UserError: where an ingredient is missing, the picture's files cannot be read, or something that it depends
        on has no content that can be known.
    """
    return key_of(
        {
            "stored": "measurement",
            "version": VERSION,
            "picture": picture.fingerprint(),
            "pixels_per_degree": picture.pixels_per_degree,
            "predictor": str(predictor.measured_with()),
            "ingredients": dict(predictor.ingredients()),
        }
    )


def has_measurement(picture: Picture, predictor: JNDPredictor) -> bool:
    """Whether a predictor's measurement is stored, without reading it."""
    try:
        return is_stored(measurement_id(picture, predictor))
    except UserError:
        return False


def load_measurement(picture: Picture, predictor: JNDPredictor) -> Measurement | None:
    """What is stored of a predictor's measurement; None where nothing is."""
    try:
        key = measurement_id(picture, predictor)
    except UserError:
        return None
    arrays = load_arrays(key)
    if arrays is None:
        return None
    ms, remark = float(arrays.pop(_MS)), arrays.pop(_REMARK).tobytes().decode("utf-8")
    return Measurement(_light(key, arrays), ms, remark=remark)


def save_measurement(picture: Picture, predictor: JNDPredictor, measurement: Measurement) -> Measurement:
    """Store a measurement.

    :returns: the same; large arrays stay on disk from now on.
    :raises TypeError: where it is no mapping of arrays.
    """
    arrays = checked(measurement.values)
    if not picture.has_pixels:
        return measurement
    try:
        key = measurement_id(picture, predictor)
    except UserError:  # it is measured again next time
        return measurement
    remark = np.frombuffer(measurement.remark.encode("utf-8"), np.uint8)
    stored = save_arrays(key, {**arrays, _MS: np.array(measurement.ms), _REMARK: remark})
    values = _light(key, arrays) if stored else arrays
    return Measurement(values, measurement.ms, measurement.error, measurement.remark)


def measure_or_load(picture: Picture, predictor: JNDPredictor) -> Measurement:
    """A predictor's measurement, stored or made and stored now; the picture's own `measurements` then have it too."""
    measurement = load_measurement(picture, predictor)
    if measurement is None:
        start = time.perf_counter()
        values = predictor.measure(picture)
        ms = ms_of(values, (time.perf_counter() - start) * 1000)
        measurement = save_measurement(picture, predictor, Measurement(values, ms, remark=predictor.remark(picture)))
    picture.measurements[predictor.measured_as] = measurement.values
    return measurement


def ms_of(values: Mapping[str, np.ndarray], clock_ms: float) -> float:
    """What a measurement took: what it says itself, or else what the clock says."""
    return float(values[_MS]) if _MS in values else clock_ms


def checked(values: object) -> dict[str, np.ndarray]:
    """A measurement's arrays by name.

    :raises TypeError: where it is no mapping of numbers and arrays of numbers.
    """
    if not isinstance(values, Mapping):
        raise TypeError(f"measure gave something of type {type(values).__name__}: give a dict of arrays by name")
    arrays = {str(name): np.asarray(value) for name, value in values.items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise TypeError(f"measure gave {name!r} of type {array.dtype}, which no file holds: give arrays of numbers")
    return arrays


def _light(key: str, arrays: dict[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    return StoredArrays(key) if sum(array.nbytes for array in arrays.values()) > _LARGE_BYTES else arrays
