"""A part of a run's predictors, so that machines that know nothing of each other share the work."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from baselines.interface.registry import Registered
from protocols.estimate import Cost, known_costs

_UNKNOWN = Cost(1.0, 1.0)
_A_FOLD_IN_LADDERS = 5.0


@final
@dataclass(frozen=True)
class Shard:
    """The `index`-th of `count` parts, counted from 1; together they are the whole, and none has what another has."""

    index: int
    count: int

    @staticmethod
    def parse(text: str) -> Shard:
        """From `I/N`, as the flag has it."""
        index, slash, count = text.partition("/")
        if not (slash and index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
            raise argparse.ArgumentTypeError(f"I/N with I from 1 to N, e.g. 2/8, not {text!r}")
        return Shard(int(index), int(count))

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def part_of(self, entries: Sequence[Registered]) -> list[Registered]:
        """This part of predictors, in their order; it may be empty.

        Predictors that measure the same stay together. The costliest come first, each to the part that has least.
        """
        groups: dict[str, list[Registered]] = {}
        for entry in entries:
            groups.setdefault(str(entry.make().measurement_key()), []).append(entry)
        loads = [0.0] * self.count
        mine: set[str] = set()
        for cost, names in sorted(
            ((_cost(group), [one.name for one in group]) for group in groups.values()), reverse=True
        ):
            place = loads.index(min(loads))
            loads[place] += cost
            if place == self.index - 1:
                mine.update(names)
        return [entry for entry in entries if entry.name in mine]


def _cost(group: Sequence[Registered]) -> float:
    """In ladders a picture, roughly."""
    known = [known_costs().get(entry.name, _UNKNOWN) for entry in group]
    return max(cost.ladders for cost in known) + _A_FOLD_IN_LADDERS * sum(cost.fit_s for cost in known)
