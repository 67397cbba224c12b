"""What was measured of a picture, kept on disk: the ladder's summary, what its pixels say, and each predictor's part.

Keys hash the picture's files, the viewing geometry and the method with its code, and neither fold nor truth: another
fold file, truth or predictor costs no pixels that were seen before. Nothing is ever unpickled.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from baselines.interface.predictor import JNDPredictor
from datasets.common.cache import have_kept, load_arrays, save_arrays
from datasets.common.errors import UserError
from datasets.common.hashing import key_of
from datasets.core.ladder import LadderSummary
from datasets.core.picture import Picture
from protocols.store.keys import ladders_sha256, method_sha256
from protocols.store.picture_facts import PixelFacts

VERSION = 1
"""To be raised where the same pixels are measured otherwise by the code of this folder."""

_FORM = "form"


@dataclass(frozen=True)
class Measured:
    """What one predictor found in one picture.

    :param value: what its `measure` gave; None where it failed.
    :param ms: what it took, the pass over the ladder included where the method used it.
    :param error: why it failed; empty where it did not.
    :param remark: what the predictor says of how it looked at the picture.
    """

    value: Any
    ms: float
    error: str = ""
    remark: str = ""


@dataclass(frozen=True)
class LadderFacts:
    """What every picture is measured for, whatever the predictors: errors and sizes, and what its pixels say."""

    summary: LadderSummary
    pixels: PixelFacts


def ladder_key(picture: Picture) -> str:
    """Names everything that `LadderFacts` depend on."""
    code = ladders_sha256()
    return key_of({"kept": "ladder", "version": VERSION, "code": code, "picture": picture.fingerprint()})


def measurement_id(picture: Picture, predictor: JNDPredictor) -> str:
    """Names everything that a predictor's measurement of a picture depends on.

    :raises UserError: where an ingredient is missing.
    """
    return key_of(
        {
            "kept": "measurement",
            "version": VERSION,
            "picture": picture.fingerprint(),
            "pixels_per_degree": picture.pixels_per_degree,
            "predictor": predictor.measurement_key(),
            "method": method_sha256(predictor.measured_by()),
            "ingredients": dict(predictor.ingredients()),
        }
    )


def has_ladder(picture: Picture) -> bool:
    """Whether a picture's ladder was measured, without reading what is kept."""
    try:
        return have_kept(ladder_key(picture))
    except UserError:  # files that cannot be read are told of when they are measured
        return False


def load_ladder(picture: Picture) -> LadderFacts | None:
    """What is kept of a picture's ladder; None where nothing is, or its files cannot be read."""
    try:
        found = load_arrays(ladder_key(picture))
    except UserError:
        return None
    if found is None:
        return None
    summary = LadderSummary(found["mse"], found["size_bytes"], float(found["ms"][0]))
    width, height, gradient, colourfulness = found["pixels"].tolist()
    return LadderFacts(summary, PixelFacts(int(width), int(height), gradient, colourfulness))


def save_ladder(picture: Picture, facts: LadderFacts) -> None:
    """Keep what a pass over the ladder found."""
    summary, pixels = facts.summary, np.array(dataclasses.astuple(facts.pixels), dtype=float)
    kept = {"mse": summary.mse, "size_bytes": summary.size_bytes, "ms": np.array([summary.ms]), "pixels": pixels}
    save_arrays(ladder_key(picture), kept)


def has_measured(picture: Picture, predictor: JNDPredictor) -> bool:
    """Whether a predictor's measurement is kept, without reading it."""
    try:
        return have_kept(measurement_id(picture, predictor))
    except UserError:
        return False


def load_measured(picture: Picture, predictor: JNDPredictor) -> Measured | None:
    """What is kept of a predictor's measurement; None where nothing is."""
    try:
        found = load_arrays(measurement_id(picture, predictor))
    except UserError:
        return None
    if found is None:
        return None
    form = json.loads(found[_FORM].tobytes().decode("utf-8"))
    return Measured(_unpacked(form["value"], found), form["ms"], remark=form["remark"])


def save_measured(picture: Picture, predictor: JNDPredictor, measured: Measured) -> None:
    """Keep a measurement.

    :raises TypeError: where it is not made of arrays, numbers, texts, and tuples, lists or dicts of them.
    """
    arrays: dict[str, np.ndarray] = {}
    form = {"value": _packed(measured.value, arrays), "ms": measured.ms, "remark": measured.remark}
    if not picture.has_pixels:
        return
    try:
        key = measurement_id(picture, predictor)
    except UserError:  # it is measured again next time
        return
    text = json.dumps(form).encode("utf-8")
    save_arrays(key, {**arrays, _FORM: np.frombuffer(text, np.uint8)})


def _packed(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """A value as JSON, its arrays put aside."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biuf":
        name = f"array{len(arrays)}"
        arrays[name] = np.asarray(value, order="C")
        return {"array" if isinstance(value, np.ndarray) else "number": name}
    if type(value) in (tuple, list):
        return {type(value).__name__: [_packed(item, arrays) for item in value]}
    if type(value) is dict and all(type(name) in (str, int) for name in value):
        return {"dict": [[name, _packed(item, arrays)] for name, item in value.items()]}
    raise TypeError(
        f"measure gave something of type {type(value).__name__}, which no file holds: "
        "give arrays, numbers, texts, or tuples, lists or dicts of them"
    )


def _unpacked(form: Any, arrays: dict[str, np.ndarray]) -> Any:
    if not isinstance(form, dict):
        return form
    ((kind, content),) = form.items()
    if kind in ("array", "number"):
        return arrays[content] if kind == "array" else arrays[content][()]
    if kind == "dict":
        return {name: _unpacked(item, arrays) for name, item in content}
    items = [_unpacked(item, arrays) for item in content]
    return tuple(items) if kind == "tuple" else items
