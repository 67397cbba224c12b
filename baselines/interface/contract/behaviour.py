"""Checks of what a predictor does with pictures."""

from __future__ import annotations

import copy
import dataclasses
import functools
import pickle
import sys
from collections.abc import Callable, Sequence

import numpy as np

from baselines.interface.contract.trial import (
    SAME,
    SEED,
    Answers,
    Trial,
    answers,
    fit,
    forgotten,
    levels_of,
    require_same,
    restored_random_states,
    seed_globally,
)
from baselines.interface.measurements import checked
from baselines.interface.predictor import JNDPredictor, Prediction
from datasets.common.contract import require
from datasets.common.process_pool import ProcessDiedError, ProcessPool
from datasets.common.threads import one_blas_thread
from datasets.core.picture import Picture

_FALLS = 1e-9
"""How far a SUR curve may fall between two levels: rounding."""


def fit_returns_self(trial: Trial) -> None:
    """`fit` returns the predictor, keeps its parameters, and marks what it learns by a trailing underscore."""
    made, before = trial.made, trial.entry.make().get_params()
    require(trial.fitted is made, "end fit with: return self")
    require(made.get_params() == before, "fit changes a parameter: store what it learns under a name ending in '_'")
    odd = sorted(name for name in set(vars(made)) - set(before) if not name.endswith("_"))
    require(not odd, f"fit stores {', '.join(odd)}: let names of what it learns end in '_'")


def level_in_range(trial: Trial) -> None:
    """`predict` gives a finite level between the codec's lowest and highest, and says whether it was cut off."""
    codec = trial.pictures[0].codec
    for picture in trial.pictures:
        answer = trial.fitted.predict(picture.without_samples())
        require(
            isinstance(answer, float | Prediction),
            f"predict gives a {type(answer).__name__}: return a Prediction, or float(level)",
        )
        prediction = Prediction.of(answer)
        level = prediction.level
        require(isinstance(level, float), f"predict gives a {type(level).__name__} as level: give float(level)")
        require(
            codec.lowest <= level <= codec.highest,
            f"predict gives {level:g} on {picture.name}, outside {codec.unit} {codec.lowest}..{codec.highest}: clip it "
            "to picture.codec.lowest and .highest",
        )
        clipped = prediction.clipped
        require(isinstance(clipped, bool), f"predict gives a {type(clipped).__name__} as clipped: give a bool")
        remark = trial.fitted.remark(picture.without_samples())
        require(isinstance(remark, str), f"remark gives a {type(remark).__name__}: return a sentence or ''")


def sur_curve(trial: Trial) -> None:
    """A share of people for every level, rising from worst to best in [0, 1]; or None for all pictures."""
    curves = [prediction.sur for prediction in trial.answers if prediction.sur is not None]
    require(len(curves) in (0, len(trial.answers)), "predict gives a SUR curve for some pictures only: all, or None")
    shape = trial.pictures[0].codec.levels.shape
    for curve in curves:
        require(isinstance(curve, np.ndarray) and curve.shape == shape, f"the SUR curve must be an array of {shape}")
        require(bool(np.isfinite(curve).all()), "the SUR curve has values that are not finite")
        require(bool((curve >= 0).all() and (curve <= 1).all()), "the SUR curve leaves [0, 1]: give shares of people")
        require(
            bool((np.diff(curve) >= -_FALLS).all()),
            "the SUR curve falls: order it from picture.codec.levels[0], the worst, to the best, and let it rise",
        )


def blind_to_samples(trial: Trial) -> None:
    """The answer is the same whether or not the picture still carries its samples."""
    for picture, answer in zip(trial.pictures, trial.answers, strict=True):
        informed = Prediction.of(trial.fitted.predict(picture))
        require_same(
            [informed], [answer], "predict looks at the picture's samples, which are the answer: use pixels only"
        )


def inputs_untouched(trial: Trial) -> None:
    """Fitting and predicting leave pictures, samples, levels and measured ladders as they were."""
    pictures = [dataclasses.replace(picture, samples=picture.samples.copy()) for picture in forgotten(trial.few)]
    levels = levels_of(trial.few)
    before = _contents(pictures)
    predictor = trial.entry.make().fit(pictures, levels, seed=SEED)
    answers(predictor, pictures)
    require(np.array_equal(levels, levels_of(trial.few)), "fit changes the array of levels: work on levels.copy()")
    names = [picture.name for picture in pictures]
    require(
        names == [picture.name for picture in trial.few], "fit changes the list of pictures: work on list(pictures)"
    )
    for picture, was, now in zip(pictures, before, _contents(pictures), strict=True):
        changed = [name for name in was if was[name] != now[name]]
        require(not changed, f"changes the {' and '.join(changed)} of {picture.name}: work on a copy")


def global_random_state(trial: Trial) -> None:
    """Python's, numpy's and (where loaded) torch's global generators stand where they stood."""
    with restored_random_states() as states:
        before = states()
        predictor = fit(trial.entry, trial.pictures)
        answers(predictor, [*trial.pictures, *forgotten(trial.few[:1])])
        moved = [name for name, state in states().items() if name in before and state != before[name]]
    require(not moved, f"moves the global random state of {', '.join(moved)}: use np.random.default_rng(seed)")


