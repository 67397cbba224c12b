"""The list of checks, run on every registered predictor and on anyone's own.

A check is a small record; a new promise is one function and one line in `CHECKS`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from baselines.interface.contract import behaviour, form
from baselines.interface.contract.trial import Trial
from baselines.interface.registry import Registered
from datasets.codecs.avif import Avif
from datasets.codecs.bpg import Bpg
from datasets.common.contract import ABSENT, EXPECTED, FAILED, OK, Outcome, fault_of
from datasets.common.errors import UserError
from datasets.core.codec import Codec
from datasets.core.picture import Picture

_OTHERS = (Bpg(), Avif())
"""Codecs whose levels fall, and stand in steps of more than one."""
PICTURES = 6
"""How many pictures the checks look at: enough to tell predictors apart, few enough to wait for."""


@dataclass(frozen=True)
class Check:
    """One promise.

    :param name: as tables and `expected_failures` say it.
    :param protects: what goes wrong for a user where the promise is broken.
    :param run: raises AssertionError, with what to do, where it is broken.
    :param on_labels: whether predictors that need no pictures must keep it on labels alone as well.
    :param of_form: whether it looks at the class alone, so that it holds where the predictor cannot run too.
    """

    name: str
    protects: str
    run: Callable[[Trial], None]
    on_labels: bool = False
    of_form: bool = False


CHECKS = (
    Check("final-class", "a method is read in one place, not down a chain of classes", form.final_class, of_form=True),
    Check("card-complete", "every table says what a method is and where it differs", form.card_complete, of_form=True),
    Check("constructor-pure", "listing and copying methods costs nothing", form.constructor_pure, of_form=True),
    Check("parameters-round-trip", "a stored run says exactly what it ran", form.parameters_round_trip, of_form=True),
    Check("says-fit-first", "predicting too early ends in a clear error", form.says_fit_first),
    Check("fit-returns-self", "fitting learns, and leaves the parameters alone", behaviour.fit_returns_self, True),
    Check("level-in-range", "a level can be used to encode with", behaviour.level_in_range, True),
    Check("sur-curve", "a curve is a share of people that rises with quality", behaviour.sur_curve, True),
    Check("blind-to-samples", "nobody predicts from the answers", behaviour.blind_to_samples, True),
    Check("inputs-untouched", "methods that come after see the same data", behaviour.inputs_untouched, True),
    Check("global-random-state", "no method changes another's random numbers", behaviour.global_random_state, True),
    Check("deterministic", "the same seed gives the same table", behaviour.deterministic, True),
    Check("order-independent", "pictures are judged one by one", behaviour.order_independent, True),
    Check("measures-once", "what is measured once holds for every fold", behaviour.measures_once, True),
    Check("copies", "a fitted method travels to a worker", behaviour.copies, True),
    Check("another-process", "workers and later runs agree", behaviour.another_process),
    Check("beats-worst-fixed", "it looks at the right end of the scale", behaviour.beats_worst_fixed, True),
)


def run_contract(entry: Registered, pictures: Sequence[Picture] | None = None) -> Iterator[Outcome]:
    """Run every check, and give each outcome as soon as it is known.

    :param pictures: rated pictures with pixels, of at least two sources; None takes the demo set's.
    :raises UserError: where the predictor expects a check to fail that does not exist.
    """
    trials = trials_of(entry, pictures)
    for check in CHECKS:
        yield run_check(check, trials)


def trials_of(entry: Registered, pictures: Sequence[Picture] | None = None) -> list[Trial]:
    """The predictor on the pictures and, where it needs none, on labels alone and on other codecs' levels.

    Codecs that it refuses are left out. Its `quick` parameters are used, where it has any.
    """
    unknown = sorted(set(entry.predictor.expected_failures) - {check.name for check in CHECKS})
    if unknown:
        raise UserError(
            f"{entry.name} expects {', '.join(unknown)} to fail, which is no check. "
            "'python -m baselines.check --list' shows their names."
        )
    entry = dataclasses.replace(entry, parameters={**entry.parameters, **entry.predictor.quick})
    pictures = demo_pictures() if pictures is None else tuple(pictures)
    trials = [Trial(entry, pictures)]
    if not getattr(entry.predictor.card, "needs_pictures", True):
        bare = tuple(dataclasses.replace(picture, ladder_or_none=None, measurements={}) for picture in pictures)
        trials += [Trial(entry, bare, " (on labels alone)")]
        for codec in _OTHERS:
            rated = tuple(_rated_in(codec, picture) for picture in bare)
            trials += [Trial(entry, rated, f" (on labels alone, {codec.title})")]
    return [trial for trial in trials if not _refuses(trial)] or trials[:1]


def run_check(check: Check, trials: Sequence[Trial]) -> Outcome:
    """One check on every trial that it concerns."""
    if not check.of_form and (why := trials[0].entry.unavailable() or _refuses(trials[0])):
        return Outcome(check, ABSENT, why)
    expected = trials[0].entry.predictor.expected_failures.get(check.name)
    for trial in trials if check.on_labels else trials[:1]:
        if fault := fault_of(functools.partial(check.run, trial)):
            return Outcome(check, EXPECTED, expected) if expected else Outcome(check, FAILED, fault + trial.where)
    if expected is not None:
        return Outcome(check, FAILED, f"passes, but is listed in expected_failures ({expected!r}): take it off")
    return Outcome(check, OK)


@functools.cache
def demo_pictures() -> tuple[Picture, ...]:
    """Pictures of the demo set to run the contract on, one a source, the smallest first."""
    from datasets.sets import open_dataset

    by_source = {picture.source: picture for picture in open_dataset("demo").pictures}
    return tuple(sorted(by_source.values(), key=lambda picture: picture.reference.size)[:PICTURES])


def _rated_in(codec: Codec, picture: Picture) -> Picture:
    stretch = (len(codec.levels) - 1) / (len(picture.codec.levels) - 1)
    samples = np.asarray(codec.level_at(picture.codec.position(picture.samples) * stretch))
    return dataclasses.replace(picture, codec=codec, samples=samples, measurements={})


def _refuses(trial: Trial) -> str:
    return trial.entry.make().refuses(trial.pictures[0].codec)
