"""Wu et al. 2017: masking by the complexity of the pattern around a pixel, or by contrast, whichever is larger."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from baselines.canny import edge_weight
from baselines.pixel_map import PixelMapPredictor
from baselines.pixel_masking import (
    background_luminance,
    border_kind,
    filterable,
    largest_gradient,
    luminance_adaptation,
    luminance_adaptation_32,
    namm,
)
from baselines.predictor import Card
from datasets.errors import unknown_name

_LARGEST_SUM = 3 * 255
"""Of a 3x3 Prewitt operator on whole grey levels."""
_SMOOTH = 3 * 5
"""Prewitt sums of a pixel that counts as smooth are shorter than this: 5 grey levels."""


@dataclass(frozen=True)
class PatternMasking:
    """What the paper and its code set differently.

    :param gain: of pattern masking.
    :param half_squared: squared complexity at which pattern masking is half of what it would be without.
    :param has_smooth: whether smooth pixels have a bin of their own, and complexity 1 where they are the centre.
    """

    gain: float
    half_squared: float
    has_smooth: bool


VARIANTS = {"code": PatternMasking(0.3, 1.0, True), "paper": PatternMasking(0.8, 0.1**2, False)}
