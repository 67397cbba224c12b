"""What a predictor answers for one picture: a level and, where it can, the satisfied-user-ratio (SUR) curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    import numpy as np

    from datasets.core.codec import Codec


@final
@dataclass(frozen=True, eq=False)
class Prediction:
    """A predicted JND.

    :param level: where people begin to notice, within the codec's range; fractions allowed.
    :param sur: share of satisfied people from the worst to the best level, shape (levels,), rising; None where unknown.
    :param clipped: whether the level was cut off at an end of the codec's range.
    :param reused_ms: what results that `predict` found on disk took when they were computed, in milliseconds. A
        method's cost is what it takes the first time.
    """

    level: float
    sur: np.ndarray | None = None
    clipped: bool = False
    reused_ms: float = 0.0

    @staticmethod
    def at(codec: Codec, position: float, *, sur: np.ndarray | None = None, clipped: bool = False) -> Prediction:
        """A prediction at a position, counted from the worst level and cut off at the ends of the codec's range.

        :param clipped: whether it was cut off before; it also is where the position lies outside the range.
        """
        inside = min(max(position, 0.0), len(codec.levels) - 1.0)
        return Prediction(float(codec.level_at(inside)), sur, bool(clipped or inside != position))

    @staticmethod
    def of(answer: Prediction | float) -> Prediction:
        """What a predictor answered, where a plain number is taken as a level.

        :raises TypeError: where it is neither.
        :raises ValueError: likewise, for a text.
        """
        return answer if isinstance(answer, Prediction) else Prediction(float(answer))
