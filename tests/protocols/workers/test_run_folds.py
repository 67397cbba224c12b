"""Out-of-fold means out of fold, and one failure costs one row."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from baselines.constant.constant import Constant
from baselines.constant.fixed import Fixed
from baselines.interface.registry import Registered, registry
from baselines.metric.psnr import Psnr
from baselines.pixel.chou1995 import Chou1995
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import DataError
from datasets.core.ladder import CompressedLadder
from datasets.core.truths import find_truth
from protocols.plan import Job
from protocols.store.store import COLUMNS
from protocols.workers.measure import apply, visit
from protocols.workers.run_folds import fitted_numbers, fold_tasks, predictions_of
from protocols.workers.task import Monitor
from tests.protocols import misbehaving
from tests.protocols.conftest import cross_validate

LIGHT = {
    entry.predictor: name
    for name, entry in registry().items()
    if entry.cost == "light" and not entry.make().refuses(Jpeg())
}.values()
"""A name of each class that costs little."""


def _run(experiment, predictor, parameters=None, truth="mean"):
    entry = Registered(predictor.card.name, predictor, parameters or {})
    job = Job(experiment, find_truth(truth), entry, "cpu")
    visits = {}
    for picture in experiment.pictures:
        visits[picture.name] = visit(picture, [job.make()])
        apply(visits[picture.name], picture)
    return cross_validate(job, visits), visits


def test_constant_is_the_median_of_the_other_folds(make_experiment):
    experiment = make_experiment()
    frame, _ = _run(experiment, Constant)
    assert list(frame.columns) == list(COLUMNS)
    for _, row in frame.iterrows():
        others = [p.samples.mean() for p in experiment.pictures if experiment.folds.fold_of[p.source] != row["fold"]]
        assert row["predicted_level"] == np.median(others)
        assert row["fold"] == experiment.folds.fold_of[row["source"]]


def test_psnr_and_bytes_are_the_ladders(make_experiment):
    experiment = make_experiment()
    frame, _ = _run(experiment, Constant)
    picture, row = experiment.pictures[0], frame.iloc[0]
    below, share = int(np.floor(row["true_level"])), row["true_level"] % 1
    mse = (1 - share) * picture.ladder.mse(below) + share * picture.ladder.mse(below + 1)
    size = (1 - share) * picture.ladder.size_bytes(below) + share * picture.ladder.size_bytes(below + 1)
    assert row["true_psnr_db"] == pytest.approx(10 * np.log10(255**2 / mse))
    assert row["true_bytes"] == pytest.approx(size)
    assert row["best_bytes"] == picture.ladder.size_bytes(100)


def test_visits_are_applied_not_repeated(make_experiment):
    experiment = make_experiment()
    frame, visits = _run(experiment, Psnr)
    assert frame["predicted_level"].between(1, 100).all()
    assert frame["error"].eq("").all()
    for picture in experiment.pictures:
        assert picture.ladder.known_summary is visits[picture.name].summary


def test_time_of_the_shared_pass_is_counted_for_whoever_uses_it(make_experiment):
    experiment = make_experiment()
    for predictor in (Psnr, Chou1995):
        frame, visits = _run(experiment, predictor)
        for name, ms in zip(frame["picture"], frame["ms"], strict=True):
            assert ms >= visits[name].summary.ms
    frame, _ = _run(experiment, Constant)
    assert frame["ms"].max() < 5


def test_test_pictures_come_without_truth_and_training_never_holds_their_source(make_experiment):
    frame, _ = _run(make_experiment(), misbehaving.Misbehaving)  # asserts inside
    assert frame["error"].eq("").all(), frame["error"].tolist()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("measure raises", "ZeroDivisionError: in measure"),
        ("predict raises", "KeyError"),
        ("nan", "nan"),
        ("outside", "QF 101, outside 1..100"),
        ("text", "could not convert"),
        ("none", "TypeError"),
        ("sur falls", "falls"),
        ("sur outside", "not one share"),
        ("sur short", "shape"),
    ],
)
def test_one_bad_picture_is_one_failed_row(make_experiment, how, message):
    frame, _ = _run(make_experiment(), misbehaving.Misbehaving, {"how": how})
    bad = frame[frame["source"] == "coffee"]
    assert bad["predicted_level"].isna().all()
    assert bad["error"].str.contains(message).all(), bad["error"].tolist()
    good = frame[frame["source"] != "coffee"]
    assert good["predicted_level"].eq(50).all()
    assert good["error"].eq("").all()


def test_a_fit_that_raises_fails_its_fold_with_the_reason(make_experiment):
    frame, _ = _run(make_experiment(), misbehaving.Misbehaving, {"how": "fit raises"})
    assert frame["predicted_level"].isna().all()
    assert frame["error"].str.contains("fit failed on 4 training pictures: RuntimeError: no luck").all()


@pytest.mark.parametrize(("work", "failed"), [("the fit of fold 1", 4), ("coffee-20", 1), ("", 8)])
def test_work_that_is_not_tried_fails_alone(make_experiment, work, failed):
    """As where it has ended its process before: a fit fails for its fold's pictures, a prediction for its picture."""
    experiment = make_experiment()
    job = Job(experiment, find_truth("mean"), Registered("fixed", Fixed), "cpu")
    (task,) = fold_tasks(job, {picture.name: visit(picture, [job.make()]) for picture in experiment.pictures})
    result = task.without(task.predictor, work, "it died").run(Monitor())
    table = predictions_of(job, result.rows)
    assert table["error"].str.contains("it died").sum() == table["error"].ne("").sum() == failed
    assert task.without("another under mean", work, "it died") is task


