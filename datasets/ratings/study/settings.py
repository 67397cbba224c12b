"""What stands before the first rater and never changes in a study: the task, the geometry, the rules of screening."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.ratings.screening import ScreeningRules

CODEC = Jpeg()
STEPS = len(CODEC.levels)
"""Of compression: 0 is the reference, 1 the best level, `STEPS` the worst."""

TRIALS = ("slider", "yes-no")
VIEWINGS = ("flicker", "swap")
"""The two pictures alternate by themselves, or swap while a key is held."""

SECONDS_A_PICTURE = 30.0
"""Of one person: what KonJND-1k's page recommends for a slider (Lin et al. 2022); eight yes/no questions and an
identical pair take as long at 3.5 s each."""

SCREEN_PX_PER_CM = 96 / 2.54
"""Of the screen for whose geometry at the study's distance all others aim."""


@final
@dataclass(frozen=True)
class StudySettings:
    """Of one study.

    :param trial: `slider` (where does it begin to flicker?) or `yes-no` (did it flicker?, adaptive).
    :param per_rater: pictures that one person rates, at most.
    :param raters: people wanted for each picture.
    :param crop: side of the squares that are cut from the photographs' middle, in pixels; None for whole photographs.
    :param flicker: switches a second.
    :param distance_cm: from the eyes to the screen.
    :param limit: the first so many photographs only.
    :param consent_sha256: of the text that raters agree to.
    """

    trial: str = "slider"
    per_rater: int = 30
    raters: int = 26
    crop: int | None = 512
    flicker: int = 8
    distance_cm: float = 60.0
    limit: int | None = None
    consent_sha256: str = ""
    rules: ScreeningRules = field(default_factory=ScreeningRules)

    def __post_init__(self) -> None:
        if min(self.per_rater, self.raters, self.limit or 1) < 1:
            raise UserError("--per-rater, --raters and --limit are 1 or more")
        if not 20 <= self.distance_cm <= 300:
            raise UserError("--distance-cm is 20 to 300")

    @property
    def aim_px_per_degree(self) -> float:
        """Pixels of a picture a degree of visual angle, at the study's distance on a screen of 96 pixels an inch."""
        return pixels_per_degree(SCREEN_PX_PER_CM, self.distance_cm)

    @property
    def switch_ms(self) -> int:
        """How long each of two alternating pictures stays; the page takes whole frames nearest to it."""
        return round(1000 / self.flicker)

    def differences(self, before: Mapping[str, Any]) -> list[str]:
        """What differs from the settings as a study's folder has them, a line each."""
        now = dataclasses.asdict(self)
        names = {"consent_sha256": "the text of consent (SHA-256)", "rules": "the rules of screening"}
        return [
            f"{names.get(name, '--' + name.replace('_', '-'))}: {before.get(name)} before, now {value}"
            for name, value in now.items()
            if before.get(name) != value
        ]


def pixels_per_degree(px_per_cm: float, distance_cm: float) -> float:
    """Pixels a degree of visual angle at the middle of a screen."""
    return px_per_cm * distance_cm * math.tan(math.radians(1))


def level_of(step: int) -> int:
    """The quality factor of a step from 1."""
    return int(CODEC.level_at(STEPS - step))
