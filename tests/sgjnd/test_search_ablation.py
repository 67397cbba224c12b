"""Protects the replay of searches: every level is looked at once, out-of-fold, and then never again."""

import dataclasses
import functools
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from baselines.learned.network.features import Extractor
from baselines.learned.network.training_set import Lesson
from datasets.common.errors import DataError
from datasets.core.dataset import Dataset
from sgjnd import search_ablation
from sgjnd.config import Config
from sgjnd.search_ablation import _file, replayed


@pytest.fixture(scope="module")
def lessons() -> list[Lesson]:
    """What each fold's network was fitted on."""
    return []


@pytest.fixture(scope="module", autouse=True)
def few(rated_dataset, lessons) -> Iterator[Dataset]:
    """Any name stands for six rated pictures of three sources; the network is small."""
    small = {"patch_pixels": 32, "most_patches": 1, "grid_levels": 5, "epochs": 1, "members": 1}
    small |= {"width": 8, "heads": 2, "components": 2}
    opened = dataclasses.replace(rated_dataset, pictures=rated_dataset.pictures[:6])
    fit = search_ablation.fit_frozen

    def noted(looker, lesson, *, seed):
        lessons.append(lesson)
        return fit(looker, lesson, seed=seed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_ablation, "open_dataset", lambda *_: opened)
        patch.setattr(search_ablation, "Config", functools.partial(Config, **small))
        patch.setattr(search_ablation, "fit_frozen", noted)
        yield opened


@pytest.fixture(scope="module")
def made(few, tmp_path_factory) -> tuple[Path, str]:
    """The folder after a first call, and its table."""
    folder = tmp_path_factory.mktemp("made")
    return folder, replayed("few", None, "mean", folder)


@pytest.fixture
def kept(made, tmp_path) -> Path:
    """A copy of the stored probabilities, to be damaged."""
    (path,) = made[0].iterdir()
    return Path(shutil.copy(path, tmp_path))


def test_the_table_has_every_search_and_says_whose_samples(made):
    table = made[1]
    assert table.startswith("criteria on the error, 6 pictures\n")
    searches = [line.split("|")[1].strip().partition("(")[0] for line in table.splitlines() if line.startswith("|")][2:]
    assert set(searches) == {"full", "grid", "scan", "bayes", "window", "bisect"}
    full = next(line for line in table.splitlines() if line.startswith("| full(evidence=100)"))
    assert full.split("|")[2].strip() == "100.0" and full.split("|")[-2].strip() == "0.00", "the others' reference"


def test_a_second_call_replays_without_looking_at_a_picture(made, monkeypatch):
    for name in ("reference", "level"):
        monkeypatch.setattr(Extractor, name, lambda *_: pytest.fail("a picture was looked at"))
    monkeypatch.setattr(search_ablation, "fit_frozen", lambda *_, **__: pytest.fail("a network was trained"))
    assert replayed("few", None, "mean", made[0]) == made[1]


def test_probabilities_of_every_level_are_kept_with_each_folds_own_prior(made, few):
    (path,) = made[0].iterdir()
    stored = load_file(path)
    assert stored["noticed"].shape == (6, 100) and stored["true_positions"].shape == (6,)
    assert (stored["noticed"] >= 0).all() and (stored["noticed"] <= 1).all()
    by_source = {}
    for picture, prior in zip(few.pictures, stored["priors"], strict=True):
        by_source.setdefault(picture.source, set()).add(tuple(prior))
    assert all(len(priors) == 1 for priors in by_source.values()), "crops of one source share a fold"
    assert len(set.union(*by_source.values())) == len(by_source), "three sources lie in three folds"


def test_no_network_was_fitted_on_a_source_that_it_answers_for(made, lessons):
    """Of five folds two have no picture here: their networks know all sources, and are asked nothing."""
    known = sorted(len({picture.source for picture in lesson.pictures}) for lesson in lessons)
    assert known == [2, 2, 2, 3, 3]


@pytest.mark.parametrize("truth", ["median", "sur75"])
def test_another_truth_has_probabilities_of_its_own(few, tmp_path, truth):
    assert _file(tmp_path, few, truth, Config()) != _file(tmp_path, few, "mean", Config())


@pytest.mark.parametrize("damage", ["cut", "words", "lacking", "strange"])
def test_a_damaged_file_is_named(kept, damage):
    tensors = load_file(kept)
    if damage == "cut":
        kept.write_bytes(kept.read_bytes()[:-9])
    elif damage == "words":
        kept.write_text("these are words")
    elif damage == "lacking":
        save_file({"noticed": tensors["noticed"]}, kept)
    else:
        save_file({**tensors, "more": np.zeros(1)}, kept)
    with pytest.raises(DataError, match=rf"{kept.name}: is damaged .* Delete it; it is made again"):
        replayed("few", None, "mean", kept.parent)
