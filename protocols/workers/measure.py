"""One visit to each picture: its ladder is decoded once, and every predictor measures what it wants of it.

What is measured depends on the picture and the method alone; folds and truths are applied to it afterwards. What was
measured before comes from the store, and each measurement is stored as soon as it is known.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import final

import numpy as np

from baselines.interface.measurements import (
    Measurement,
    checked,
    has_measurement,
    load_measurement,
    ms_of,
    save_measurement,
)
from baselines.interface.predictor import JNDPredictor, Meter
from datasets.common.errors import UserError
from datasets.core.imaging import PixelFacts, pixel_facts
from datasets.core.ladder import LadderSummary
from datasets.core.picture import Picture
from protocols.store.picture_facts import LadderFacts, has_ladder, load_ladder, save_ladder
from protocols.workers.task import Monitor

_LONGEST_ERROR = 1000

ANY_FAILURE = (Exception, SystemExit)
"""What a predictor may raise and the others go on; Ctrl-C is not among it."""


@dataclass(frozen=True)
class Visit:
    """Everything learned from one picture's pixels.

    :param summary: error and size per level; None without pixels or where the ladder is damaged.
    :param error: why there is no summary; empty where there is, or where there are no pixels at all.
    :param measured: by measurement key.
    :param pixels: what the reference's pixels say; None without pixels or where they cannot be read.
    """

    picture: str
    summary: LadderSummary | None
    error: str
    measured: dict[str, Measurement]
    pixels: PixelFacts | None = None


@final
@dataclass(frozen=True)
class VisitTask:
    """A visit to be made, in this process or another.

    :param predictors: of different measurement keys.
    :param fresh: measure anew what is kept.
    :param failures: why predictors are not asked, by measurement key.
    """

    picture: Picture
    predictors: Sequence[JNDPredictor]
    fresh: bool = False
    failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_heavy(self) -> bool:
        """Whether there is anything to measure."""
        return self.picture.has_pixels or any(predictor.measures() for predictor in self.predictors)

    def without(self, predictor: str, work: str, reason: str) -> VisitTask:
        """The same visit without one predictor, which has the reason as its error.

        :param predictor: its measurement key; others have no part in this visit.
        :param work: not used: all that a predictor does on a visit fails together.
        """
        if predictor not in {asked.measured_as for asked in self.predictors}:
            return self
        return dataclasses.replace(self, failures={**self.failures, predictor: reason})

    def run(self, monitor: Monitor) -> Visit:
        """Make the visit, then let the picture's pixels go."""
        bare = self.picture.without_samples()
        measured = {} if self.fresh else _stored_of(bare, self.predictors)
        measured |= {key: Measurement(error=reason) for key, reason in self.failures.items()}
        missing = {predictor.measured_as: predictor for predictor in self.predictors}
        missing = {key: predictor for key, predictor in missing.items() if key not in measured}
        facts = None if self.fresh else load_ladder(bare)
        if facts is not None:
            bare.ladder.known_summary = facts.summary
        visitor = _Visitor(bare, monitor)
        error = visitor.pass_over_ladder(missing, wanted=facts is None)
        for key, predictor in missing.items():
            if key not in visitor.measured:
                visitor.measure(key, predictor)
        if facts is None and bare.has_pixels and not error:
            facts = visitor.facts()
        if bare.has_pixels:
            bare.ladder.forget_pixels()
        summary = bare.ladder.known_summary if bare.has_pixels else None
        return Visit(bare.name, summary, error, {**measured, **visitor.measured}, facts.pixels if facts else None)


def visit(picture: Picture, predictors: Sequence[JNDPredictor]) -> Visit:
    """Measure one picture with every predictor, here and now."""
    return VisitTask(picture, predictors).run(Monitor())


def stored_visit(picture: Picture, predictors: Sequence[JNDPredictor]) -> Visit | None:
    """The visit where all of it is stored, so that no pixel need be decoded; else None."""
    bare = picture.without_samples()
    if bare.has_pixels and not has_ladder(bare):
        return None
    if not all(has_measurement(bare, predictor) for predictor in predictors if predictor.measures()):
        return None
    facts, measured = load_ladder(bare), _stored_of(bare, predictors)
    complete = all(predictor.measured_as in measured for predictor in predictors)
    if (bare.has_pixels and facts is None) or not complete:
        return None
    return Visit(bare.name, facts.summary if facts else None, "", measured, facts.pixels if facts else None)


def apply(visit: Visit, picture: Picture) -> None:
    """Put what a visit measured where the picture's predictors take it from."""
    if visit.summary is not None and picture.has_pixels:
        picture.ladder.known_summary = visit.summary
    for key, measurement in visit.measured.items():
        if not measurement.error:
            picture.measurements[key] = measurement.values


