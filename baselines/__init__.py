"""Predictors of the picture-wise JND, one file each, in the folder of their kind.

What the author of a method imports is here: `from baselines import Card, JNDPredictor, Prediction`.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
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


def _refuse_foreign_packages() -> None:
    """End a command, or an import, where Python finds another package under the name of one that stands beside this.

    :raises ImportError: names the file that is in the way.
    """
    for name in ("datasets", "sgjnd", "protocols", "reports"):
        try:
            spec = importlib.util.find_spec(name)
        except ValueError:  # a module that was made by hand
            spec = None
        if spec is None or spec.origin is None:
            continue
        ours = Path(__file__).resolve().parents[1] / name / "__init__.py"
        # Installed over ours, Hugging Face's has its place, and only a part of its content.
        if Path(spec.origin).resolve() == ours and (name != "datasets" or b"open_dataset" in ours.read_bytes()):
            continue
        text = (
            f"{spec.origin}: is in the way: Python finds it as {name!r}, and not JND-Bench's package of that name. "
            "Rename it or start in another folder; if it is Hugging Face's, give JND-Bench an environment of its own."
        )
        if sys.argv[:1] == ["-m"]:  # a command is being looked for
            sys.exit(f"error: {text}")
        raise ImportError(text)


_refuse_foreign_packages()


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
