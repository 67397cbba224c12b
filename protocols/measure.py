"""One visit to each picture: its ladder passes by once, and every predictor measures what it wants of it.

What is measured depends on the picture and the method alone; folds and truths are applied to it afterwards. What was
measured before is taken from disk (`protocols.store.measurements`), and each part is kept as soon as it is known.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

from baselines.interface.predictor import JNDPredictor, Watch
from datasets.common.cache import spent_before_ms
from datasets.common.errors import UserError
from datasets.core.ladder import LadderSummary
from datasets.core.picture import Picture
from protocols.store import measurements as kept
from protocols.store.measurements import LadderFacts, Measured
from protocols.store.picture_facts import PixelFacts, pixel_facts
from protocols.workers.attempt import Attempt, Part

_LONGEST_ERROR = 1000

ANY_FAILURE = (Exception, SystemExit)
"""What a predictor may raise and the others go on; Ctrl-C is not among it."""


@dataclass(frozen=True)
class Visit:
    """Everything learned from one picture's pixels.

    :param picture: the picture's name.
    :param summary: error and size per level; None without pixels or where the ladder is damaged.
    :param error: why there is no summary; empty where there is, or where there are no pixels at all.
    :param measured: by measurement key.
    :param pixels: what the reference's pixels say; None without pixels or where they cannot be read.
    """

    picture: str
    summary: LadderSummary | None
    error: str
    measured: dict[str, Measured]
    pixels: PixelFacts | None = None


@final
@dataclass(frozen=True)
class VisitTask:
    """A visit to be made, in this process or another.

    :param predictors: of different measurement keys.
    :param fresh: measure anew what is kept.
    :param blamed: measurement keys of those that are not asked again, and why.
    """

    picture: Picture
    predictors: Sequence[JNDPredictor]
    fresh: bool = False
    blamed: Mapping[str, str] = field(default_factory=dict)

    @property
    def weighs(self) -> bool:
        """Whether it is worth a process of its own."""
        return self.picture.has_pixels or any(map(measures, self.predictors))

    def blame(self, part: Part, reason: str) -> VisitTask:
        """The same visit without one predictor, which has it as its error."""
        if part.who not in {predictor.measurement_key() for predictor in self.predictors}:
            return self
        return dataclasses.replace(self, blamed={**self.blamed, part.who: reason})

    def do(self, attempt: Attempt) -> Visit:
        """Make the visit, then let the picture's pixels go."""
        bare = self.picture.without_samples()
        found = {} if self.fresh else _kept_of(bare, self.predictors)
        found |= {key: Measured(None, 0.0, reason) for key, reason in self.blamed.items()}
        missing = {one.measurement_key(): one for one in self.predictors if one.measurement_key() not in found}
        facts = None if self.fresh else _kept_ladder(bare)
        if facts is not None:
            bare.ladder.remember_summary(facts.summary)
        visitor = _Visitor(bare, attempt)
        error = visitor.pass_by(missing, wanted=facts is None)
        for key, predictor in missing.items():
            if key not in visitor.found:
                visitor.measure(key, predictor)
        if facts is None and bare.has_pixels and not error:
            facts = visitor.facts()
        if bare.has_pixels:
            bare.ladder.forget_pixels()
        summary = bare.ladder.summary_if_measured() if bare.has_pixels else None
        return Visit(bare.name, summary, error, {**found, **visitor.found}, facts.pixels if facts else None)


def visit(picture: Picture, predictors: Sequence[JNDPredictor]) -> Visit:
    """Measure one picture with every predictor, here and now."""
    return VisitTask(picture, predictors).do(Attempt())


def kept_visit(picture: Picture, predictors: Sequence[JNDPredictor]) -> Visit | None:
    """The visit where all of it is kept, so that no pixel need be looked at; else None."""
    bare = picture.without_samples()
    if bare.has_pixels and not kept.has_ladder(bare):
        return None
    if not all(kept.has_measured(bare, one) for one in predictors if measures(one)):
        return None
    facts, found = _kept_ladder(bare), _kept_of(bare, predictors)
    if (bare.has_pixels and facts is None) or any(one.measurement_key() not in found for one in predictors):
        return None
    return Visit(bare.name, facts.summary if facts else None, "", found, facts.pixels if facts else None)


def measures(predictor: JNDPredictor) -> bool:
    """Whether it measures anything of a picture, or learns from truths alone."""
    return type(predictor).measure is not JNDPredictor.measure


def apply(found: Visit, picture: Picture) -> None:
    """Put a visit's findings into a picture's memory, where its predictors will look for them."""
    if found.summary is not None and picture.has_pixels:
        picture.ladder.remember_summary(found.summary)
    for key, measured in found.measured.items():
        if not measured.error:
            picture.remember(key, lambda value=measured.value: value)  # type: ignore[misc]


