"""Protects the shipped folds: their bytes never change, they cover their sets evenly, and they give known numbers."""

import hashlib

import numpy as np
import pytest

from datasets.core.folds import FOLDER, parse_folds, read_folds, shipped_folds
from datasets.core.truths import find_truth
from datasets.sets import open_dataset

NUMBERED = {
    "mcl-jci": ("SRC{:02d}", 1, 50),
    "konjnd-1k-jpeg": ("SRC{:04d}", 1, 504),
    "konjnd-1k-bpg": ("SRC{:04d}", 505, 1008),
}

SHIPPED = {
    ("mcl-jci", "kfold5-v1"): "4a661dd388351fb1306ecd535bb8579364e59a5e7e9a6b92c44409a57e84b527",
    ("mcl-jci", "sur-featnet-10"): "eb4697e5ac657da24bcc5d16f3411af8a7a378223ef3e1ac63e9678be28eeb09",
    ("konjnd-1k-jpeg", "kfold5-v1"): "dd5e136b617679764f410cc388b24e1b0f2f63e9bdc43de47074e0790c3c81c0",
    ("konjnd-1k-bpg", "kfold5-v1"): "c8d3ef0618e2b8bd27da6661fbe301caa374e15a9cf46d28fd7cc58676c807fb",
}


@pytest.mark.parametrize(("dataset", "name"), SHIPPED)
def test_a_shipped_file_is_never_edited(dataset, name):
    folds = read_folds(name, dataset)
    assert folds.sha256 == SHIPPED[dataset, name]
    assert hashlib.sha256(shipped_folds(dataset)[name].read_bytes()).hexdigest() == SHIPPED[dataset, name]


@pytest.mark.parametrize(("dataset", "name"), SHIPPED)
def test_folds_cover_their_set_evenly(dataset, name):
    template, first, last = NUMBERED[dataset]
    folds = read_folds(name, dataset)
    assert set(folds.fold_of) == {template.format(number) for number in range(first, last + 1)}
    assert folds.numbers == list(range(1, 11 if name == "sur-featnet-10" else 6))
    sizes = np.bincount(list(folds.fold_of.values()))[1:]
    assert sizes.max() - sizes.min() <= 1


def test_every_set_has_its_default_folds_documented():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for dataset, name in SHIPPED:
        assert f"`{dataset}.{name}.csv`" in text


def test_the_published_folds_are_the_published_ones(mcl_jci_labels):
    published = parse_folds("published", mcl_jci_labels / "sur_featnet_10_folds.csv")
    assert read_folds("sur-featnet-10", "mcl-jci").fold_of == published.fold_of


@pytest.mark.parametrize(("truth", "mae_qf"), [("mean", 5.58), ("median", 5.04), ("sqf", 7.82)])
def test_the_training_median_has_the_known_error(mcl_jci_labels, truth, mae_qf):
    fold_of = read_folds("sur-featnet-10", "mcl-jci").fold_of
    pictures = open_dataset("mcl-jci", mcl_jci_labels).pictures
    levels = np.array([find_truth(truth).level(picture) for picture in pictures])
    folds = np.array([fold_of[picture.source] for picture in pictures])
    errors = [abs(levels[index] - np.median(levels[folds != fold])) for index, fold in enumerate(folds)]
    assert np.mean(errors) == pytest.approx(mae_qf, abs=0.005)
