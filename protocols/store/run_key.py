"""The key of a run: a hash of everything that its predictions depend on.

What cannot be known to be the same is computed again: then the key is one that no other run has.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from datasets.common.code import code_sha256, content_sha256
from datasets.common.contents import NoContentError
from datasets.common.hashing import key_of

if TYPE_CHECKING:
    from protocols.plan import Job

KEY_VERSION = 2
"""Goes up where runs stored before must not be reused; the form of their files has a version of its own."""

UNKNOWN = "cannot be known to be the same"
"""The part of a key that says why nothing else has it."""


def run_key(parts: Mapping[str, Any]) -> str:
    """The key of named parts, 12 hexadecimal digits."""
    return key_of(parts, digits=12)


def key_parts(job: Job) -> dict[str, Any]:
    """Everything that a job's predictions depend on, by name."""
    experiment, predictor = job.experiment, job.make()
    parameters = {name: value for name, value in predictor.get_params().items() if name != "device"}
    ingredients = dict(predictor.ingredients())
    return {
        **({"ingredients": ingredients} if ingredients else {}),
        **experiment.protocol.key_parts(job),
        "schema": KEY_VERSION,
        "protocol": experiment.protocol.name,
        "data set": experiment.dataset.name,
        "data": experiment.dataset.fingerprint(),
        "decoder": experiment.dataset.codec.library() if experiment.dataset.has_pixels else "none",
        "anchor": experiment.options.anchor,
        "level direction": experiment.options.level_direction,
        "jnd": experiment.options.jnd,
        "limit": experiment.limit,
        "folds": experiment.folds.name,
        "fold file": experiment.folds.sha256,
        "truth": job.truth.name,
        "predictor": job.entry.name,
        "parameters": {name: _plain(value) for name, value in sorted(parameters.items())},
        **_known(job.entry.name, type(predictor), parameters),
        "seed": experiment.seed,
    }


def _known(name: str, code: type, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parts that are hashes of content: `method` and those parameters that do not stand for themselves."""
    hashes: dict[str, str] = {}
    try:
        for parameter, value in sorted(parameters.items()):
            what = f"its parameter {parameter!r}"
            if not _is_scalar(value):
                hashes[parameter] = content_sha256(value)
        what = "its code"
        return {"content of parameters": hashes, "method": code_sha256(code)}
    except NoContentError as error:
        return {UNKNOWN: f"{what} has {error}; {secrets.token_hex(8)}"}


def _is_scalar(value: Any) -> bool:
    return value is None or type(value) in (bool, int) or (type(value) is float and math.isfinite(value))


def _plain(value: Any) -> Any:
    """A parameter for people, as canonical JSON can hold it; what JSON has no form for by its kind."""
    if _is_scalar(value) or isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, float | PurePath | Enum):
        return str(value)
    shape = getattr(value, "shape", None)
    return f"{type(value).__qualname__}{f' of shape {tuple(shape)}' if isinstance(shape, tuple) else ''}"