@final
class _Visitor:
    """One visit while it is made."""

    def __init__(self, picture: Picture, monitor: Monitor) -> None:
        self.measured: dict[str, Measurement] = {}
        self._picture, self._monitor = picture, monitor
        self._ms: dict[str, float] = {}

    def pass_over_ladder(self, predictors: Mapping[str, JNDPredictor], *, wanted: bool) -> str:
        """Decode each level once and let every predictor that has a meter measure it.

        :param wanted: whether the pass is made even if no predictor has a meter.
        :returns: why the ladder broke off; empty where it did not, or no pass was made.
        """
        if not self._picture.has_pixels:
            return ""
        meters = self._meters(predictors)
        if not (meters or wanted):
            return ""
        profiles: dict[str, list[float]] = {key: [] for key in meters}
        try:
            for step in self._picture.ladder.steps():
                for key, meter in list(meters.items()):
                    with self._timed(key):
                        profiles[key].append(meter(step.level))
                    if key in self.measured:  # it failed
                        del meters[key]
        except Exception as error:  # a damaged level ends the pass for all; whoever does not need it may still measure
            reason = error_text(error, f"decoding the levels of {self._picture.name}")
            self.measured |= {key: Measurement(error=reason) for key in meters}
            return reason
        for key in meters:
            values = partial(predictors[key].from_profile, self._picture, np.array(profiles[key]))
            self._finish(key, predictors[key], values, with_pass=True)
        return ""

    def measure(self, key: str, predictor: JNDPredictor) -> None:
        self._finish(key, predictor, partial(predictor.measure, self._picture), with_pass=False)

    def facts(self) -> LadderFacts | None:
        try:
            facts = LadderFacts(self._picture.summary(), pixel_facts(self._picture.reference))
        except UserError:  # an unreadable reference has its error in every row already
            return None
        save_ladder(self._picture, facts)
        return facts

    def _meters(self, predictors: Mapping[str, JNDPredictor]) -> dict[str, Meter]:
        meters: dict[str, Meter] = {}
        for key, predictor in predictors.items():
            with self._timed(key):
                meter = predictor.meter(self._picture)
                if meter is not None:
                    meters[key] = meter
        return meters

    def _finish(
        self, key: str, predictor: JNDPredictor, values: Callable[[], Mapping[str, np.ndarray]], *, with_pass: bool
    ) -> None:
        measurement = None
        with self._timed(key):
            measurement = Measurement(checked(values()), remark=str(predictor.remark(self._picture)))
            with_pass = with_pass or (self._picture.has_pixels and predictor.needs_summary(self._picture))
        if measurement is not None:
            ms = ms_of(measurement.values, self._ms[key]) + (self._picture.summary().ms if with_pass else 0.0)
            measurement = dataclasses.replace(measurement, ms=ms)
            self.measured[key] = (
                save_measurement(self._picture, predictor, measurement) if predictor.measures() else measurement
            )

    @contextlib.contextmanager
    def _timed(self, key: str) -> Iterator[None]:
        """A part of a predictor's work: count its time, and write down its failure."""
        start = time.perf_counter()
        try:
            with self._monitor.during(key):
                yield
        except ANY_FAILURE as error:  # any method may fail in any way on one picture; the others go on
            self.measured[key] = Measurement(
                ms=self._ms.get(key, 0.0), error=error_text(error, f"measuring {self._picture.name}")
            )
        else:
            self._ms[key] = self._ms.get(key, 0.0) + (time.perf_counter() - start) * 1000


def _stored_of(picture: Picture, predictors: Sequence[JNDPredictor]) -> dict[str, Measurement]:
    measured = {}
    for predictor in predictors:
        key = predictor.measured_as
        if not predictor.measures():
            with contextlib.suppress(Exception):  # then it is asked, and its failure written down, on the visit
                measured[key] = Measurement(remark=str(predictor.remark(picture)))
        elif picture.has_pixels and (measurement := load_measurement(picture, predictor)) is not None:
            measured[key] = measurement
    return measured


def error_text(error: BaseException, work: str = "") -> str:
    """What to tell of an error, in a text that files can hold: a user's speaks for itself, others name their kind.

    :param work: what was being done, which is told with errors that are not a user's; empty where it is known.
    """
    if isinstance(error, UserError):
        text = str(error)
    else:
        failed = f"{work} failed: " if work else ""
        try:
            text = f"{failed}{type(error).__name__}: {error}"
        except Exception:  # anyone's error may fail to say what it is
            text = f"{failed}{type(error).__name__}"
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= _LONGEST_ERROR else f"{text[:_LONGEST_ERROR]}..."