def _without_pixels(picture):
    return dataclasses.replace(picture, ladder_or_none=None)


def _damaged(picture):
    def read():
        raise DataError(f"{picture.name}.png: is cut off")

    return dataclasses.replace(picture, ladder_or_none=CompressedLadder(picture.codec, read))


@pytest.mark.parametrize(
    ("spoilt", "said"), [(_without_pixels, "has labels but no pixels"), (_damaged, ".png: is cut off")]
)
@pytest.mark.parametrize("name", LIGHT)
def test_without_usable_pictures_the_reason_is_in_every_row_and_names_a_picture(make_experiment, name, spoilt, said):
    experiment = make_experiment()
    experiment = dataclasses.replace(experiment, pictures=tuple(map(spoilt, experiment.pictures)))
    entry = registry()[name]
    frame, _ = _run(experiment, entry.predictor, entry.parameters)
    if not entry.predictor.card.needs_pictures:
        assert frame["error"].eq("").all()
        return
    for row in frame.itertuples():
        assert row.picture in row.error and said in row.error


@pytest.mark.parametrize("how", ["measure raises", "predict raises", "fit raises"])
def test_a_librarys_own_words_come_with_what_was_being_done_to_which_picture(make_experiment, how):
    frame, _ = _run(make_experiment(), misbehaving.Misbehaving, {"how": how})
    work = {"measure raises": "measuring {} failed: ", "predict raises": "predicting {} failed: "}
    for row in frame[frame["error"] != ""].itertuples():
        assert row.error.startswith(work.get(how, "fit failed on 4 training pictures: ").format(row.picture))


def test_where_no_training_picture_could_be_measured_that_is_said_and_why(make_experiment):
    experiment = make_experiment()
    pictures = tuple(p if p.source == "coffee" else _damaged(p) for p in experiment.pictures)
    frame, _ = _run(dataclasses.replace(experiment, pictures=pictures), Psnr)
    alone = frame[frame["source"] == "coffee"]
    assert alone["error"].str.contains("no training picture could be measured: .*png: is cut off").all()


def test_numbers_that_a_fit_learned_are_kept_and_given_ones_are_not(make_experiment):
    """A reader of a report checks which threshold a method used where."""
    pictures = make_experiment().pictures
    levels = np.array([picture.samples.mean() for picture in pictures])
    for picture in pictures:
        apply(visit(picture, [Psnr()]), picture)
    fitted = Psnr().fit(pictures, levels, seed=0)
    observer = fitted.observer_
    assert fitted_numbers(fitted) == {"threshold": fitted.threshold_, **vars(observer)}
    assert fitted_numbers(Constant().fit(pictures, levels, seed=0)) == {"level": np.median(levels)}
    assert fitted_numbers(Psnr(threshold=3.0).fit(pictures, levels, seed=0)) == {}
    assert fitted_numbers(Fixed().fit(pictures, levels, seed=0)) == {}


def test_each_folds_numbers_stand_under_its_name(make_experiment):
    experiment = make_experiment()
    job = Job(experiment, find_truth("mean"), Registered("constant", Constant), "cpu")
    (task,) = fold_tasks(job, {picture.name: visit(picture, [job.make()]) for picture in experiment.pictures})
    result = task.run(Monitor())
    by_fold = {row["fold"]: row["predicted_level"] for row in result.rows.values()}
    assert result.fitted == {fold: {"level": level} for fold, level in by_fold.items()}


def test_the_truth_decides_what_is_learned(make_experiment):
    experiment = make_experiment()
    mean, median = _run(experiment, Constant)[0], _run(experiment, Constant, truth="median")[0]
    assert not np.allclose(mean["true_level"], median["true_level"])
    assert median["true_level"].tolist() == [float(np.median(p.samples)) for p in experiment.pictures]
