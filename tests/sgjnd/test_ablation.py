"""Protects the comparison of variants: folds and intervals by source, and rows that are computed once and kept."""

import dataclasses
import itertools
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from datasets.common.errors import DataError
from datasets.core.codec import Jpeg
from datasets.core.dataset import Dataset, Manifest
from datasets.core.picture import Picture
from sgjnd import ablation
from sgjnd.ablation import FOLDS, VARIANTS, Task, _training, compare, folds_of, made_with, run
from sgjnd.config import Config

SOURCES = [f"source-{number}" for number in range(12)]


def pictures_of(sources: list[str]) -> list[Picture]:
    """Three crops a source."""
    return [Picture(f"{source}-{crop}", source, Jpeg(), 24.3) for source in sources for crop in range(3)]


@pytest.fixture
def asked(monkeypatch) -> list[Task]:
    """Tasks that are computed from now on: in this process, by a stand-in that gives the fold seed thrice."""
    done: list[Task] = []

    def errors_of(task: Task) -> np.ndarray:
        done.append(task)
        if task.row == "breaks":
            raise RuntimeError("a bug")
        return np.full(3, float(task.fold_seed))

    monkeypatch.setattr(ablation, "errors_of", errors_of)
    monkeypatch.setattr(ablation, "made_with", lambda _: {"data": "d", "sizes": (1, 2)})
    monkeypatch.setattr(ablation, "ProcessPoolExecutor", lambda jobs, *_, **__: ThreadPoolExecutor(jobs))
    return done


def task(row: str, seed: int = 0, root: str | None = None) -> Task:
    return Task("demo", root, "mean", row, seed)


def compared(errors: dict[str, np.ndarray], sources: list[str]) -> dict[str, ablation.Compared]:
    return {one.row: one for one in compare(errors, sources, ("constant", "not here"))}


def test_intervals_hold_the_means_and_rows_are_ordered_by_them():
    draw = np.random.default_rng(3)
    errors = {"constant": draw.gamma(2, 5, 60), "better": draw.gamma(2, 3, 60)}
    sources = [f"s{number // 2}" for number in range(60)]
    rows = compare(errors, sources, ("constant",))
    assert [row.row for row in rows] == ["better", "constant"]
    for row in rows:
        assert row.mae == pytest.approx(errors[row.row].mean())
        assert row.interval[0] < row.mae < row.interval[1]
    mean, low, high = rows[0].differences["constant"]
    assert mean == pytest.approx((errors["better"] - errors["constant"]).mean()) and low < mean < high


def test_a_row_is_not_compared_with_itself_nor_with_rows_that_are_absent():
    rows = compared({"constant": np.ones(4), "other": np.zeros(4)}, list("aabb"))
    assert rows["constant"].differences == {} and set(rows["other"].differences) == {"constant"}


def test_differences_are_paired():
    """Where every picture gains the same, there is nothing uncertain about it, however much pictures differ."""
    hard = np.arange(40.0)
    rows = compared({"constant": hard + 1, "other": hard}, [str(number) for number in range(40)])
    assert rows["other"].differences["constant"] == pytest.approx((-1, -1, -1))
    low, high = rows["other"].interval
    assert high - low > 5


def test_crops_of_one_source_are_drawn_together():
    """Ten crops that fail alike are one observation: the interval must not shrink with them."""
    draw = np.random.default_rng(8).gamma(2, 5, 12)
    alone = compared({"row": draw}, SOURCES)["row"]
    tenfold = compared({"row": np.repeat(draw, 10)}, list(np.repeat(SOURCES, 10)))["row"]
    apart = compared({"row": np.repeat(draw, 10)}, [str(number) for number in range(120)])["row"]
    assert tenfold.interval == pytest.approx(alone.interval)
    assert np.ptp(apart.interval) < 0.5 * np.ptp(alone.interval)


def test_sources_of_many_crops_weigh_as_many_pictures():
    rows = compared({"row": np.array([0.0, 0, 0, 8])}, list("aaab"))
    assert rows["row"].mae == 2 and rows["row"].interval == (0, 8)


def test_no_fold_splits_a_source_and_folds_are_alike_in_size():
    pictures = pictures_of(SOURCES)
    for seed in range(5):
        fold = folds_of(pictures, seed)
        for source in SOURCES:
            assert len({number for number, p in zip(fold, pictures, strict=True) if p.source == source}) == 1
        sizes = np.bincount(fold, minlength=FOLDS)
        assert sizes.max() - sizes.min() <= 3, "one source of three crops"


def test_folds_depend_on_the_seed_and_on_nothing_else():
    pictures = pictures_of(SOURCES)
    first = folds_of(pictures, 0)
    assert (first == folds_of(pictures, 0)).all() and (first != folds_of(pictures, 1)).any()
    assert (first[::-1] == folds_of(pictures[::-1], 0)).all()


