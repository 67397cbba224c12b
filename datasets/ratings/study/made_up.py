"""Ladders made up so that the right answer is known without any expert: what practice and catch trials show.

As in KonJND-1k (Lin et al. 2022), whose test pictures are such: nothing changes up to a step, then it is soon plain.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import final

import numpy as np

RAMP = 10
"""Steps from nothing to plain."""

ACCEPTED = 13
"""Steps after its start within which an answer is right."""

PLAIN = 96
"""The step that is plain, QF 5; where that flashes too much, the last that does not."""

_STARTS = 10, 60


@final
@dataclass(frozen=True)
class MadeUpLadder:
    """Of one trial with a slider.

    :param start: the last step that is the reference itself.
    :param plain: the step of the picture's own ladder that is shown after the ramp.
    """

    start: int
    plain: int

    @staticmethod
    def drawn(last_step: int, rng: np.random.Generator) -> MadeUpLadder:
        """At random.

        :param last_step: of the picture's own that may be shown.
        """
        return MadeUpLadder(int(rng.integers(_STARTS[0], _STARTS[1] + 1)), min(PLAIN, last_step))

    @staticmethod
    def parse(text: str) -> MadeUpLadder:
        """From a trial's column."""
        return MadeUpLadder(**json.loads(text))

    def text(self) -> str:
        """For a trial's column."""
        return json.dumps({"start": self.start, "plain": self.plain})

    def step_of(self, step: int) -> int:
        """The step of the picture's own ladder that is shown at a step of this one."""
        if step <= self.start:
            return 0
        return max(1, round(self.plain * min(step - self.start, RAMP) / RAMP))

    def verdict(self, step: int, *, censored: bool) -> str:
        """`right`, `early` (a false alarm) or `late` (missed) of an answer."""
        if censored or step > self.start + ACCEPTED:
            return "late"
        return "right" if step > self.start else "early"


def verdict_on_pair(shown: int, *, noticed: bool) -> str:
    """`right`, `false_alarm` or `missed` of an answer to two pictures that are the same (step 0) or plainly differ."""
    if noticed == (shown > 0):
        return "right"
    return "false_alarm" if noticed else "missed"