@final
class _Visitor:
    """One visit while it is made."""

    def __init__(self, picture: Picture, attempt: Attempt) -> None:
        self.found: dict[str, Measured] = {}
        self._picture, self._attempt = picture, attempt

    def pass_by(self, predictors: Mapping[str, JNDPredictor], *, wanted: bool) -> str:
        """Show every level to those who watch, each decoded once.

        :param wanted: whether the pass is made even if nobody watches.
        :returns: why the ladder broke off; empty where it did not, or nothing passed by.
        """
        if not self._picture.has_pixels:
            return ""
        ms: dict[str, float] = {}
        watches = self._watches(predictors, ms)
        if not (watches or wanted):
            return ""
        try:
            for step in self._picture.ladder.steps():
                for key, watch in list(watches.items()):
                    if not self._well(key, ms, lambda watch=watch, step=step: watch.see(step)):  # type: ignore[misc]
                        _end(watches.pop(key))
            for key, watch in watches.items():
                self._finish(key, predictors[key], watch, ms)
        except Exception as error:  # a damaged level ends the pass for all; whoever does not need it may still measure
            reason = error_text(error)
            self.found |= {key: Measured(None, 0.0, reason) for key in watches if key not in self.found}
            return reason
        finally:
            for watch in watches.values():
                _end(watch)
        return ""

    def measure(self, key: str, predictor: JNDPredictor) -> None:
        """Let one predictor measure by itself."""
        ladder = self._picture.ladder if self._picture.has_pixels else None
        reads = ladder.summary_reads if ladder else 0
        ms: dict[str, float] = {}
        answer: list[Any] = []
        if not self._well(key, ms, lambda: answer.append((predictor.measure(self._picture), self._remark(predictor)))):
            return
        shared = ladder is not None and ladder.summary_reads > reads
        (value, remark), took = answer[0], ms[key] + (self._picture.summary().ms if shared else 0.0)
        self._keep(key, predictor, Measured(value, took, remark=remark))

    def facts(self) -> LadderFacts | None:
        """What is kept of the picture whatever the predictors."""
        try:
            found = LadderFacts(self._picture.summary(), pixel_facts(self._picture.reference))
        except UserError:  # an unreadable reference has its error in every row already
            return None
        kept.save_ladder(self._picture, found)
        return found

    def _watches(self, predictors: Mapping[str, JNDPredictor], ms: dict[str, float]) -> dict[str, Watch]:
        begun: dict[str, Watch | None] = {}
        for key, one in predictors.items():
            self._well(key, ms, lambda key=key, one=one: begun.update({key: one.watch(self._picture)}))  # type: ignore[misc]
        return {key: watch for key, watch in begun.items() if watch is not None}

    def _finish(self, key: str, predictor: JNDPredictor, watch: Watch, ms: dict[str, float]) -> None:
        answer: list[Any] = []
        if self._well(key, ms, lambda: answer.append((watch.measurement(), self._remark(predictor)))):
            value, remark = answer[0]
            self._keep(key, predictor, Measured(value, ms[key] + self._picture.summary().ms, remark=remark))

    def _keep(self, key: str, predictor: JNDPredictor, measured: Measured) -> None:
        try:
            if measures(predictor):
                kept.save_measured(self._picture, predictor, measured)
        except TypeError as error:  # it could not be sent to another process either
            measured = Measured(None, measured.ms, error_text(error))
        self.found[key] = measured

    def _remark(self, predictor: JNDPredictor) -> str:
        return str(predictor.remark(self._picture))

    def _well(self, key: str, ms: dict[str, float], act: Callable[[], object]) -> bool:
        """Do a part of a predictor's work, count its time, and write down its failure."""
        start, spared = time.perf_counter(), spent_before_ms()
        try:
            with self._attempt.at(Part(key)):
                act()
        except ANY_FAILURE as error:  # any method may fail in any way on one picture; the others go on
            self.found[key] = Measured(None, ms.get(key, 0.0), error_text(error))
            return False
        # What a first measurement takes, however much of it was found in the cache.
        ms[key] = ms.get(key, 0.0) + (time.perf_counter() - start) * 1000 + spent_before_ms() - spared
        return True


def _end(watch: Watch) -> None:
    with contextlib.suppress(Exception):  # what it found is known by now, or its failure is
        watch.end()


def _kept_ladder(picture: Picture) -> LadderFacts | None:
    return kept.load_ladder(picture) if picture.has_pixels else None


def _kept_of(picture: Picture, predictors: Sequence[JNDPredictor]) -> dict[str, Measured]:
    found = {}
    for predictor in predictors:
        if not measures(predictor):
            with contextlib.suppress(Exception):  # then it is asked, and its failure written down, on the visit
                found[predictor.measurement_key()] = Measured(None, 0.0, remark=str(predictor.remark(picture)))
        elif picture.has_pixels and (measured := kept.load_measured(picture, predictor)) is not None:
            found[predictor.measurement_key()] = measured
    return found


def error_text(error: BaseException) -> str:
    """What to tell of an error, in a text that files can hold: a user's speaks for itself, others name their kind."""
    try:
        text = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
    except Exception:  # anyone's error may fail to say what it is
        text = type(error).__name__
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= _LONGEST_ERROR else f"{text[:_LONGEST_ERROR]}..."