@pytest.mark.parametrize(("row", "sources"), [("sgjnd-lite", 9), ("constant", 9), ("half", 4), ("quarter", 2)])
def test_a_share_of_the_training_pictures_is_one_of_their_sources(row, sources):
    pictures = pictures_of(SOURCES)
    allowed = np.array([picture.source not in SOURCES[:3] for picture in pictures])
    kept = [pictures[index] for index in _training(task(row), pictures, allowed)]
    assert len({picture.source for picture in kept}) == sources
    assert len(kept) == 3 * sources and not {picture.source for picture in kept} & set(SOURCES[:3])


def test_a_share_differs_by_seed_and_leaves_two_sources_at_least():
    pictures, everything = pictures_of(SOURCES[:3]), np.ones(9, bool)
    kept = {tuple(_training(task("quarter", seed), pictures, everything)) for seed in range(8)}
    assert len(kept) > 1 and all(len(numbers) == 6 for numbers in kept)


@pytest.mark.parametrize("row", VARIANTS)
def test_every_variant_is_a_valid_predictor_that_differs_from_the_registered_one(row):
    variant = VARIANTS[row]
    assert variant.name == row and variant.meaning
    config = variant.make().config()
    assert (config == Config()) == (row == "sgjnd-lite" or variant.share < 1)


def test_a_stored_row_is_read_and_not_computed(asked, tmp_path):
    tasks = [task("one"), task("one", 1), task("two")]
    first = list(run(tasks, tmp_path, jobs=1))
    assert asked == tasks
    again = list(run([*tasks, task("two", 1)], tmp_path, jobs=1))
    assert asked == [*tasks, task("two", 1)]
    for (one, errors), (other, stored) in zip(first, again, strict=False):
        assert one == other and (errors == stored).all()


def test_what_was_done_before_a_crash_is_kept(asked, tmp_path):
    with pytest.raises(RuntimeError, match="a bug"):
        list(run([task("one"), task("breaks"), task("two")], tmp_path, jobs=1))
    asked.clear()
    assert [one.row for one, _ in run([task("one"), task("three")], tmp_path, jobs=1)] == ["one", "three"]
    assert [one.row for one in asked] == ["three"]


def test_a_row_is_kept_when_it_is_done_not_when_its_turn_comes(asked, tmp_path, monkeypatch):
    """A quick row behind one of hours must not be lost with it."""
    quick = tmp_path / "demo-mean" / "quick-0.json"
    whole = ablation.errors_of

    def errors_of(one: Task) -> np.ndarray:
        if one.row == "slow":
            deadline = time.monotonic() + 10
            while not quick.is_file() and time.monotonic() < deadline:
                time.sleep(0.01)
            raise KeyboardInterrupt
        return whole(one)

    monkeypatch.setattr(ablation, "errors_of", errors_of)
    with pytest.raises(KeyboardInterrupt):
        list(run([task("slow"), task("quick")], tmp_path, jobs=2))
    assert json.loads(quick.read_text())["absolute_error"] == [0, 0, 0]


def test_rows_of_another_truth_or_seed_are_others(asked, tmp_path):
    one = task("one")
    tasks = [one, dataclasses.replace(one, truth="median"), dataclasses.replace(one, fold_seed=1)]
    list(run(tasks, tmp_path, jobs=1))
    assert asked == tasks


def test_a_row_made_with_other_data_or_settings_is_made_again(asked, tmp_path, monkeypatch):
    list(run([task("one")], tmp_path, jobs=1))
    monkeypatch.setattr(ablation, "made_with", lambda _: {"data": "d", "sizes": (1, 3)})
    for _ in range(2):
        assert len(list(run([task("one")], tmp_path, jobs=1))) == 1
    assert len(asked) == 2, "and is then up to date"


def test_what_a_row_is_made_with_is_data_settings_and_share(rated_dataset, monkeypatch):
    def opened(name: str, root: str | None) -> Dataset:
        manifest = Manifest({"made": "elsewhere"}) if root == "other" else rated_dataset.manifest
        return dataclasses.replace(rated_dataset, manifest=manifest)

    monkeypatch.setattr(ablation, "open_dataset", opened)
    found = {row: made_with(task(row)) for row in ("sgjnd-lite", "half", "no-attention", "constant", "fixed-75")}
    assert all(one != other for one, other in itertools.combinations(found.values(), 2))
    assert made_with(task("half", root="moved")) == found["half"] != made_with(task("half", root="other"))


@pytest.mark.parametrize(
    "damage",
    [lambda text: text[:20], lambda text: "[]", lambda text: text.replace("0.0", '"x"'), lambda text: "{}"],
)
def test_a_damaged_row_is_named(asked, tmp_path, damage: Callable[[str], str]):
    list(run([task("one")], tmp_path, jobs=1))
    path = tmp_path / "demo-mean" / "one-0.json"
    path.write_text(damage(path.read_text()))
    with pytest.raises(DataError, match=r"one-0.json: is damaged .* Delete it"):
        list(run([task("one")], tmp_path, jobs=1))
