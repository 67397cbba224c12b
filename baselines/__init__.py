"""Predictors of the picture-wise JND, one file each, in the folder of their kind.

What the author of a method imports is here: `from baselines import Card, JNDPredictor, Prediction`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from baselines.interface.card import Card, PublishedNumber
    from baselines.interface.predictor import JNDPredictor, NotFittedError, Prediction
    from baselines.interface.visibility import VisibilityPredictor
    from baselines.metric._base import GivenThreshold, MetricPredictor
    from datasets.core.reference import Reference

_MODULES = {
    "Card": "baselines.interface.card",
    "GivenThreshold": "baselines.metric._base",
    "JNDPredictor": "baselines.interface.predictor",
    "MetricPredictor": "baselines.metric._base",
    "NotFittedError": "baselines.interface.predictor",
    "Prediction": "baselines.interface.predictor",
    "PublishedNumber": "baselines.interface.card",
    "Reference": "datasets.core.reference",
    "VisibilityPredictor": "baselines.interface.visibility",
}

__all__ = [
    "Card",
    "GivenThreshold",
    "JNDPredictor",
    "MetricPredictor",
    "NotFittedError",
    "Prediction",
    "PublishedNumber",
    "Reference",
    "VisibilityPredictor",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
