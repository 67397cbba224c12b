"""What a plan is going to cost: pictures to be measured, and a rough time; and an even share of it for a machine.

A method's cost on a picture is counted in ladders (encoding and decoding the picture at all its levels, one thread),
which depends little on the machine. `costs.csv` has what methods cost when it was made (`python -m benchmarks.costs`);
what a ladder takes here is tried on one picture.
"""

from __future__ import annotations

import argparse
import csv
import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from baselines.interface.measurements import has_measurement
from baselines.interface.registry import Registered
from datasets.common.errors import UserError
from datasets.core.picture import Picture
from protocols.plan import Job, Plan, named_pictures
from protocols.store.picture_facts import has_ladder
from protocols.store.share_names import split_name, split_transfer_name

COSTS = Path(__file__).with_name("costs.csv")
_TRIED_LEVELS = 5
_FOLD_IN_LADDERS = 5.0
_LADDER_ITSELF = 1.3
"""The shared pass in ladders: luma and errors come on top of encoding and decoding."""


@dataclass(frozen=True)
class Cost:
    """What a method costs.

    :param ladders: its part of a visit to a picture, in ladders; the shared pass is not in it.
    :param fit_s: seconds for fitting and predicting one fold of the demo set.
    """

    ladders: float
    fit_s: float


_UNKNOWN = Cost(1.0, 1.0)


@dataclass(frozen=True)
class Estimate:
    """What is to be done.

    :param visits: pictures of which something must be measured.
    :param to_measure: pictures to be measured, by predictor.
    :param seconds: a rough guess; None where no picture could be tried.
    :param unknown: predictors that are not in the guess.
    """

    runs: int
    visits: int
    pictures: int
    to_measure: dict[str, int]
    seconds: float | None
    unknown: tuple[str, ...]

    def sentences(self) -> str:
        """For people."""
        text = f"{self.runs} runs to compute; {self.visits} of {self.pictures} pictures to look at"
        if self.runs == 0:
            return "nothing to compute"
        if self.seconds is not None:
            text += f"; about {_duration(self.seconds)}, by what methods cost elsewhere"
        if self.unknown:
            text += f" (without {', '.join(self.unknown)}, whose costs are not known)"
        return text


def estimate(plans: Sequence[Plan], jobs: int, *, fresh: bool = False) -> Estimate:
    """What is left to do of plans.

    :param fresh: whether what is stored of pictures is measured anew.
    """
    waiting = [plan for plan in plans if plan.stored is None]
    if not waiting:
        return Estimate(0, 0, 0, {}, 0.0, ())
    pictures = list(named_pictures(waiting).values())
    names = {plan.job.entry.name: plan.job.make() for plan in waiting}
    missing = {
        name: [
            p
            for p in pictures
            if p.has_pixels and predictor.measures() and (fresh or not has_measurement(p, predictor))
        ]
        for name, predictor in names.items()
    }
    bare = [p for p in pictures if p.has_pixels and (fresh or not has_ladder(p))]
    visits = {picture.name for pictures in [bare, *missing.values()] for picture in pictures}
    costs = {name: cost for name in names if (cost := _known_cost(name))}
    unknown = tuple(name for name, pictures in missing.items() if pictures and name not in costs)
    same = {names[name].measured_as: name for name in missing}  # variants share what is measured
    ladders = sum(len(missing[name]) * costs[name].ladders for name in same.values() if name in costs)
    ladders += len(visits) * _LADDER_ITSELF
    fits = sum(_fits(plan.job) * costs[plan.job.entry.name].fit_s for plan in waiting if plan.job.entry.name in costs)
    fits *= len(pictures) / 25
    ladder_s = _ladder_s(pictures) if visits else 0.0
    seconds = None if ladder_s is None else (ladders * ladder_s + fits) / max(1, min(jobs, len(pictures)))
    counts = {name: len(pictures) for name, pictures in missing.items()}
    return Estimate(len(waiting), len(visits), len(pictures), counts, seconds, unknown)


@functools.cache
def known_costs() -> dict[str, Cost]:
    """By predictor."""
    with COSTS.open(encoding="utf-8", newline="") as stream:
        return {row["predictor"]: Cost(float(row["ladders"]), float(row["fit_s"])) for row in csv.DictReader(stream)}


def _known_cost(name: str) -> Cost | None:
    """Of a run's predictor, whatever it is trained on."""
    return known_costs().get(name) or known_costs().get(split_transfer_name(split_name(name)[0])[0])


def _fits(job: Job) -> int:
    return 1 if job.experiment.protocol.fits_once(job) else len(job.experiment.folds.numbers)


def _ladder_s(pictures: Sequence[Picture]) -> float | None:
    """What a ladder takes here, tried on the first picture with pixels."""
    picture = next((picture for picture in pictures if picture.has_pixels), None)
    if picture is None:
        return 0.0
    ladder, levels = picture.ladder, picture.codec.levels
    tried = levels[np.linspace(0, len(levels) - 1, _TRIED_LEVELS).astype(int)]
    try:
        _ = ladder.reference
        start = time.perf_counter()
        for level in tried:
            ladder.rgb(int(level))
        return (time.perf_counter() - start) / _TRIED_LEVELS * len(levels)
    except UserError:  # a damaged picture has its error in its rows
        return None
    finally:
        ladder.forget_pixels()


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


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
            groups.setdefault(entry.make().measured_as, []).append(entry)
        loads = [0.0] * self.count
        mine: set[str] = set()
        for cost, names in sorted(
            ((_cost(group), [entry.name for entry in group]) for group in groups.values()), reverse=True
        ):
            place = loads.index(min(loads))
            loads[place] += cost
            if place == self.index - 1:
                mine.update(names)
        return [entry for entry in entries if entry.name in mine]


def _cost(group: Sequence[Registered]) -> float:
    """In ladders a picture, roughly."""
    known = [_known_cost(entry.name) or _UNKNOWN for entry in group]
    return max(cost.ladders for cost in known) + _FOLD_IN_LADDERS * sum(cost.fit_s for cost in known)
