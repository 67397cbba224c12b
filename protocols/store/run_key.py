"""The key of a run: a hash of everything that its predictions depend on. A run of the same key is reused."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from datasets.common.errors import UserError
from datasets.common.hashing import key_of, method_sha256

if TYPE_CHECKING:
    from baselines.interface.predictor import JNDPredictor
    from protocols.plan import Job

KEY_VERSION = 1
"""Goes up where runs stored before must not be reused; the form of their files has a version of its own."""


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
        "data set": experiment.dataset.card.name,
        "data": experiment.dataset.manifest.sha256,
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
        "method": _code_of(predictor),
        "seed": experiment.seed,
    }


def _plain(value: Any) -> Any:
    """A parameter as canonical JSON can hold it; what JSON has no form for by its repr."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    return repr(value)


def _code_of(predictor: JNDPredictor) -> str:
    """The hash of a predictor's code; what stands in no file, such as a notebook's class, never matches."""
    try:
        return method_sha256(type(predictor))
    except UserError:
        return f"in no file: {secrets.token_hex(8)}"
