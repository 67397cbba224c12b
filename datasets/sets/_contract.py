"""The contract of data sets: what runs, folds and reports rely on, each promise a function.

`python -m datasets.check NAME --root DIR` shows them as a table. A new promise is one function and one line in
`CHECKS`.
"""

from __future__ import annotations

import functools
import pickle
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from datasets.common.contract import ABSENT, FAILED, OK, Outcome, fault_of, require
from datasets.core.dataset import Dataset
from datasets.core.picture import Picture
from datasets.core.truths import find_truth

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
_LOOKED_AT = 3
"""Pictures whose pixels are looked at: ladders of hundreds of pictures take minutes."""
_WRONG_WAY = 0.1
"""Share of the steps at which the error may rise towards better levels: encoders round."""


@final
@dataclass(frozen=True)
class SetTrial:
    """A data set on trial.

    :param open: opens it anew.
    """

    open: Callable[[], Dataset]

    @cached_property
    def dataset(self) -> Dataset:
        """Opened once for all checks."""
        return self.open()

    @property
    def few(self) -> tuple[Picture, ...]:
        """The pictures whose pixels are looked at, from all over the set."""
        pictures = self.dataset.pictures
        places = np.unique(np.linspace(0, len(pictures) - 1, _LOOKED_AT).astype(int))
        return tuple(pictures[place] for place in places)


def card(trial: SetTrial) -> None:
    about = trial.dataset.card
    require(bool(_NAME.fullmatch(about.name)), f"its card's name {about.name!r} is not lower case, digits, - and .")
    for field in ("title", "samples", "terms"):
        require(bool(getattr(about, field).strip()), f"fill in the card's {field}")


def pictures_named(trial: SetTrial) -> None:
    names = [picture.name for picture in trial.dataset.pictures]
    require(bool(names), "it has no pictures")
    twice = [name for name, count in Counter(names).items() if count > 1]
    require(not twice, f"{len(twice)} names stand for several pictures, {twice[:3]}: make each name unique")
    require(names == sorted(names), "sort the pictures by name, so that every machine has them in one order")
    require(all(picture.source for picture in trial.dataset.pictures), "give each picture its source")


def one_codec(trial: SetTrial) -> None:
    codecs = {picture.codec.name for picture in trial.dataset.pictures}
    require(len(codecs) == 1, f"its pictures are of {sorted(codecs)}: make a data set a codec")


def samples_in_range(trial: SetTrial) -> None:
    for picture in trial.dataset.pictures:
        low, high = sorted((picture.codec.lowest, picture.codec.highest))
        samples = np.asarray(picture.samples, dtype=float)
        require(samples.ndim == 1, f"{picture.name}: samples are an array of one dimension, a number a person")
        inside = np.isfinite(samples) & (samples >= low) & (samples <= high)
        require(inside.all(), f"{picture.name}: samples lie outside {picture.codec.unit} {low} to {high}, or are NaN")
        require(picture.pixels_per_degree > 0, f"{picture.name}: pixels_per_degree is not above 0")


def truths(trial: SetTrial) -> None:
    for name in trial.dataset.card.default_truths:
        for picture in trial.dataset.pictures:
            find_truth(name).level(picture)


def folds_cover(trial: SetTrial) -> None:
    dataset = trial.dataset
    folds = dataset.folds(dataset.card.default_folds)
    folds.check_covers(picture.source for picture in dataset.pictures)
    tested = {folds.fold_of[picture.source] for picture in dataset.pictures}
    require(len(tested) > 1, "all pictures are in one fold: nothing would be left to train on")


def same_again(trial: SetTrial) -> None:
    require(
        trial.open().fingerprint() == trial.dataset.fingerprint(),
        "opened again it is another set: take nothing random, and no order of files from the disk",
    )


def travels(trial: SetTrial) -> None:
    picture = trial.few[0]
    again = pickle.loads(pickle.dumps(picture))  # of our own making, as a worker process gets it
    require(again.name == picture.name, "a picture comes out of a pickle with another name")
    if picture.has_pixels:
        require(np.array_equal(again.reference, picture.reference), "a picture's pixels change on the way to a worker")


def pixels_read(trial: SetTrial) -> None:
    for picture in trial.few:
        reference, levels = picture.reference, picture.codec.levels
        require(reference.dtype == np.uint8 and reference.ndim == 3, f"{picture.name}: pixels are uint8, RGB")
        for level in (levels[0], levels[len(levels) // 2], levels[-1]):
            shape = picture.ladder.rgb(int(level)).shape
            require(shape == reference.shape, f"{picture.name}: level {level:g} has {shape}, and the reference not")


def better_is_better(trial: SetTrial) -> None:
    for picture in trial.few:
        errors = picture.summary().mse
        require(
            errors[0] > errors[-1], f"{picture.name}: the worst level is better than the best: turn the levels round"
        )
        rising = (np.diff(errors) > 0).mean()
        require(
            rising <= _WRONG_WAY,
            f"{picture.name}: the error rises at {rising:.0%} of the steps to a better level: are files mixed up?",
        )


@final
@dataclass(frozen=True)
class SetCheck:
    """One promise.

    :param protects: what goes wrong for a user where it is broken.
    :param run: raises AssertionError, with what to do, where it is broken.
    :param of_pixels: whether it looks at pixels, which a root with labels alone has not.
    """

    name: str
    protects: str
    run: Callable[[SetTrial], None]
    of_pixels: bool = False


CHECKS = (
    SetCheck("card", "tables say whose judgements they are, and under which terms", card),
    SetCheck("pictures-named", "rows, pages and folds go by names", pictures_named),
    SetCheck("one-codec", "levels can be compared", one_codec),
    SetCheck("samples-in-range", "a truth is a level of the codec", samples_in_range),
    SetCheck("truths", "a run has something to be measured against", truths),
    SetCheck("folds-cover", "every picture is tested once, by what has not seen its source", folds_cover),
    SetCheck("same-again", "stored runs are reused, and never for other data", same_again),
    SetCheck("travels", "worker processes get the same pictures", travels),
    SetCheck("pixels-read", "every level is a picture of the reference's size", pixels_read, of_pixels=True),
    SetCheck("better-is-better", "a high level is a good one", better_is_better, of_pixels=True),
)


def run_set_contract(open_set: Callable[[], Dataset]) -> Iterator[Outcome]:
    """Run every check, and give each outcome as soon as it is known.

    :param open_set: opens the data set anew at each call.
    :raises UserError: where it cannot be opened.
    """
    trial = SetTrial(open_set)
    has_pixels = trial.dataset.has_pixels
    for check in CHECKS:
        if check.of_pixels and not has_pixels:
            yield Outcome(check, ABSENT, "the root holds labels only")
            continue
        fault = fault_of(functools.partial(check.run, trial))
        yield Outcome(check, FAILED if fault else OK, fault)