def deterministic(trial: Trial) -> None:
    """A second fit with the same seed, measured again, under another global random state, answers the same."""
    with restored_random_states(), one_blas_thread():
        seed_globally(SEED + 1)
        pictures = forgotten(trial.few)
        again = answers(fit(trial.entry, pictures), pictures)
    require_same(trial.answers_on_few, again, "draw random numbers only from np.random.default_rng(seed)")


def order_independent(trial: Trial) -> None:
    """Asked in another order, or about one picture alone, it answers the same."""
    backwards = answers(trial.fitted, trial.pictures[::-1])[::-1]
    require_same(trial.answers, backwards, "predict depends on the pictures before it: keep nothing between calls")
    alone = answers(copy.deepcopy(trial.fitted), forgotten(trial.pictures[-1:]))
    require_same(trial.answers[-1:], alone, "a picture alone is answered differently: keep nothing between calls")


def measures_once(trial: Trial) -> None:
    """`measure` gives arrays by name, and depends on the picture and the parameters only."""
    rated = trial.pictures[0]
    try:
        before = checked(trial.entry.make().measure(rated.without_samples()))
    except TypeError as error:
        raise AssertionError(str(error)) from None
    try:
        np.testing.assert_equal({**trial.fitted.measure(rated), "ms": 0}, {**before, "ms": 0})
    except AssertionError:
        raise AssertionError(
            "measure gives something else after fit or with samples: it is called once for all folds, so let it "
            "depend on pixels and parameters only, and learn in fit"
        ) from None


def copies(trial: Trial) -> None:
    """A deep copy and a pickled copy of the fitted predictor answer the same."""
    fitted = trial.fitted
    ways: dict[str, Callable[[JNDPredictor], JNDPredictor]] = {
        "copy.deepcopy": copy.deepcopy,
        "pickling": lambda predictor: pickle.loads(pickle.dumps(predictor)),
    }
    for how, copied in ways.items():
        try:
            twin = copied(fitted)
        except Exception as error:
            raise AssertionError(
                f"{how} fails ({type(error).__name__}: {error}): keep no open files, locks, lambdas or local classes"
            ) from None
        require_same(trial.answers, answers(twin, trial.pictures), f"after {how} what fit learned is incomplete")


def another_process(trial: Trial) -> None:
    """Fitted and asked in another Python process, it answers the same."""
    parcel = pickle.dumps((trial.entry, trial.few))
    try:
        _other_process().submit(_answers_of_parcel, parcel, list(sys.path))
        elsewhere = _other_process().next_done().result()
    except ProcessDiedError:
        raise AssertionError("another Python process dies of it: run it there by itself to see how") from None
    require_same(
        trial.answers_on_few,
        elsewhere,
        "another process answers differently: depend on no hash(), set order, process id, clock or module-level state",
    )


def beats_worst_fixed(trial: Trial) -> None:
    """Out of fold (two folds by source), its MAE is below that of the worst single level for all pictures."""
    sources = sorted({picture.source for picture in trial.pictures})
    halves = [tuple(p for p in trial.pictures if p.source in half) for half in (sources[::2], sources[1::2])]
    require(all(halves), "the contract needs rated pictures of at least two sources")
    errors: list[float] = []
    for train, test in (halves, halves[::-1]):
        levels = [prediction.level for prediction in answers(fit(trial.entry, train), test)]
        errors += np.abs(np.array(levels) - levels_of(test)).tolist()
    mae = float(np.mean(errors))
    codec = trial.pictures[0].codec
    worst = max(float(np.mean(np.abs(trial.levels - level))) for level in codec.levels)
    require(
        mae < worst - SAME,
        f"its MAE is {mae:.1f} {codec.unit}, no better than the worst fixed level's {worst:.1f}: is a better level "
        "taken for a worse one? picture.codec.levels runs from worst to best",
    )


@functools.cache
def _other_process() -> ProcessPool:
    """One process for all predictors that are checked: starting one takes longer than most checks."""
    return ProcessPool(1)


def _answers_of_parcel(parcel: bytes, path: list[str]) -> Answers:
    sys.path[:] = path  # before unpacking: the class may live where only the first process looked
    entry, pictures = pickle.loads(parcel)
    return answers(fit(entry, pictures), pictures)


def _contents(pictures: Sequence[Picture]) -> list[dict[str, object]]:
    contents: list[dict[str, object]] = []
    for picture in pictures:
        held: dict[str, object] = {"samples": picture.samples.tobytes(), "tabulated truths": dict(picture.tabulated)}
        if picture.has_pixels:
            summary = picture.summary()
            held["pixels"] = (picture.reference.tobytes(), picture.reference_luma.tobytes())
            held["ladder's summary"] = (summary.mse.tobytes(), summary.size_bytes.tobytes())
        contents.append(held)
    return contents
